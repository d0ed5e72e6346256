import { GatewayError } from '../errors/gateway-error.ts'
import { findStringEnd } from './exact-numbers.ts'
import { quoteName } from './single-line.ts'

declare global {
  // TypeScript's own declaration makes the elements of an unknown value `any`.
  interface ArrayConstructor {
    isArray(value: unknown): value is unknown[]
  }
  // ECMAScript "JSON.parse source text access", in Node since 21 and not yet in TypeScript's library.
  interface JSON {
    rawJSON(text: string): object
    isRawJSON(value: unknown): value is object
  }
}

/** Bounds on a JSON text, counted while its tokens are read. */
export interface JsonLimits {
  /** Deepest nesting of objects and arrays. */
  readonly depth: number
  /** Most members of objects and elements of arrays in the whole text. */
  readonly elements: number
}

/** Of a body on REST, whose size is limited. Deeper ones have no use, and a check that recurses would fail on them. */
const bodyLimits: JsonLimits = { depth: 512, elements: Number.POSITIVE_INFINITY }

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Reads the bytes of a JSON text of an API, without the byte order mark that it may begin with (RFC 8259 §8.1). */
export function decodeJson(bytes: Buffer): string {
  const text = bytes.toString('utf8')
  return text.startsWith('\ufeff') ? text.slice(1) : text
}

/** The `malformed_json` of a text that is JSON: it exceeds a limit, or has a key that it must not have. */
export class RefusedJson extends GatewayError {
  // A private field is in no log line.
  readonly #value: unknown

  constructor(reason: string, value: unknown) {
    super('malformed_json', { detail: `The body is not acceptable JSON: ${reason}.` })
    this.#value = value
  }

  /** What the text says. Undefined where a key stands twice in the outermost object, or in one of the outermost list. */
  get value(): unknown {
    return this.#value
  }
}

/**
 * Parses a JSON body that must have exactly one reading: UTF-8 without a byte order mark (RFC 8259 §8.1), no
 * duplicate keys (§4 leaves them to the reader, and two readers would read two things), no `__proto__` key.
 * Throws `malformed_json`, as `RefusedJson` for what is JSON; the message names the key or the limit, never a value.
 * The text itself is parsed by the given function.
 */
export function parseJson(
  bytes: Uint8Array,
  limits = bodyLimits,
  parse: (text: string) => unknown = JSON.parse,
): unknown {
  let text: string
  let value: unknown
  try {
    text = strictUtf8.decode(bytes)
    value = parse(text)
  } catch (cause) {
    throw new GatewayError('malformed_json', { cause })
  }
  const fault = findFault(text, limits)
  if (fault) throw new RefusedJson(fault.reason, fault.isAmbiguous ? undefined : value)
  return value
}

/** Returns whether a number is the one that was meant: an integer beyond 2^53 may not be. */
export function isExact(value: number): boolean {
  return Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value))
}

/** Returns whether a value came as a JSON object. A raw JSON value, as `parseExactly` makes of numbers, did not. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !JSON.isRawJSON(value)
}

interface Fault {
  readonly reason: string
  /** Whether a key stands twice in the outermost object, or in one of the outermost list. */
  readonly isAmbiguous?: boolean
}

/** Walks the tokens of a text that `JSON.parse` has accepted, so strings are the only tokens with insides. */
function findFault(text: string, limits: JsonLimits): Fault | undefined {
  const open: (Set<string> | undefined)[] = []
  let elements = 0
  let lastString = ''
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    if (code === quote) {
      const end = findStringEnd(text, index)
      lastString = text.slice(index, end + 1)
      index = end
    } else if (code === colon) {
      const fault = addKey(readString(lastString), open)
      if (fault) return fault
    } else if (code === openBrace || code === openBracket) {
      open.push(code === openBrace ? new Set() : undefined)
      if (open.length > limits.depth) return { reason: `it nests deeper than ${limits.depth} levels` }
    } else if (code === closeBrace || code === closeBracket) open.pop()
    if (code === comma || code === openBrace || code === openBracket) elements += 1
    if (elements > limits.elements) return { reason: `it has more than ${limits.elements} elements` }
  }
  return undefined
}

/** Most strings have no escapes, and then their text is what they mean. */
function readString(token: string): string {
  return token.includes('\\') ? JSON.parse(token) : token.slice(1, -1)
}

/** Adds a key to those of the innermost object; returns what is wrong with it. */
function addKey(key: string, open: readonly (Set<string> | undefined)[]): Fault | undefined {
  const siblings = open.at(-1)
  if (siblings?.has(key)) {
    const reason = `the key ${quoteName(key)} stands twice in one object`
    return { reason, isAmbiguous: open.length <= (open[0] ? 1 : 2) }
  }
  if (key === '__proto__') return { reason: 'the key "__proto__" is not allowed' }
  siblings?.add(key)
  return undefined
}

/** Returns the members that an object has itself, to read what came as JSON; none for anything else. */
export function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return { __proto__: null, ...(typeof value === 'object' ? value : undefined) }
}

/** Lists the members that an object has itself, without the copy that `asRecord` makes; none for anything else. */
export function listMembers(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : []
}

/** Reads one member that an object or list has itself, without the copy that `asRecord` makes; undefined for anything else. */
export function readOwn<Value>(
  value: Readonly<Record<string, Value>> | undefined,
  name: string,
): Value | undefined
export function readOwn(value: unknown, name: string): unknown
export function readOwn(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined
}

/** Returns the list that came as JSON; an empty one for anything else. */
export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** Returns the text that came as JSON; empty for anything else. */
export function asText(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/**
 * Returns whether a JSON text has more than one of the given limits allows, before it is parsed: beyond some thousands of
 * levels `JSON.stringify` fails, and each element takes tens of bytes, also where its text has three. Walking a value
 * would cost more than parsing it. What is no JSON may exceed a limit or not.
 */
export function exceeds(text: string, limits: Partial<JsonLimits>): boolean {
  const { depth = Number.POSITIVE_INFINITY, elements = Number.POSITIVE_INFINITY } = limits
  if (text.length < 2 * depth && text.length <= elements) return false
  let [open, count] = [0, 0]
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    if (code === quote) {
      index = findStringEnd(text, index)
      if (index < 0) return false
    } else if (code === openBrace || code === openBracket) {
      open += 1
      count += 1
    } else if (code === closeBrace || code === closeBracket) open -= 1
    else if (code === comma) count += 1
    if (open > depth || count > elements) return true
  }
  return false
}

const [quote, comma, colon] = [34, 44, 58]
const [openBracket, closeBracket, openBrace, closeBrace] = [91, 93, 123, 125]

/** Returns whether a media type is JSON by one of its names, or a `+json` type (MIME Sniffing Standard, JSON MIME type). */
export function isJsonType(mediaType = ''): boolean {
  return /^(?:(?:application|text)\/(?:x-)?json|[\w.!#$&^-]+\/[\w.!#$&^*+-]+\+json)\s*(?:;|$)/i.test(
    mediaType,
  )
}
