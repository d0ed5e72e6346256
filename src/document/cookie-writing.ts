import { isObject } from './json.ts'
import {
  type Encode,
  encodeText,
  join,
  requireContent,
  UnwritableValue,
  writeContent,
  writeText,
} from './parameter-writing.ts'
import type { Parameter } from './parameters.ts'

/** Writes a cookie parameter as the pairs of a `Cookie` header. Throws an `UnwritableValue`. */
export function writeCookiePairs(parameter: Parameter, value: unknown): string[] {
  const { name, explode, mediaType } = parameter
  const encode = chooseEncoding(parameter)
  if (mediaType !== undefined) return [`${name}=${encode(writeContent(parameter, value))}`]
  requireContent(value)
  if (explode && Array.isArray(value)) return value.map((one) => `${name}=${encode(writeText(one))}`)
  if (explode && isObject(value))
    return Object.entries(value).map(([key, one]) => `${checkName(key)}=${encode(writeText(one))}`)
  return [`${name}=${join(value, { separator: ',', explode: false, encode })}`]
}

function chooseEncoding({ style, isCredential }: Parameter): Encode {
  if (isCredential) return checkCredential
  return style === 'cookie' ? checkCookieText : encodeText
}

/** Refuses a credential that would end its pair: it is sent as it is, with whatever else a client may put into it. */
function checkCredential(text: string): string {
  if (/^[\x20-\x3a\x3c-\x7e]*$/.test(text)) return text
  throw new UnwritableValue('must be text that a cookie can carry')
}

/** Refuses what is no name of a cookie, but would become another cookie: its name is a token (RFC 6265 §4.1.1). */
function checkName(name: string): string {
  if (/^[\w!#$%&'*+.^`|~-]+$/.test(name)) return name
  throw new UnwritableValue('must have names that a cookie can have')
}

/** Refuses what a cookie cannot carry (RFC 6265 §4.1.1), and a comma, which separates elements. */
function checkCookieText(text: string): string {
  if (/^[\x21-\x7e]*$/.test(text) && !/[",;\\]/.test(text)) return text
  throw new UnwritableValue('must be text that a cookie can carry')
}
