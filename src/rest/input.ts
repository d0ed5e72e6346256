import type { FastifyRequest } from 'fastify'
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
import type { BoundInput } from '../upstream/pipeline.ts'

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
  const own = new Set(parameters.flatMap((one) => (one.in === 'query' ? [one.name] : [])))
  const readQuery = createQueryReader([
    ...parameters,
    ...lost.filter(({ name }) => !own.has(name)).map(moveToQuery),
  ])
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
      // A query parameter of the same name has the value, too.
      if (!own.has(name)) delete query[name]
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
