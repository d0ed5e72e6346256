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

/**
 * Joins the lines of a header into one text, of which Node would keep the first alone for some names; undefined where
 * there are none. Several lines are one list (RFC 9110 §5.3), and no other value. Throws `invalid_argument`.
 */
export function joinLines(parameter: Parameter, rawHeaders: readonly string[]): string | undefined {
  const name = parameter.name.toLowerCase()
  const lines = rawHeaders.filter(
    (_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name,
  )
  const { types } = readShape(parameter.schema)
  const isList = parameter.mediaType === undefined && (types.has('array') || types.has('object'))
  if (lines.length > 1 && !isList)
    throw refuseParameter(parameter, 'stands more than once; give it one value', 'uniqueKeys')
  return lines.length > 0 ? lines.join(', ') : undefined
}

/** What `Connection` says in most messages, where it names no header. */
export const noHops = /^(?:keep-alive|close)?$/i

/** Leaves out the headers that a message has for its connection alone (RFC 9110 §7.6.1). */
export function dropHops<Headers extends NodeJS.Dict<string | string[]>>(headers: Headers): Headers {
  const kept = { ...headers }
  for (const name of String(headers.connection)
    .toLowerCase()
    .split(/[\s,]+/))
    Reflect.deleteProperty(kept, name)
  return kept
}
