import type { FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import type { TextReader } from '../document/content-reading.ts'
import { beyondAscii, dropHops, joinLines, noHops, readHeader } from '../document/header-text.ts'
import { readOwn } from '../document/json.ts'
import type { Operation } from '../document/operations.ts'
import { createCookieReader, createHeaderReader, createPathReader } from '../document/parameter-reading.ts'
import { findPosition, listTexts, type Parameter } from '../document/parameters.ts'
import { createPathPattern, listPathVariables, matchVariables } from '../document/path-template.ts'
import { createQueryReader } from '../document/query-reading.ts'
import type { CheckedOperation } from '../document/validation.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import { holdSlot } from '../http/admission.ts'
import { createRepeatFinder } from '../http/request-check.ts'
import { HttpConnection } from '../upstream/call.ts'
import { findDefaults } from '../upstream/credentials.ts'
import { type BoundInput, createPipeline, type PipelineOptions } from '../upstream/pipeline.ts'
import { forward } from '../upstream/proxy.ts'
import { createCallWriter } from '../upstream/request.ts'
import { dropUnread, refuseBody } from './body.ts'
import { writeRoute } from './routes.ts'

/**
 * Creates the route of an operation: its handler reads the request, takes the call through the pipeline and forwards it.
 */
export function createOperationRoute(operation: CheckedOperation, options: PipelineOptions): RouteOptions {
  const { method, restPath, body } = operation
  const pipeline = createPipeline(operation, options)
  const prepare = () => ({
    readRequest: createRequestReader(operation, findDefaults(operation, options.configured)),
    writeCall: createCallWriter(operation, options.configured),
  })
  let prepared: ReturnType<typeof prepare> | undefined
  return {
    method,
    url: writeRoute(restPath),
    config: { operation },
    // Runs after the hooks of the listener, before the body is read.
    onRequest: (request, reply, done) => {
      pipeline.authorize(request.grant)
      if (!body) return refuseBody(request.raw, done)
      reply.raw.once('close', () => dropUnread(request))
      done()
    },
    // Returns nothing: given a promise or the reply, Fastify would watch the stream of the response.
    handler: (request: FastifyRequest, reply: FastifyReply): void => {
      // Prepared for the first request: most of a large document nobody ever asks for.
      prepared ??= prepare()
      const { readRequest, writeCall } = prepared
      const { grant, trace, rawBody } = request
      const call = pipeline.run({
        grant,
        report: 'first',
        bind: () => readRequest(request),
        limit: request.countCall,
        async send(checked) {
          const connection = new HttpConnection(reply.raw, () => holdSlot(request))
          forward(reply, writeCall({ ...checked, connection, traceparent: trace?.traceparent }), rawBody)
        },
      })
      call.catch((error: unknown) => reply.send(error))
    },
  }
}

/** Reads a request of one operation. Throws `route_not_found` where its path has not the form of the operation's. */
type RequestReader = (request: FastifyRequest) => BoundInput

type Values = Record<string, unknown>

/** A parameter, and what reads its text. */
interface PlaceReader {
  readonly parameter: Parameter
  readonly read: TextReader
}

/**
 * Prepares the reading of path, query, headers, cookies and body into typed values; unknown query keys stay in, to be
 * refused. What is left out comes from the defaults.
 */
function createRequestReader(operation: Operation, defaults: ReadonlyMap<Parameter, unknown>): RequestReader {
  const { restPath, parameters } = operation
  const variables = assignVariables(operation)
  const names = listPathVariables(restPath)
  const pattern = createPathPattern(restPath, (name) => listTexts(variables[names.indexOf(name)]))
  // Of a text that is none of those allowed the validator says more than that there is no such path.
  const anyPattern = createPathPattern(restPath)
  const lost = parameters.filter((one) => one.in === 'path' && !variables.includes(one))
  const own = new Set(parameters.flatMap((one) => (one.in === 'query' ? [one.name] : [])))
  const readQuery = createQueryReader([
    ...parameters,
    ...lost.filter(({ name }) => !own.has(name)).map(moveToQuery),
  ])
  const pathReaders = variables.map((one) => one && { parameter: one, read: createPathReader(one) })
  const headerReaders = prepare(parameters, 'header', createHeaderReader)
  const findRepeated = createRepeatFinder(headerReaders.map(({ parameter }) => parameter.name))
  const cookieReaders = prepare(parameters, 'cookie', createCookieReader)
  return (request) => {
    const { headers } = request
    // A target in absolute form names the host once more (RFC 9112 §3.2.2).
    const url = request.url.startsWith('/') ? request.url : request.url.replace(/^https?:\/\/[^/?#]*/i, '')
    const mark = url.indexOf('?')
    const target = mark < 0 ? url : url.slice(0, mark)
    const [found, ...texts] = pattern.exec(target) ?? anyPattern.exec(target) ?? []
    // The router takes a trailing slash for an empty last variable; no described path has one.
    if (found === undefined) throw new GatewayError('route_not_found')
    const path: Values = {}
    texts.forEach((text, index) => {
      const reader = pathReaders[index]
      if (reader) path[reader.parameter.name] = reader.read(text)
    })
    const { values, violations } = mark < 0 ? noQuery : readQuery(url.slice(mark + 1))
    const query: Values = lost.length + defaults.size > 0 ? { ...values } : values
    for (const { name } of lost) {
      const value = readOwn(query, name)
      if (value !== undefined) path[name] = value
      // A query parameter of the same name has the value, too.
      if (!own.has(name)) delete query[name]
    }
    const { rawHeaders } = request.raw
    const fields = noHops.test(headers.connection ?? '') ? headers : dropHops(headers, rawHeaders)
    const repeats = findRepeated(rawHeaders) === undefined ? undefined : rawHeaders
    const places = {
      path,
      query,
      header: readHeaders(headerReaders, fields, repeats),
      ...(cookieReaders.length > 0 && { cookie: readCookies(cookieReaders, fields.cookie) }),
    }
    for (const [parameter, value] of defaults) {
      const place: Values = places[findPosition(parameter)] ?? {}
      place[parameter.name] = readOwn(place, parameter.name) ?? value
    }
    const { bodyType: mediaType, body } = request
    if (!mediaType) return { input: places, violations }
    const type = headers['content-type']
    const isBare = mediaType.name === 'application/json' && bareType.test(type ?? '')
    const contentType = isBare ? undefined : type
    return { input: { ...places, body, mediaType, contentType }, violations }
  }
}

/** A type without parameters but the charset, which JSON does not have (RFC 8259 §11): equal calls then have equal types. */
const bareType = /^[^;]*(?:;\s*(?:charset=[^;]*)?)*$/i

const noQuery = { values: {}, violations: [] }

/** Finds the parameter of each variable of the exposed path. */
function assignVariables({ restPath, parameters }: Operation): (Parameter | undefined)[] {
  const own = parameters.filter((one) => one.in === 'path')
  const { names } = matchVariables(
    restPath,
    own.map(({ name }) => name),
  )
  return listPathVariables(restPath).map((variable) => own.find(({ name }) => name === names.get(variable)))
}

/** Moves a variable that the exposed path lost to the query. */
function moveToQuery(parameter: Parameter): Parameter {
  return { ...parameter, in: 'query', style: 'form', explode: false }
}

function prepare(
  parameters: readonly Parameter[],
  place: Parameter['in'],
  create: (parameter: Parameter) => TextReader,
): PlaceReader[] {
  return parameters
    .filter((one) => one.in === place)
    .map((parameter) => ({ parameter, read: create(parameter) }))
}

/**
 * Reads only the operation's own headers. An empty one is a value: a client that sends an empty secret or idempotency
 * key meant to send one, and must not act with a configured key, or without the protection that it asked for.
 */
function readHeaders(
  readers: readonly PlaceReader[],
  headers: FastifyRequest['headers'],
  repeats: readonly string[] | undefined,
): Values {
  const values: Values = {}
  for (const { parameter, read } of readers) {
    const text = readOwn(headers, parameter.name.toLowerCase())
    if (text === undefined) continue
    const written = repeats ? joinLines(parameter, String(text), repeats) : String(text)
    values[parameter.name] = read(beyondAscii.test(written) ? readHeader(parameter, written) : written)
  }
  return values
}

function readCookies(readers: readonly PlaceReader[], header: string | undefined): Values {
  const values: Values = {}
  for (const { parameter, read } of readers) {
    const value = header === undefined ? undefined : read(header)
    if (value !== undefined) values[parameter.name] = value
  }
  return values
}
