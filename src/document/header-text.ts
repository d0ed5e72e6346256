import { isUtf8 } from 'node:buffer'

/**
 * Reads the text of a header, of which Node makes one character of each byte, as the UTF-8 that HTTP clients send;
 * undefined where it is none.
 */
export function decodeHeader(raw: string): string | undefined {
  if (!/[\x80-\xff]/.test(raw)) return raw
  const bytes = Buffer.from(raw, 'latin1')
  return isUtf8(bytes) ? bytes.toString('utf8') : undefined
}
