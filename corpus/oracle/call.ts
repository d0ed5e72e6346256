import type { OracleBody, OracleOperation, OracleParameter, OracleScheme } from './operations.ts'
import type { Random } from './random.ts'
import { asPart } from './schema.ts'
import {
  type ExpectedPair,
  joinPairs,
  normalizePath,
  spellCookie,
  spellHeader,
  spellPairs,
  spellPath,
  toText,
} from './spelling.ts'
import { findValue, impossible } from './values.ts'

/** A file of a multipart form, its bytes in Base64. */
export interface OracleFile {
  readonly data: string
  readonly filename: string
  readonly contentType: string
}

/** The body of a call, as a value and as bytes. */
export interface CallBody {
  readonly type: string
  readonly value: unknown
  readonly contentType: string
  readonly bytes: Buffer
  /** What a form comes to. */
  readonly pairs?: readonly ExpectedPair[]
}

/** What is to arrive at the API. */
export interface ExpectedRequest {
  readonly method: string
  readonly path: string
  readonly query: readonly ExpectedPair[]
  readonly headers: Readonly<Record<string, string>>
  readonly cookies: readonly string[]
  readonly body: CallBody | undefined
}

/** A value with its parameter. */
export interface Assigned {
  readonly parameter: OracleParameter
  readonly value: unknown
}

/** A valid call of an operation. */
export interface OracleCall {
  readonly operation: OracleOperation
  readonly values: readonly Assigned[]
  /** The texts of the path's variables, in their order. */
  readonly pathTexts: readonly string[]
  readonly body: CallBody | undefined
  readonly credentials: readonly Credential[]
  readonly expected: ExpectedRequest
}

/** A credential in its place. */
export interface Credential {
  readonly scheme: OracleScheme
  /** As it is sent, its prefix included. */
  readonly text: string
}

const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'
const alphabets = {
  path: `${letters} -_.~/%&=+@:ü`,
  query: `${letters} -_.~/%&=+@:?#ü€`,
  header: `${letters}-_.`,
  cookie: letters,
  body: `${letters} "\\/<>&=+\n😀ü`,
}

/** A call that cannot be made: the document gives no valid one. */
export class NoCall extends Error {
  override readonly name = 'NoCall'
}

/**
 * Returns the credential that stands for a scheme: what an operator configures, without its prefix. Schemes that fill
 * one place have one, since a request holds no two there.
 */
export function toSecret({ in: place, key, prefix }: OracleScheme): string {
  const word = `secret-${[...`${place} ${key.toLowerCase()}`]
    .map((one) => one.codePointAt(0)?.toString(16))
    .join('')
    .slice(0, 40)}`
  return prefix === 'Basic ' ? `user:${word}` : word
}

/** Makes a valid call of an operation. Throws a `NoCall`. */
export function makeCall(operation: OracleOperation, random: Random): OracleCall {
  const { path, query: pathQuery } = splitPath(operation.path)
  const values = operation.parameters.flatMap((parameter) => assign(operation, parameter, random))
  const find = (name: string) =>
    values.find(({ parameter }) => parameter.in === 'path' && parameter.name === name)
  const implied = (name: string) => {
    const parameter = {
      name,
      in: 'path',
      required: true,
      schema: {},
      spelling: 'simple',
      explode: false,
    } as const
    const added = { parameter, value: random.text(letters, 5) }
    values.push(added)
    return added
  }
  const variables = listVariables(path)
  const assigned = variables.map((name) => find(name) ?? implied(name))
  const pathTexts = assigned.map(({ parameter, value }) => spellPath(parameter, value))
  if (pathTexts.some((text) => text === '' || /^\.{1,2}$/.test(text)))
    throw new NoCall('a path value leaves its segment')
  let index = 0
  const written = path.replaceAll(/\{[^}]+\}/g, () => {
    index += 1
    return pathTexts[index - 1] ?? ''
  })
  const body = makeBody(operation, random)
  const places = new Map(
    (operation.security[0] ?? []).map((scheme) => [`${scheme.in} ${scheme.key}`, scheme]),
  )
  if ([...places.values()].some((scheme) => scheme.in === 'header' && !isToken(scheme.key)))
    throw new NoCall('HTTP has no header of the name of a credential')
  const credentials = [...places.values()].map((scheme) => ({ scheme, text: writeCredential(scheme) }))
  return {
    operation,
    values: values.filter(({ parameter }) => parameter.in !== 'path' || variables.includes(parameter.name)),
    pathTexts,
    body,
    credentials,
    expected: describeArrival({
      operation,
      path: written,
      pathQuery,
      values,
      body,
      credentials,
      find,
      implied,
    }),
  }
}

interface Parts {
  readonly operation: OracleOperation
  readonly path: string
  readonly pathQuery: string
  readonly values: readonly Assigned[]
  readonly body: CallBody | undefined
  readonly credentials: readonly Credential[]
  readonly find: (name: string) => Assigned | undefined
  readonly implied: (name: string) => Assigned
}

function describeArrival(parts: Parts): ExpectedRequest {
  const { operation, values, credentials, body } = parts
  const base =
    operation.baseUrl === undefined ? '' : new URL(`${operation.baseUrl}/`).pathname.replace(/\/$/, '')
  const placed = (place: string) => values.filter(({ parameter }) => parameter.in === place)
  const constants = parts.pathQuery
    .split('&')
    .filter(Boolean)
    .map((pair): ExpectedPair => {
      const [name = '', text = ''] = pair.split(/=(.*)/s)
      const variable = /^\{(.+)\}$/.exec(text)?.[1]
      if (variable === undefined) return { name: decodeURIComponent(name), value: decodeURIComponent(text) }
      const { value } = parts.find(variable) ?? parts.implied(variable)
      return { name, value: toText(value) }
    })
  const query = placed('query').flatMap(({ parameter: { name, spelling, explode, mediaType }, value }) =>
    spellPairs(name, value, spelling, explode, mediaType),
  )
  const headers = placed('header').map(({ parameter, value }) => [
    parameter.name.toLowerCase(),
    spellHeader(parameter, value),
  ])
  const cookies = placed('cookie').flatMap(({ parameter, value }) => spellCookie(parameter, value))
  const held = (place: string) => credentials.filter(({ scheme }) => scheme.in === place)
  return {
    method: operation.method,
    path: normalizePath(`${base}${parts.path}`),
    query: [
      ...constants,
      ...query,
      ...held('query').map(({ scheme, text }) => ({ name: scheme.key, value: text })),
    ],
    headers: Object.fromEntries([
      ...headers,
      ...held('header').map(({ scheme, text }) => [scheme.key.toLowerCase(), text]),
    ]),
    cookies: [...cookies, ...held('cookie').map(({ scheme, text }) => `${scheme.key}=${text}`)].sort(),
    body,
  }
}

/** Writes a credential as it is sent; user and password of Basic in Base64 (RFC 7617). */
function writeCredential(scheme: OracleScheme): string {
  const secret = toSecret(scheme)
  return scheme.prefix + (scheme.prefix === 'Basic ' ? Buffer.from(secret).toString('base64') : secret)
}

/** Splits a path into what is requested and its constant query; a fragment is never sent. */
export function splitPath(path: string): { readonly path: string; readonly query: string } {
  const [, before = '', query = ''] = /^((?:\{[^}]*\}|[^?#])*)(?:\?((?:\{[^}]*\}|[^#])*))?/s.exec(path) ?? []
  return { path: before, query }
}

/** Lists the variables of a path in their order. */
export function listVariables(path: string): string[] {
  return [...path.matchAll(/\{([^}]+)\}/g)].map(([, name = '']) => name)
}

function assign(operation: OracleOperation, parameter: OracleParameter, random: Random): Assigned[] {
  const { name, in: place, required, spelling, explode, mediaType } = parameter
  const isJoined = place === 'header' || (place === 'query' && spelling !== 'form' && spelling !== 'deep')
  const alphabet = isJoined ? alphabets.header : alphabets[place]
  if (!required && !random.isTrue(0.6)) return []
  const value = findValue(parameter.schema, operation.resolve, random, { alphabet })
  const drop = (reason: string): Assigned[] => {
    if (required) throw new NoCall(reason)
    return []
  }
  if (value === impossible) return drop('a parameter has no value that is found')
  if (place === 'header' && !isToken(name)) return drop('HTTP has no header of the name of a parameter')
  if (value === null) return drop('a parameter is null')
  if (place === 'path' && (value === '.' || value === '..')) return drop('a path value leaves its segment')
  if (mediaType !== undefined) return [{ parameter, value }]
  if (typeof value !== 'object') return [{ parameter, value }]
  const members = Object.entries(value)
  if (members.length === 0) return drop('a parameter has no elements')
  if (spelling !== 'deep' && members.some(([, one]) => typeof one === 'object'))
    return drop('OpenAPI gives a parameter no spelling: a list or object within another')
  if (spelling === 'deep' && (Array.isArray(value) || hasEmpty(value)))
    return drop('OpenAPI gives a parameter no spelling: style deepObject of a list')
  const isSpread =
    explode && !Array.isArray(value) && (place === 'query' || place === 'cookie') && spelling !== 'deep'
  const names = operation.parameters.map((one) => one.name)
  if (isSpread && members.some(([member]) => member !== name && names.includes(member)))
    return drop('two parameters share a name in the query')
  if (place === 'header' && members.some(([member, one]) => /[,=]/.test(`${member}${one}`)))
    return drop('a header has no spelling for a comma')
  return [{ parameter, value }]
}

/** Returns whether a name is a token (RFC 9110 §5.6.2). */
function isToken(name: string): boolean {
  return /^[!#$%&'*+.^_`|~\w-]+$/.test(name)
}

function hasEmpty(value: object): boolean {
  return Object.values(value).some(
    (one) => typeof one === 'object' && (one === null || Object.keys(one).length === 0 || hasEmpty(one)),
  )
}

function makeBody(operation: OracleOperation, random: Random): CallBody | undefined {
  const { bodies, requiresBody, resolve } = operation
  // Both servers are called with one body: MCP takes JSON first, otherwise the first type.
  const body = bodies.find(({ type }) => isJson(type)) ?? bodies[0]
  if (!body || (!requiresBody && !random.isTrue(0.8))) return undefined
  const isForm = body.type === 'multipart/form-data' || body.type === 'application/x-www-form-urlencoded'
  if (!isJson(body.type) && !isForm && !isTextType(body.type)) return makeBytes(body, random)
  const isText = asPart(resolve(body.schema)).type === 'string'
  const schema =
    isTextType(body.type) && !isText ? { type: 'string', minLength: 1, maxLength: 40 } : (body.schema ?? {})
  const value = findValue(schema, resolve, random, { alphabet: alphabets.body })
  if (value === impossible) {
    if (requiresBody) throw new NoCall('the body has no value that is found')
    return undefined
  }
  if (isJson(body.type)) {
    const type = body.type.includes('*') ? 'application/json' : body.type
    return { type, value, contentType: type, bytes: Buffer.from(JSON.stringify(value)) }
  }
  if (isTextType(body.type))
    return { type: body.type, value, contentType: body.type, bytes: Buffer.from(toText(value)) }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    if (requiresBody) throw new NoCall('OpenAPI gives a form no spelling that is no object')
    return undefined
  }
  return body.type === 'multipart/form-data'
    ? makeMultipart(body, operation, asPart(value))
    : makeForm(body, asPart(value), requiresBody)
}

/** Returns whether a type is JSON, or a range that includes it. */
function isJson(type: string): boolean {
  return /^application\/(?:[\w.!#$&^-]+\+)?json$/.test(type) || type === '*/*' || type === 'application/*'
}

function isTextType(type: string): boolean {
  return /^text\/|^application\/(?:.*\+)?(?:xml|yaml|graphql|javascript)$/.test(type)
}

function makeBytes({ type }: OracleBody, random: Random): CallBody {
  const bytes = Buffer.from(Array.from({ length: 24 }, () => random.between(0, 255)))
  const contentType = type.includes('*') ? 'application/octet-stream' : type
  return { type: contentType, value: { data: bytes.toString('base64'), contentType }, contentType, bytes }
}

function makeForm(
  { type, encoding }: OracleBody,
  value: Readonly<Record<string, unknown>>,
  isRequired: boolean,
): CallBody | undefined {
  const pairs = Object.entries(value).flatMap(([name, one]) => {
    const { spelling, explode = true } = encoding[name] ?? {}
    const isNested =
      typeof one === 'object' && one !== null && Object.values(one).some((part) => typeof part === 'object')
    if (Array.isArray(one) && one.length === 0) return []
    if (isNested && spelling !== 'deep' && (spelling !== undefined || Array.isArray(one))) {
      throw new NoCall('OpenAPI gives a form no spelling: a list or object within another')
    }
    if (spelling === 'deep' && typeof one === 'object' && one !== null && hasEmpty(one))
      throw new NoCall('OpenAPI gives a form no spelling: an empty object')
    // Objects are JSON where nothing says how they are written (OpenAPI 3.0.3 §4.7.15).
    const isObject = typeof one === 'object' && one !== null && !Array.isArray(one)
    if (isObject && spelling === undefined) return [{ name, value: JSON.stringify(one) }]
    return spellPairs(name, one, spelling ?? 'form', explode)
  })
  if (pairs.length === 0) {
    if (isRequired) throw new NoCall('a form without fields is no body')
    return undefined
  }
  return { type, value, contentType: type, bytes: Buffer.from(joinPairs(pairs)), pairs }
}

function makeMultipart(
  { type, schema }: OracleBody,
  { resolve }: OracleOperation,
  value: Readonly<Record<string, unknown>>,
): CallBody {
  const properties = asPart(asPart(resolve(schema)).properties)
  const isFile = (part: unknown) => {
    const { type: named, format, contentMediaType, contentEncoding } = asPart(resolve(part))
    return (
      named === 'file' ||
      format === 'binary' ||
      (contentMediaType === 'application/octet-stream' && contentEncoding === undefined)
    )
  }
  const toFile = (text: unknown): OracleFile => ({
    data: Buffer.from(`bytes of ${text}\u0000\u00ff`).toString('base64'),
    filename: 'file.bin',
    contentType: 'application/octet-stream',
  })
  const filled = Object.fromEntries(
    Object.entries(value).map(([name, one]) => {
      const property = asPart(resolve(properties[name]))
      if (isFile(property)) return [name, toFile(one)]
      return [name, Array.isArray(one) && isFile(property.items) ? one.map(toFile) : one]
    }),
  )
  const boundary = 'oracle-boundary'
  const parts = Object.entries(filled).flatMap(([name, one]) =>
    (Array.isArray(one) ? one : [one]).map((part: unknown) => writePart(name, part, boundary)),
  )
  const bytes = Buffer.concat([...parts, Buffer.from(`--${boundary}--\r\n`)])
  return { type, value: filled, contentType: `multipart/form-data; boundary=${boundary}`, bytes }
}

function writePart(name: string, part: unknown, boundary: string): Buffer {
  const { data, filename, contentType } = asPart(part)
  const named = `--${boundary}\r\nContent-Disposition: form-data; name="${name}"`
  if (typeof data === 'string' && typeof filename === 'string')
    return Buffer.concat([
      Buffer.from(`${named}; filename="${filename}"\r\nContent-Type: ${contentType}\r\n\r\n`),
      Buffer.from(data, 'base64'),
      Buffer.from('\r\n'),
    ])
  const type = typeof part === 'object' && part !== null ? '\r\nContent-Type: application/json' : ''
  return Buffer.from(`${named}${type}\r\n\r\n${toText(part)}\r\n`)
}

/**
 * Writes the path and query that a client of the REST server requests, by the path that the server has for the
 * operation. A query that every request has is not the client's to send.
 */
export function toRestTarget(call: OracleCall, restPath: string, brings: boolean): string {
  const { pathTexts, expected, operation, credentials } = call
  let index = 0
  const path = restPath.replaceAll(/\{[^}]+\}/g, () => {
    index += 1
    return pathTexts[index - 1] ?? ''
  })
  const fixed = splitPath(operation.path).query.split('&').filter(Boolean)
  const isOwn = (position: number) => position >= fixed.length || /=\{/.test(fixed[position] ?? '')
  const held = credentials.filter(({ scheme }) => scheme.in === 'query').length
  const end = brings ? expected.query.length : expected.query.length - held
  const query = joinPairs(expected.query.slice(0, end).filter((_, position) => isOwn(position)))
  return query === '' ? path : `${path}?${query}`
}
