import type { OracleParameter, Spelling } from './operations.ts'
import { asPart } from './schema.ts'

/** A pair of a query or form: what separates its elements is kept, so that it can be told from what they hold. */
export interface ExpectedPair {
  readonly name: string
  /** One text, or the elements of a joined list. */
  readonly value: string | readonly string[]
  /** What a joined list is split by, as it arrives. */
  readonly separator?: Separator
}

/** What separates the elements of a list. */
export type Separator = 'comma' | 'space' | 'pipe' | 'tab'

/** Percent-encodes everything that is not unreserved (RFC 3986 §2.3). */
export function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

/** Writes a value that is no list and no object. */
export function toText(value: unknown): string {
  if (value === null) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** Writes a path parameter (RFC 6570 §3.2). */
export function spellPath({ name, spelling, explode, mediaType }: OracleParameter, value: unknown): string {
  if (mediaType !== undefined)
    return encode(typeof value === 'string' && !/json/.test(mediaType) ? value : JSON.stringify(value))
  const texts = toElements(value, explode).map(encodeElement)
  if (spelling === 'label')
    return `.${texts.map((text) => (explode ? text.replaceAll('.', '%2E') : text)).join(explode ? '.' : ',')}`
  if (spelling !== 'matrix') return texts.join(',')
  if (!explode || typeof value !== 'object') return `;${encode(name)}=${texts.join(',')}`
  return Array.isArray(value)
    ? texts.map((text) => `;${encode(name)}=${text}`).join('')
    : `;${texts.join(';')}`
}

/** Writes an element; the equals sign of a member stays. */
function encodeElement(element: readonly string[]): string {
  return element.map(encode).join('=')
}

/** Lists the elements of a list or object, members as one or two. */
function toElements(value: unknown, explode: boolean): string[][] {
  if (Array.isArray(value)) return value.map((one) => [toText(one)])
  if (typeof value !== 'object' || value === null) return [[toText(value)]]
  return Object.entries(value).flatMap(([name, one]) =>
    explode ? [[name, toText(one)]] : [[name], [toText(one)]],
  )
}

/** Writes a header parameter. */
export function spellHeader({ explode, mediaType }: OracleParameter, value: unknown): string {
  if (mediaType !== undefined)
    return typeof value === 'string' && !/json/.test(mediaType) ? value : JSON.stringify(value)
  return toElements(value, explode)
    .map((element) => element.join('='))
    .join(',')
}

/** Writes a cookie parameter as pairs of a `Cookie` header. */
export function spellCookie({ name, explode }: OracleParameter, value: unknown): string[] {
  if (explode && Array.isArray(value)) return value.map((one) => `${name}=${encode(toText(one))}`)
  return [`${name}=${toElements(value, false).flat().map(encode).join(',')}`]
}

/** Writes a value as pairs of a query or form. */
export function spellPairs(
  name: string,
  value: unknown,
  spelling: Spelling,
  explode: boolean,
  mediaType?: string,
): ExpectedPair[] {
  if (mediaType !== undefined)
    return [
      { name, value: typeof value === 'string' && !/json/.test(mediaType) ? value : JSON.stringify(value) },
    ]
  if (typeof value !== 'object' || value === null) return [{ name, value: toText(value) }]
  if (spelling === 'deep') return spellDeep(name, value)
  if (explode)
    return Array.isArray(value)
      ? value.map((one) => ({ name, value: toText(one) }))
      : Object.entries(value).map(([member, one]) => ({ name: member, value: toText(one) }))
  const separators: Readonly<Record<string, Separator>> = { space: 'space', tab: 'tab', pipe: 'pipe' }
  return [{ name, value: toElements(value, false).flat(), separator: separators[spelling] ?? 'comma' }]
}

function spellDeep(name: string, value: object): ExpectedPair[] {
  return Object.entries(asPart(Array.isArray(value) ? { ...value } : value)).flatMap(([member, one]) =>
    typeof one === 'object' && one !== null
      ? spellDeep(`${name}[${member}]`, one)
      : [{ name: `${name}[${member}]`, value: toText(one) }],
  )
}

const written: Readonly<Record<Separator, string>> = { comma: ',', space: '%20', pipe: '%7C', tab: '%09' }

/** Writes pairs as a query or form. */
export function joinPairs(pairs: readonly ExpectedPair[]): string {
  return pairs
    .map(
      ({ name, value, separator = 'comma' }) =>
        `${encode(name)}=${typeof value === 'string' ? encode(value) : value.map(encode).join(written[separator])}`,
    )
    .join('&')
}

const arrived: Readonly<Record<Separator, RegExp>> = {
  comma: /,/,
  space: /%20|\+/,
  pipe: /\||%7c/i,
  tab: /%09|\t/i,
}

/** Gives pairs in one form that does not depend on their order but within one name. */
export function canonize(pairs: readonly ExpectedPair[]): string[] {
  return pairs
    .map(({ name, value }) => JSON.stringify([name, typeof value === 'string' ? value : [...value]]))
    .sort(byName)
}

function byName(one: string, other: string): number {
  const [a = '', b = ''] = [one, other].map((text) => String(JSON.parse(text)[0]))
  return a < b ? -1 : a > b ? 1 : 0
}

/** Reads a query or form that arrived, its lists split where a list is expected. */
export function readArrived(raw: string, expected: readonly ExpectedPair[]): ExpectedPair[] {
  const separators = new Map(expected.map(({ name, separator }) => [name, separator]))
  return raw
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const [key = '', text = ''] = pair.split(/=(.*)/s)
      const name = decode(key)
      const separator = separators.get(name)
      return { name, value: separator ? text.split(arrived[separator]).map(decode) : decode(text) }
    })
}

function decode(raw: string): string {
  try {
    return decodeURIComponent(raw.replaceAll('+', ' '))
  } catch {
    return raw
  }
}

/** Gives a path in one form: what may stand in a path either way is decoded, the rest encoded in capitals. */
export function normalizePath(path: string): string {
  return path
    .replaceAll(/[^\x21-\x7e]|["<>\\^`{|}]/gu, encodeURIComponent)
    .replaceAll(/%([0-9a-f]{2})/gi, (triplet, digits: string) => {
      const character = String.fromCharCode(Number.parseInt(digits, 16))
      return /[A-Za-z0-9\-._~!'()*:@$&+]/.test(character) ? character : triplet.toUpperCase()
    })
}
