import { GatewayError } from '../errors.ts'

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
 * Throws `malformed_json`; the message names the key or the limit, never a value.
 */
export function parseJson(bytes: Uint8Array, limits?: JsonLimits): unknown {
  let text: string
  let value: unknown
  try {
    text = strictUtf8.decode(bytes)
    value = JSON.parse(text)
  } catch (cause) {
    throw new GatewayError('malformed_json', { cause })
  }
  checkTokens(text, limits)
  return value
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
