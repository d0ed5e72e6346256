import { isJsonType } from '../document/json.ts'

/** Encodings in which a character of ASCII has more than one byte, so that a search of bytes finds no text. */
export type WideEncoding = Utf16 | 'utf-32'

/** UTF-16 by the order of its bytes. */
export type Utf16 = 'utf-16le' | 'utf-16be'

/**
 * Finds the wide encoding of a text: by its byte order mark, by the zeros among its first four bytes (RFC 4627 §3), or by
 * its charset, which is big-endian unless it says otherwise (RFC 2781 §4.3). JSON has no charset (RFC 8259 §11). Undefined for
 * every other encoding.
 */
export function findWideEncoding(body: Buffer, contentType = ''): WideEncoding | undefined {
  const mark = body.toString('hex', 0, 4)
  const zeros = Array.from(body.subarray(0, 4), (byte) => (byte === 0 ? '0' : 'x')).join('')
  if (/^(?:fffe0000|0000feff)/.test(mark) || /^(?:x000|000x)/.test(zeros)) return 'utf-32'
  if (mark.startsWith('fffe') || zeros.startsWith('x0')) return 'utf-16le'
  if (mark.startsWith('feff') || zeros.startsWith('0x')) return 'utf-16be'
  if (isJsonType(contentType)) return undefined
  const [, family, order] =
    /;\s*charset\s*=\s*"?(utf-?16|utf-?32|ucs-?2|ucs-?4)(le)?/i.exec(contentType) ?? []
  if (family === undefined) return undefined
  if (/32|4/.test(family)) return 'utf-32'
  return order === undefined ? 'utf-16be' : 'utf-16le'
}

/** Reads a text in UTF-16. Its byte order mark stays in. */
export function readUtf16(body: Buffer, encoding: Utf16): string {
  const whole = body.subarray(0, body.length - (body.length % 2))
  return (encoding === 'utf-16le' ? whole : Buffer.from(whole).swap16()).toString('utf16le')
}

/** Writes a text in UTF-16. */
export function writeUtf16(text: string, encoding: Utf16): Buffer {
  const bytes = Buffer.from(text, 'utf16le')
  return encoding === 'utf-16le' ? bytes : bytes.swap16()
}

/** Reads a text in its charset, as it was searched for secrets; in UTF-8 where that is not known. */
export function decodeText(body: Buffer, contentType: string): string {
  const written = /;\s*charset\s*=\s*"?([\w.:-]+)/i.exec(isJsonType(contentType) ? '' : contentType)?.[1]
  try {
    const charset = findWideEncoding(body, contentType) ?? written ?? readDeclaration(body, contentType)
    return new TextDecoder(charset).decode(body)
  } catch {
    return body.toString('utf8')
  }
}

/** Bytes that the declaration of XML has at most. */
const longestDeclaration = 200

/** Reads which charset XML has by itself, where nothing else says it (RFC 7303 §3.2). One that is wide would show in its bytes. */
function readDeclaration(body: Buffer, contentType: string): string | undefined {
  if (!/^(?:application|text)\/(?:[^;]*\+)?xml\s*(?:;|$)/i.test(contentType)) return undefined
  const declaration = /^<\?xml\s[^>]*?encoding\s*=\s*["']([\w.:-]+)/i
  const charset = declaration.exec(body.toString('latin1', 0, longestDeclaration))?.[1]
  return /^(?:utf|ucs|iso-10646)/i.test(charset ?? '') ? undefined : charset
}
