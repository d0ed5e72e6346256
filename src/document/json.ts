import { GatewayError } from '../errors/gateway-error.ts'

declare global {
  // TypeScript's own declaration makes the elements of an unknown value `any`.
  interface ArrayConstructor {
    isArray(value: unknown): value is unknown[]
  }
}

/** Bounds on a JSON text, counted while its tokens are read. */
export interface JsonLimits {
  /** Deepest nesting of objects and arrays. */
  readonly depth: number
  /** Most members of objects and elements of arrays in the whole text. */
  readonly elements: number
}

const token = /"(?:[^"\\]|\\.)*"|[{}[\],:]/g
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Parses a JSON body that must have exactly one reading: UTF-8 without a byte order mark (RFC 8259 §8.1), no
 * duplicate keys (§4 leaves them to the reader, and two readers would read two things), no `__proto__` key.
 * Throws `malformed_json`; the message names the key or the limit, never a value. The text itself is parsed by the
 * given function.
 */
export function parseJson(
  bytes: Uint8Array,
  limits?: JsonLimits,
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
  if (!isPlain(text, value, limits)) checkTokens(text, limits)
  return value
}

/** Nesting that is followed by calls of a function; what is deeper is left to the walk of the tokens. */
const shallow = 64

/**
 * True when a count is enough to see that there is nothing to refuse: a key that stands twice makes one member more
 * in the text than in its value. Walking the tokens costs ten times as much, and tells what it is that is refused.
 */
function isPlain(text: string, value: unknown, limits: JsonLimits = { depth: shallow, elements: Infinity }) {
  let depth = 0
  let deepest = 0
  let members = 0
  let elements = 0
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    if (code === codes.quote) index = findEnd(text, index)
    else if (code === codes.colon) members += 1
    else if (code === codes.comma) elements += 1
    else if (code === codes.openBrace || code === codes.openBracket) {
      elements += 1
      depth += 1
      deepest = Math.max(deepest, depth)
    } else if (code === codes.closeBrace || code === codes.closeBracket) depth -= 1
  }
  if (deepest > Math.min(shallow, limits.depth) || elements > limits.elements) return false
  return members === countMembers(value)
}

const codes = {
  quote: 34,
  comma: 44,
  colon: 58,
  openBracket: 91,
  backslash: 92,
  closeBracket: 93,
  openBrace: 123,
  closeBrace: 125,
} as const

/** Index of the quote that ends the string which begins at an index. */
function findEnd(text: string, start: number): number {
  let index = start + 1
  for (let code = text.charCodeAt(index); code !== codes.quote; code = text.charCodeAt(index))
    index += code === codes.backslash ? 2 : 1
  return index
}

/** Members of all objects in a value; not a number where one of them may not be there. */
function countMembers(value: unknown): number {
  if (!isContainer(value)) return 0
  const own = Array.isArray(value) ? 0 : 1
  let members = 0
  for (const name in value) members += name === '__proto__' ? Number.NaN : own + countMembers(value[name])
  return members
}

/** True for what came as a JSON object. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return isContainer(value) && !Array.isArray(value)
}

function isContainer(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

/** Walks the tokens of a text that `JSON.parse` has accepted, so strings are the only tokens with insides. */
function checkTokens(text: string, limits: JsonLimits | undefined): void {
  const open: (Set<string> | undefined)[] = []
  let elements = 0
  let lastString = ''
  for (const [found] of text.matchAll(token)) {
    if (found === '{' || found === '[') {
      open.push(found === '{' ? new Set() : undefined)
      if (limits && open.length > limits.depth) refuse(`it nests deeper than ${limits.depth} levels`)
    } else if (found === '}' || found === ']') open.pop()
    else if (found === ':') checkKey(JSON.parse(lastString), open.at(-1))
    else if (found !== ',') lastString = found
    if (found === ',' || found === '{' || found === '[') elements += 1
    if (limits && elements > limits.elements) refuse(`it has more than ${limits.elements} elements`)
  }
}

function checkKey(key: string, siblings: Set<string> | undefined): void {
  if (siblings?.has(key)) refuse(`the key ${quoteName(key)} stands twice in one object`)
  if (key === '__proto__') refuse('the key "__proto__" is not allowed')
  siblings?.add(key)
}

function refuse(reason: string): never {
  throw new GatewayError('malformed_json', { detail: `The body is not acceptable JSON: ${reason}.` })
}

/** A name the caller sent, shortened and escaped so that it can stand in a message. */
export function quoteName(name: string): string {
  if (/@|%40|^ey[\w-]+\./.test(name)) return '"[redacted]"'
  return JSON.stringify(name.length > 64 ? `${name.slice(0, 64)}…` : name)
}

/** The members that an object has itself, to read what came as JSON one by one; none for anything else. */
export function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return { __proto__: null, ...(typeof value === 'object' ? value : undefined) }
}

/** The text that came as JSON; empty for anything else. */
export function asText(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
