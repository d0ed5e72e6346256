import { encodeHeader } from './header-text.ts'
import { isExact, isJsonType, isObject, readOwn } from './json.ts'
import { isLargeInteger } from './large-integers.ts'
import type { Parameter } from './parameters.ts'
import { parseTemplate } from './path-template.ts'

/** A value that its place in a request has no spelling for; the message completes "the value …". */
export class UnwritableValue extends Error {
  override readonly name = 'UnwritableValue'
}

/** Returns the text. Throws an `UnwritableValue` on lone surrogates, which UTF-8 has no bytes for. */
export function requireUnicode(text: string): string {
  return text.isWellFormed() ? text : refuse('must be Unicode text without lone surrogates')
}

/** Percent-encodes a text (RFC 3986 §2.1) so that only unreserved characters stay. Throws an `UnwritableValue`. */
export function encodeText(text: string): string {
  const encoded = encodeURIComponent(requireUnicode(text))
  // To replace costs more than to look, and most texts have none of these.
  return /[!'()*]/.test(encoded) ? encoded.replaceAll(/[!'()*]/g, encodeAscii) : encoded
}

/** Percent-encodes given ASCII characters that `encodeURIComponent` leaves, where they separate values. */
function encodeAscii(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`
}

/**
 * Throws an `UnwritableValue` on a list or object with nothing in it. It has no spelling (RFC 6570 §3.2.8 leaves it out),
 * and a call without it means another one: a deletion without the ids to delete may mean all.
 */
export function requireContent(value: unknown): void {
  if (typeof value === 'object' && value !== null && Object.keys(value).length === 0)
    refuse('must not be empty, since nothing would be sent for it')
}

/**
 * Writes one value as `readText` reads it; what has no text of its own as JSON. Throws an `UnwritableValue` on a number
 * that is read as text.
 */
export function writeText(value: unknown): string {
  if (value === null) return ''
  if (typeof value === 'number' && !isExact(value) && !isLargeInteger(String(value)))
    refuse('must be between -1e21 and 1e21, beyond which numbers are not written in digits')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** Encodes a text for its place. Throws an `UnwritableValue` on what has no spelling there. */
export type Encode = (text: string) => string

/**
 * Writes a path parameter (styles simple, label and matrix; RFC 6570 §3.2) as it stands in its segment. Throws an
 * `UnwritableValue` where the segment would be lost.
 */
export function writePathText(parameter: Parameter, value: unknown): string {
  const { name, style, explode } = parameter
  const key = encodeText(name)
  if (parameter.mediaType !== undefined) return encodeText(writeContent(parameter, value))
  requireContent(value)
  if (style === 'label') {
    // A dot would begin the next element, and nothing has to escape it but this style.
    const encode: Encode = (text) =>
      explode ? encodeText(text).replaceAll('.', encodeAscii) : encodeText(text)
    return `.${join(value, { separator: explode ? '.' : ',', explode, encode })}`
  }
  if (style !== 'matrix') return join(value, { separator: ',', explode, encode: encodeText })
  if (explode && Array.isArray(value))
    return value.map((one) => `;${key}=${encodeText(writeText(one))}`).join('')
  if (explode && isObject(value)) return `;${join(value, { separator: ';', explode, encode: encodeText })}`
  const text = join(value, { separator: ',', explode: false, encode: encodeText })
  return text === '' ? `;${key}` : `;${key}=${text}`
}

/**
 * Writes a header parameter (style simple), which has no percent-encoding, as Node takes it. Throws an `UnwritableValue`.
 */
export function writeHeaderText(parameter: Parameter, value: unknown): string {
  const { explode, mediaType } = parameter
  const isList = Array.isArray(value) || isObject(value)
  if (mediaType === undefined) requireContent(value)
  if (explode && isObject(value) && Object.keys(value).some((name) => name.includes('=')))
    refuse('must have no = in its names')
  const encode: Encode = (text) =>
    isList && text.includes(',') ? refuse('must hold no comma within an element') : requireTrimmed(text)
  const text =
    mediaType === undefined
      ? join(value, { separator: ',', explode, encode })
      : requireTrimmed(writeHeaderContent(parameter, value))
  if (/^[\t\x20-\x7e]*$/.test(text)) return text
  const isCarried = /^[\t\x20-\x7e\x80-\uffff]*$/.test(requireUnicode(text))
  return isCarried ? encodeHeader(text) : refuse('must be text that a header can carry')
}

/** Returns whether a character is a blank in a header, as no other white space is (RFC 9110 §5.6.3). */
export function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\t'
}

/** Refuses what would lose blanks: around a header's value, and its elements, they are no part of it (RFC 9110 §5.5). */
function requireTrimmed(text: string): string {
  const isTrimmed = !isBlank(text[0]) && !isBlank(text.at(-1))
  return isTrimmed ? text : refuse('must neither begin nor end with white space')
}

function writeHeaderContent(parameter: Parameter, value: unknown): string {
  const text = writeContent(parameter, value)
  return isJsonType(parameter.mediaType) ? text.replaceAll(/[\u007f-\uffff]/g, escapeUnicode) : text
}

/** Escapes a character as JSON does, in ASCII. */
export function escapeUnicode(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** Writes the value of a `content` parameter in its media type, not yet percent-encoded. */
export function writeContent({ mediaType }: Parameter, value: unknown): string {
  if (mediaType === 'application/x-www-form-urlencoded' && isObject(value)) return writeForm(value)
  return typeof value === 'string' && !isJsonType(mediaType) ? value : JSON.stringify(value)
}

/** Writes elements or members one after another; members are `name=value` where exploded. */
export function join(
  value: unknown,
  { separator, explode, encode }: { separator: string; explode: boolean; encode: Encode },
): string {
  if (Array.isArray(value)) return value.map((one) => encode(writeText(one))).join(separator)
  if (!isObject(value)) return encode(writeText(value))
  return Object.entries(value)
    .map(([name, one]) => `${encode(name)}${explode ? '=' : separator}${encode(writeText(one))}`)
    .join(separator)
}

function refuse(message: string): never {
  throw new UnwritableValue(message)
}

/**
 * Returns whether a path has a segment `.` or `..`, percent-encoded or not: URL parsers take them for the same (URL
 * Standard, double-dot URL path segment). Many servers and proxies also read an encoded slash, or a backslash, as a slash.
 */
export function hasDotSegment(path: string): boolean {
  return /(?:\/|%2f|\\|%5c)(?:\.|%2e){1,2}(?:\/|%2f|\\|%5c|$)/i.test(path)
}

/** Writes the path of a request from the values of its variables. */
export type PathWriter = (values: Readonly<Record<string, unknown>>) => string

/**
 * Prepares the writing of an upstream path from checked values alone; nothing of the client's own URL is in it. The
 * writer throws an `UnwritableValue` on a value that is missing or that would leave its segment: an empty one and a dot
 * segment have no encoding, so the path would lead elsewhere (RFC 3986 §5.2.4).
 */
export function createPathWriter(template: string, parameters: readonly Parameter[]): PathWriter {
  const { parts } = parseTemplate(template)
  const variables = parts.flatMap((name, index) => {
    const parameter = parameters.find((one) => one.in === 'path' && one.name === name)
    const separator = findSeparator(parts, index)
    return index % 2 === 1 ? [{ name, parameter, separator, literal: parts[index + 1] ?? '' }] : []
  })
  return (values) => {
    let path = parts[0] ?? ''
    for (const { name, parameter, separator, literal } of variables) {
      const value = readOwn(values, name)
      if (!parameter || value === undefined) throw new UnwritableValue(`${name} must be given`)
      const text = writePathText(parameter, value)
      if (text === '') throw new UnwritableValue('must not be empty')
      path += (separator === undefined ? text : text.replaceAll(separator, encodeAscii)) + literal
    }
    if (hasDotSegment(path)) throw new UnwritableValue('must have no segment . or ..')
    return path
  }
}

/**
 * Finds the character that separates a variable from the next one of its segment (`/{a}-{b}`). It is percent-encoded in
 * the first, so that it cannot be read as the separator.
 */
function findSeparator(parts: readonly string[], index: number): string | undefined {
  const literal = parts[index + 1] ?? ''
  const isShared = index + 2 < parts.length && !literal.includes('/')
  const [separator] = literal
  return isShared && separator !== undefined && !/[\w%]/.test(separator) ? separator : undefined
}

/**
 * Writes an object as `application/x-www-form-urlencoded` (URL Standard): a list as its name repeated. Throws an
 * `UnwritableValue`.
 */
export function writeForm(value: Readonly<Record<string, unknown>>): string {
  const form = new URLSearchParams()
  for (const [name, one] of Object.entries(value)) {
    if (Array.isArray(one)) requireContent(one)
    for (const element of Array.isArray(one) ? one : [one])
      form.append(requireUnicode(name), requireUnicode(writeText(element)))
  }
  return form.toString()
}
