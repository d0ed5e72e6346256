import { isUtf8 } from 'node:buffer'
import { refuseParameter } from './content-reading.ts'
import type { Parameter } from './parameters.ts'
import { readShape } from './value-shape.ts'

/** Finds what of a header's text is no ASCII: nothing, in most. */
export const beyondAscii = /[\u0080-\uffff]/

/**
 * Reads the text of a header, of which Node makes one character of each byte, as the UTF-8 that HTTP clients send;
 * undefined where it is none.
 */
export function decodeHeader(raw: string): string | undefined {
  if (!beyondAscii.test(raw)) return raw
  const bytes = Buffer.from(raw, 'latin1')
  return isUtf8(bytes) ? bytes.toString('utf8') : undefined
}

/** Writes a text so that Node, which makes one byte of each character, sends it as UTF-8. */
export function encodeHeader(text: string): string {
  return beyondAscii.test(text) ? Buffer.from(text).toString('latin1') : text
}

/** Reads the text of a header, or of a part of it, for a parameter. Throws `invalid_argument` where it is no UTF-8. */
export function readHeader(parameter: Pick<Parameter, 'in' | 'name'>, raw: string): string {
  const text = decodeHeader(raw)
  if (text === undefined) throw refuseParameter(parameter, 'must be UTF-8', 'encoding')
  return text
}

/** Groups what a message has for its headers, line by line, by their lower-case names. */
function groupLines(rawHeaders: readonly string[]): ReadonlyMap<string | undefined, readonly string[]> {
  const lines = rawHeaders.filter((_, index) => index % 2 === 1)
  return Map.groupBy(lines, (_, index) => rawHeaders[2 * index]?.toLowerCase())
}

/**
 * Returns whether the text of a header is that of its lines, as Node reads them. An app around the gateway may have put
 * another in their place, which counts then.
 */
function isOfLines(text: unknown, lines: readonly string[] = []): boolean {
  return [lines[0], lines.join(', '), lines.join('; ')].some((one) => one === text)
}

/**
 * Returns the text of a header with all its lines, of which Node keeps the first alone for some names. Several lines are
 * one list (RFC 9110 §5.3), and no other value. Throws `invalid_argument`.
 */
export function joinLines(parameter: Parameter, text: string, rawHeaders: readonly string[]): string {
  const lines = groupLines(rawHeaders).get(parameter.name.toLowerCase()) ?? []
  if (lines.length < 2 || !isOfLines(text, lines)) return text
  const { types } = readShape(parameter.schema)
  const isList = parameter.mediaType === undefined && (types.has('array') || types.has('object'))
  if (!isList) throw refuseParameter(parameter, 'stands more than once; give it one value', 'uniqueKeys')
  return lines.join(', ')
}

/** What `Connection` says in most messages, where it names no header. */
export const noHops = /^(?:keep-alive|close)?$/i

/**
 * Leaves out the headers that a message has for its connection alone (RFC 9110 §7.6.1). Where its lines are given, one
 * that an app around the gateway has set stays: the client's `Connection` does not speak of it.
 */
export function dropHops<Headers extends NodeJS.Dict<string | string[]>>(
  headers: Headers,
  rawHeaders?: readonly string[],
): Headers {
  const kept = { ...headers }
  const lines = rawHeaders && groupLines(rawHeaders)
  const named = new Set(
    String(headers.connection)
      .toLowerCase()
      .split(/[\s,]+/),
  )
  for (const name of named)
    if (!lines || isOfLines(headers[name], lines.get(name))) Reflect.deleteProperty(kept, name)
  return kept
}
