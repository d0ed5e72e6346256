import { writeCookiePairs } from './cookie-writing.ts'
import { encodeHeader } from './header-text.ts'
import { isObject, readOwn } from './json.ts'
import type { Operation } from './operations.ts'
import {
  createPathWriter,
  join,
  type PathWriter,
  requireContent,
  requireUnicode,
  UnwritableValue,
  writeContent,
  writeForm,
  writeHeaderText,
  writeText,
} from './parameter-writing.ts'
import type { Parameter } from './parameters.ts'
import { parseTemplate } from './path-template.ts'

/** The values of a call's parameters, by their places. */
export interface ParameterValues {
  readonly path: Readonly<Record<string, unknown>>
  readonly query: Readonly<Record<string, unknown>>
  readonly header: Readonly<Record<string, unknown>>
  readonly cookie?: Readonly<Record<string, unknown>>
}

/** What of an operation says how its requests are written. */
export type Templated = Pick<Operation, 'path' | 'parameters' | 'constantHeaders'>

/** Writes the requests of one operation. Throws an `UnwritableValue` on values that were not checked. */
export interface RequestWriter {
  readonly writePath: PathWriter
  /** Writes the query without the question mark, empty for none; absent where no request has one. */
  readonly writeQuery?: (values: ParameterValues['query']) => string
  /**
   * Writes the headers that are constant, and those that are parameters and no credentials, with the one of the cookies,
   * by lower-case names; absent where there are none.
   */
  readonly writeHeaders?: (values: ParameterValues) => Record<string, string>
}

/** Prepares the writing of an operation's requests. */
export function createRequestWriter({ path, parameters, constantHeaders }: Templated): RequestWriter {
  const { query: constant } = parseTemplate(path)
  const own = parameters.filter((one) => !one.isCredential)
  const inQuery = own.filter((one) => one.in === 'query' || one.in === 'querystring')
  const inHeader = own.filter((one) => one.in === 'header')
  const inCookie = own.filter((one) => one.in === 'cookie')
  const constants = Object.entries(constantHeaders ?? {}).map(([name, text]) => [name, encodeHeader(text)])
  return {
    writePath: createPathWriter(path, parameters),
    ...((inQuery.length > 0 || constant !== '') && {
      writeQuery: (values) => [constant, writeQuery(inQuery, values)].filter(Boolean).join('&'),
    }),
    ...((constantHeaders || inHeader.length + inCookie.length > 0) && {
      writeHeaders({ header, cookie = {} }) {
        const headers: Record<string, string> = Object.fromEntries(constants)
        for (const parameter of inHeader) {
          const value = readOwn(header, parameter.name)
          if (value !== undefined) headers[parameter.name.toLowerCase()] = writeHeaderText(parameter, value)
        }
        const pairs = inCookie.flatMap((parameter) => {
          const value = readOwn(cookie, parameter.name)
          return value === undefined ? [] : writeCookiePairs(parameter, value)
        })
        if (pairs.length > 0) headers.cookie = [headers.cookie ?? [], ...pairs].flat().join('; ')
        return headers
      },
    }),
  }
}

/**
 * Writes the query of a call, without the question mark and in the document's order. What is undefined is left out.
 * Throws an `UnwritableValue`.
 */
export function writeQuery(
  parameters: readonly Parameter[],
  values: Readonly<Record<string, unknown>>,
): string {
  const pairs: string[] = []
  for (const parameter of parameters) {
    const { name, in: place } = parameter
    const value = readOwn(values, name)
    if (value === undefined) continue
    if (place === 'query') pairs.push(...writePairs(parameter, value))
    if (place === 'querystring') pairs.push(writeWhole(parameter, value))
  }
  return pairs.join('&')
}

/**
 * Percent-encodes a text for a query as the URL Standard's own serializer leaves it: `@` and `!()*` stay readable,
 * `'` does not.
 */
export function encodeQueryText(text: string): string {
  return encodeURIComponent(requireUnicode(text)).replaceAll('%40', '@').replaceAll("'", '%27')
}

/** Percent-encodes a text for a query and leaves reserved characters that cannot end its value (`allowReserved`). */
function encodeReserved(text: string): string {
  return encodeQueryText(text).replaceAll(/%(?:2F|3A|3F|5B|5D|24|2C|3B)/g, decodeURIComponent)
}

/** Writes a value that is the query as a whole (OpenAPI 3.2, `in: querystring`). */
export function writeWhole(parameter: Parameter, value: unknown): string {
  if (parameter.mediaType === 'application/x-www-form-urlencoded' && isObject(value)) return writeForm(value)
  return encodeQueryText(writeContent(parameter, value))
}

/** Writes one query parameter as the pairs it comes to. */
export function writePairs(parameter: Parameter, value: unknown): string[] {
  const { name, style, explode, allowReserved, mediaType } = parameter
  const key = encodeQueryText(name)
  const encode = allowReserved ? encodeReserved : encodeQueryText
  if (mediaType !== undefined) return [`${key}=${encode(writeContent(parameter, value))}`]
  requireContent(value)
  if (style === 'deepObject' && isContainer(value)) return writeDeep(key, value, encode)
  if (explode && Array.isArray(value)) return value.map((one) => `${key}=${encode(writeText(one))}`)
  if (explode && isObject(value))
    return Object.entries(value).map(
      ([member, one]) => `${encodeQueryText(member)}=${encode(writeText(one))}`,
    )
  const separator = separators[style] ?? ','
  const keep = isContainer(value) ? refuseSeparator(decodeURIComponent(separator)) : (text: string) => text
  // A comma is the one separator that data may hold: there it is percent-encoded, `allowReserved` or not.
  const encodeElement = (text: string) => encode(keep(text)).replaceAll(',', '%2C')
  const text = join(value, { separator, explode: false, encode: isContainer(value) ? encodeElement : encode })
  return [`${key}=${text}`]
}

/** How values of the styles that are not exploded are joined; both are percent-encoded themselves. */
const separators: Readonly<Record<string, string | undefined>> = {
  spaceDelimited: '%20',
  pipeDelimited: '%7C',
}

/** An element that holds the separator cannot be told from two. */
function refuseSeparator(separator: string): (text: string) => string {
  return (text) => {
    if (separator !== ',' && text.includes(separator))
      throw new UnwritableValue(`must hold no ${separator === ' ' ? 'space' : separator} within an element`)
    return text
  }
}

/** Writes `a[b]=1`, `a[b][c]=2`, `a[d][0]=3`: OpenAPI describes the first alone, most servers read all. */
function writeDeep(key: string, value: object, encode: (text: string) => string): string[] {
  requireContent(value)
  return Object.entries(value).flatMap(([member, one]: [string, unknown]) => {
    // `a[]=1` is a list.
    if (member === '' || /[[\]]/.test(member))
      throw new UnwritableValue('must have no name that is empty or has brackets')
    const inner = `${key}[${encodeQueryText(member)}]`
    if (one === undefined) return []
    return isContainer(one) ? writeDeep(inner, one, encode) : [`${inner}=${encode(writeText(one))}`]
  })
}

function isContainer(value: unknown): value is object {
  return Array.isArray(value) || isObject(value)
}
