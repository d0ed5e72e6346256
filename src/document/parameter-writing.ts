import { writeForm } from './form.ts'
import { isObject } from './json.ts'
import { isJsonType } from './media-types.ts'
import { writeText } from './parameter-text.ts'
import type { Parameter } from './parameters.ts'
import { encodeAscii, encodeText, UnwritableValue } from './percent-encoding.ts'

type Encode = (text: string) => string

/**
 * Writes a path parameter (styles simple, label and matrix; RFC 6570 §3.2) as it stands in its segment. Throws an
 * `UnwritableValue` where the segment would be lost.
 */
export function writePathText(parameter: Parameter, value: unknown): string {
  const { name, style, explode } = parameter
  const key = encodeText(name)
  if (parameter.mediaType !== undefined) return encodeText(writeContent(parameter, value))
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

/** Writes a header parameter (style simple), which has no percent-encoding. Throws an `UnwritableValue`. */
export function writeHeaderText(parameter: Parameter, value: unknown): string {
  const { explode, mediaType } = parameter
  const isList = Array.isArray(value) || isObject(value)
  const encode: Encode = (text) =>
    isList && text.includes(',') ? refuse('must hold no comma within an element') : text
  const text =
    mediaType === undefined
      ? join(value, { separator: ',', explode, encode })
      : writeContent(parameter, value).replaceAll(/[\u007f-\uffff]/g, escapeUnicode)
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(text) ? text : refuse('must be text that a header can carry')
}

/** JSON has a spelling in ASCII for every character. */
function escapeUnicode(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** Writes a cookie parameter as the pairs of a `Cookie` header. Throws an `UnwritableValue`. */
export function writeCookiePairs(parameter: Parameter, value: unknown): string[] {
  const { name, style, explode, mediaType } = parameter
  const encode: Encode = style === 'cookie' ? checkCookieText : encodeText
  if (mediaType !== undefined) return [`${name}=${encode(writeContent(parameter, value))}`]
  if (explode && Array.isArray(value)) return value.map((one) => `${name}=${encode(writeText(one))}`)
  if (explode && isObject(value))
    return Object.entries(value).map(([key, one]) => `${key}=${encode(writeText(one))}`)
  return [`${name}=${join(value, { separator: ',', explode: false, encode })}`]
}

/** RFC 6265 §4.1.1, and without a comma, which separates elements. */
function checkCookieText(text: string): string {
  return /^[\x21-\x7e]*$/.test(text) && !/[",;\\]/.test(text)
    ? text
    : refuse('must be text that a cookie can carry')
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
