import { isUtf8 } from 'node:buffer'
import { refuseParameter } from './content-reading.ts'
import type { Parameter } from './parameters.ts'

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
