import { readContent, readJsonText, refuseParameter, type TextReader } from './content-reading.ts'
import { readHeader } from './header-text.ts'
import { isExact } from './json.ts'
import { isLargeInteger } from './large-integers.ts'
import { isBlank } from './parameter-writing.ts'
import type { Parameter } from './parameters.ts'
import { readMember, readShape, type ValueShape } from './value-shape.ts'

type Decode = (raw: string) => string

/** Prepares the reading of a path parameter (styles simple, label and matrix) from its raw segment. */
export function createPathReader(parameter: Parameter): TextReader {
  const { name, style, explode } = parameter
  const shape = readShape(parameter.schema)
  if (parameter.mediaType !== undefined) return readContent(parameter, decodeText)
  if (style === 'label')
    return (raw) => {
      const separator = explode ? '.' : ','
      return raw.startsWith('.')
        ? readJoined(raw.slice(1), { separator, explode, shape, decode: decodeText })
        : decodeText(raw)
    }
  if (style !== 'matrix')
    return (raw) => readJoined(raw, { separator: ',', explode, shape, decode: decodeText })
  return (raw) => readMatrix(raw, name, explode, shape)
}

function readMatrix(raw: string, name: string, explode: boolean, shape: ValueShape): unknown {
  const parts = raw.split(';').map((part) => part.split('='))
  if (parts.shift()?.join('=') !== '') return decodeText(raw)
  const isOwn = parts.every(([key = '']) => decodeText(key) === name)
  const texts = parts.map(([, ...rest]) => rest.join('='))
  if (explode && shape.types.has('object') && !(isOwn && isMixed(shape)))
    return readJoined(raw.slice(1), { separator: ';', explode, shape, decode: decodeText })
  if (!isOwn) return decodeText(raw)
  if (explode && shape.types.has('array'))
    return texts.map((text) => readText(decodeText(text), shape.items()))
  const [text = '', ...more] = texts
  if (more.length > 0) return decodeText(raw)
  return readJoined(text, { separator: ',', explode: false, shape, decode: decodeText })
}

/** Returns whether a value may be of several types. */
function isMixed({ types }: ValueShape): boolean {
  return types.size > 1
}

/** Prepares the reading of a header parameter (style simple) from its text, which has no percent-encoding. */
export function createHeaderReader(parameter: Parameter): TextReader {
  const shape = readShape(parameter.schema)
  const { explode } = parameter
  if (parameter.mediaType !== undefined) return readContent(parameter, asItIs)
  return (raw) => readJoined(raw, { separator: ',', explode, shape, decode: trim })
}

/** Prepares the reading of a cookie parameter from a whole `Cookie` header (RFC 6265 §4.2); undefined where it has none. */
export function createCookieReader(parameter: Parameter): TextReader {
  const { name, explode } = parameter
  const shape = readShape(parameter.schema)
  const decode = createCookieDecoder(parameter)
  const isObject = explode && shape.types.has('object')
  return (header) => {
    const pairs = header.split(/; */).map((pair) => pair.split(/=(.*)/s))
    const own = pairs.flatMap(([key = '', text]) => (key === name && text !== undefined ? [text] : []))
    const [first] = own
    if (isObject && first === undefined) {
      const named = pairs.flatMap(([key = '', text]) =>
        shape.properties.has(key) && text !== undefined
          ? [[key, readText(decode(text), readMember(shape, key))] as const]
          : [],
      )
      if (new Set(named.map(([key]) => key)).size < named.length)
        throw refuseParameter(parameter, 'has a member that stands more than once; give it one value')
      return named.length === 0 ? undefined : Object.fromEntries(named)
    }
    if (first === undefined) return undefined
    const mayRepeat = explode && shape.types.has('array')
    if (own.length > 1 && !mayRepeat)
      throw refuseParameter(parameter, 'stands more than once; give it one value')
    if (parameter.mediaType !== undefined) return readContent(parameter, decode)(first)
    if (mayRepeat) return own.map((text) => readText(decode(text), shape.items()))
    return readJoined(first, { separator: ',', explode: false, shape, decode })
  }
}

/** Prepares the decoding of what a cookie holds. It throws `invalid_argument`. */
function createCookieDecoder(parameter: Parameter): Decode {
  // A credential is sent as it came.
  if (parameter.isCredential) return asItIs
  return (raw) => {
    const text = readHeader(parameter, raw)
    if (parameter.style === 'cookie') return text
    if (!isDecodable(text)) throw refuseParameter(parameter, 'must be percent-encoded UTF-8', 'encoding')
    return decodeText(text)
  }
}

/** Takes off the blanks that a list may have around its commas: space and tab alone (RFC 9110 §5.6.1, §5.6.3). */
function trim(raw: string): string {
  let [begin, end] = [0, raw.length]
  while (isBlank(raw[begin])) begin += 1
  while (end > begin && isBlank(raw[end - 1])) end -= 1
  return raw.slice(begin, end)
}

function asItIs(raw: string): string {
  return raw
}

interface JoinedForm {
  readonly separator: string | RegExp
  readonly explode: boolean
  readonly shape: ValueShape
  readonly decode: Decode
}

/** Reads what `join` writes: elements of an array, members of an object, or one value. */
export function readJoined(raw: string, { separator, explode, shape, decode }: JoinedForm): unknown {
  const { types } = shape
  const parts = () => raw.split(separator)
  const isPlain = (type: string) => type !== 'array' && type !== 'object' && (type !== 'null' || raw === '')
  const isOne = types.size === 0 || [...types].some(isPlain)
  const isWhole = typeof separator === 'string' ? !raw.includes(separator) : !separator.test(raw)
  if (isOne && isWhole) return readText(decode(raw), shape)
  if (types.has('array')) return parts().map((part) => readText(decode(part), shape.items()))
  if (types.has('object')) return readMembers(parts(), explode, shape, decode) ?? decode(raw)
  return readText(decode(raw), shape)
}

function readMembers(
  parts: readonly string[],
  explode: boolean,
  shape: ValueShape,
  decode: Decode,
): Record<string, unknown> | undefined {
  const pairs = explode
    ? parts.map((part) => part.split(/=(.*)/s).slice(0, 2))
    : parts.flatMap((part, index) => (index % 2 === 0 ? [[part, parts[index + 1]]] : []))
  const members: [string, unknown][] = []
  for (const [key, text] of pairs) {
    if (key === undefined || text === undefined) return undefined
    const name = decode(key)
    members.push([name, readText(decode(text), readMember(shape, name))])
  }
  // A name that stands twice has no one reading.
  return new Set(members.map(([name]) => name)).size === members.length
    ? Object.fromEntries(members)
    : undefined
}

const canonicalInteger = /^(?:0|-?[1-9][0-9]{0,15})$/
const jsonNumber = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/

/** Whether a value is written anew, in the one spelling that it has, or goes upstream in the bytes that it came in. */
export type Spelling = 'rewritten' | 'kept'

/**
 * Reads the text of one value as the type its schema names, and only in the one canonical spelling: `0x10`, `1e3`,
 * `+7`, ` 12`, `007` and `1.50` stay text, which the schema then refuses. Upstreams that read such texts loosely would act on
 * another person's record. A whole number beyond 2^53 becomes a raw JSON value, which is written with all its digits.
 * Where the spelling is kept, a number has any that JSON has.
 */
export function readText(text: string, { types }: ValueShape, spelling: Spelling = 'rewritten'): unknown {
  if (types.size === 0) return text
  if (types.has('integer') && canonicalInteger.test(text) && Number.isSafeInteger(Number(text)))
    return Number(text)
  if (types.has('number') && jsonNumber.test(text) && isExact(Number(text)))
    if (spelling === 'kept' || String(Number(text)) === text) return Number(text)
  if ((types.has('integer') || types.has('number')) && !types.has('string') && isLargeInteger(text))
    return JSON.rawJSON(text)
  if (types.has('boolean') && (text === 'true' || text === 'false')) return text === 'true'
  if (text === '' && types.has('null') && !types.has('string')) return null
  if ((types.has('object') && text.startsWith('{')) || (types.has('array') && text.startsWith('[')))
    return readJsonText(text)
  return text
}

/** Returns whether a part of a path or a query is percent-encoded UTF-8. */
export function isDecodable(raw: string): boolean {
  return tryDecoding(raw) !== undefined
}

/** Decodes a part of a path; what is no percent-encoded UTF-8 stays as it is. */
export function decodeText(raw: string): string {
  return tryDecoding(raw) ?? raw
}

function tryDecoding(raw: string): string | undefined {
  if (!raw.includes('%')) return raw
  try {
    return decodeURIComponent(raw)
  } catch {
    return undefined
  }
}

/** Decodes a part of a query, where `+` is a space (URL Standard, urlencoded). */
export function decodeQueryText(raw: string): string {
  return decodeText(raw.replaceAll('+', ' '))
}
