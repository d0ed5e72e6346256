import type { FastifyInstance, FastifyRequest } from 'fastify'
import { readBody } from '../document/body-reading.ts'
import { findMediaType, type MediaType, type RequestBody } from '../document/media-types.ts'
import type { Operation } from '../document/operations.ts'
import {
  createCookieReader,
  createHeaderReader,
  createPathReader,
  type TextReader,
} from '../document/parameter-reading.ts'
import type { Parameter } from '../document/parameters.ts'
import { createPathPattern, listVariables, matchVariables } from '../document/path-template.ts'
import { createQueryReader } from '../document/query-reading.ts'
import { isCredential } from '../document/validation.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import { parseBodies } from '../http/request-check.ts'
import type { BoundInput } from '../upstream/pipeline.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether the operation of this route has a body. */
    takesBody?: boolean
  }
  interface FastifyRequest {
    /** The body's bytes as they came; absent when there is none. */
    rawBody: Buffer | undefined
    /** What the body is written in. */
    bodyType: MediaType | undefined
  }
}

/**
 * Reads bodies twice: once as the bytes that go upstream, once as the value that is validated, by the media type that
 * the client chose. An empty body is none, since many clients send a content type without one. Throws
 * `unsupported_media_type` on a type that the operation does not take.
 */
export function registerBodyParser(app: FastifyInstance, operations: ReadonlyMap<string, Operation>): void {
  app.decorateRequest('rawBody', undefined)
  app.decorateRequest('bodyType', undefined)
  const parse = (bytes: Buffer, request: FastifyRequest) => {
    if (bytes.length === 0) return undefined
    const { body } = operations.get(request.route.config.operationId ?? '') ?? {}
    const contentType = request.headers['content-type'] ?? ''
    const mediaType = body && findMediaType(body.content, contentType)
    if (!mediaType) throw refuseType(body)
    request.rawBody = bytes
    request.bodyType = mediaType
    const value = readBody(mediaType, bytes, contentType)
    return value instanceof Promise ? value.catch(refuseForm) : value
  }
  // Of the two, Fastify takes the one without a search.
  parseBodies(app, parse, ['application/json', '*'])
}

function refuseType(body: RequestBody | undefined): GatewayError {
  const types = body?.content.map(({ type }) => type).join(' or ')
  const detail = types === undefined ? undefined : `Send the body as ${types} without a content encoding.`
  return new GatewayError('unsupported_media_type', { detail })
}

function refuseForm(cause: unknown): never {
  const violation = { location: 'body', rule: 'body', message: 'must be a whole multipart form' }
  throw new GatewayError('invalid_argument', {
    detail: 'body must be a whole multipart form',
    violations: [violation],
    cause,
  })
}

/**
 * Refuses a body on an operation that takes none, unread and whatever its type: it could only get lost. Throws
 * `invalid_argument`.
 */
export function refuseUnwantedBody({ headers, route }: FastifyRequest): void {
  const announced = headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0'
  if (route.config.takesBody !== false || !announced) return
  const violation = { location: 'body', rule: 'body', message: 'is not taken by this operation' }
  throw new GatewayError('invalid_argument', {
    detail: 'body is not taken by this operation',
    violations: [violation],
  })
}

/** Reads a request of one operation; undefined where its path has not the form of the operation's. */
export type RequestReader = (request: FastifyRequest) => BoundInput | undefined

type Values = Record<string, unknown>

/** Reads of the values of one place by their parameters. */
interface PlaceReader {
  readonly parameter: Parameter
  readonly read: TextReader
}

/**
 * Prepares the reading of path, query, headers, cookies and body into typed values; unknown query keys stay in, to be
 * refused.
 */
export function createRequestReader(operation: Operation): RequestReader {
  const { restPath, parameters } = operation
  const pattern = createPathPattern(restPath)
  const variables = assignVariables(operation)
  const lost = parameters.filter((one) => one.in === 'path' && !variables.includes(one))
  const readQuery = createQueryReader([...parameters, ...lost.map(moveToQuery)])
  const pathReaders = variables.map((one) => one && { parameter: one, read: createPathReader(one) })
  const headerReaders = prepare(parameters, 'header', createHeaderReader)
  const cookieReaders = prepare(parameters, 'cookie', createCookieReader)
  return (request) => {
    const { headers } = request
    // A target in absolute form names the host once more (RFC 9112 §3.2.2).
    const url = request.url.startsWith('/') ? request.url : request.url.replace(/^https?:\/\/[^/?#]*/i, '')
    const mark = url.indexOf('?')
    const [found, ...texts] = pattern.exec(mark < 0 ? url : url.slice(0, mark)) ?? []
    if (found === undefined) return undefined
    const path: Values = {}
    texts.forEach((text, index) => {
      const reader = pathReaders[index]
      if (reader) path[reader.parameter.name] = reader.read(text)
    })
    const { values, violations } = mark < 0 ? noQuery : readQuery(url.slice(mark + 1))
    const query: Values = lost.length > 0 ? { ...values } : values
    for (const { name } of lost) {
      if (query[name] !== undefined) path[name] = query[name]
      delete query[name]
    }
    const places = {
      path,
      query,
      header: readHeaders(headerReaders, headers),
      ...(cookieReaders.length > 0 && { cookie: readCookies(cookieReaders, headers.cookie) }),
    }
    const { bodyType: mediaType, body } = request
    if (!mediaType) return { input: places, violations }
    const contentType = mediaType.type === 'application/json' ? undefined : headers['content-type']
    return { input: { ...places, body, mediaType, contentType }, violations }
  }
}

const noQuery = { values: {}, violations: [] }

/** The parameter of each variable of the exposed path. */
function assignVariables({ restPath, parameters }: Operation): (Parameter | undefined)[] {
  const own = parameters.filter((one) => one.in === 'path')
  const { names } = matchVariables(
    restPath,
    own.map(({ name }) => name),
  )
  return listVariables(restPath).map((variable) => own.find(({ name }) => name === names.get(variable)))
}

/** A variable that the exposed path lost is given in the query. */
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
 * Only the operation's own headers. An empty one counts as absent, but for a credential: a client that sends an empty
 * secret meant to send one, and must not act with a configured key instead.
 */
function readHeaders(readers: readonly PlaceReader[], headers: FastifyRequest['headers']): Values {
  const values: Values = {}
  for (const { parameter, read } of readers) {
    const text = headers[parameter.name.toLowerCase()]
    if (text === undefined || (text === '' && !isCredential(parameter))) continue
    values[parameter.name] = read(String(text))
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
