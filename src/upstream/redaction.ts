import { isUtf8 } from 'node:buffer'
import type { ResponseRules } from '../document/api.ts'
import { parseExactly } from '../document/exact-numbers.ts'
import { exceeds, isJsonType, isObject } from '../document/json.ts'
import { isTextType } from '../document/media-types.ts'
import { escapeUnicode } from '../document/parameter-writing.ts'
import { mark, type SecretSearch } from './secret-search.ts'
import { findWideEncoding, readUtf16, type Utf16, writeUtf16 } from './wide-text.ts'

/** Between words. */
const separator = /[\s"'<>()[\]{},;:=]/
const separators = new RegExp(separator, 'g')
const signs = /@|%40/g
/** Addresses of one text, and names of one object, that are taken out one by one; what follows them is cut. */
const mostMarks = 1_000
/** Where tokens can be: their characters and dots. A run is matched once, whatever it holds. */
const dotted = /[\w.-]+/g
/** A token begins with `{"` in Base64 and has a header's worth of text. */
const tokenBegin = 'eyJ'
const shortestHeader = 10

/** Levels of JSON beyond which a body is taken for a text. */
const deepest = 512

/** The members of error responses that repeat the request. */
type Echoes = Pick<ResponseRules, 'echoMembers' | 'echoUrls'>

/**
 * Takes out of an upstream's error body what it echoes of the request: members that repeat it, tokens, e-mail addresses and
 * secrets. A body that echoes nothing comes back as the very same bytes.
 */
export function redactError(body: Buffer, search: SecretSearch, echoes: Echoes, encoding?: Utf16): Buffer {
  return redactBody(body, (text) => redactText(text, search), echoes, encoding)
}

/**
 * Takes secrets out of the body of a response that is no error; without them it comes back as the very same bytes. In bytes
 * that are no text an escape is chance, and to undo all would take seconds.
 */
export function redactSecrets(body: Buffer, type: ContentType, search: SecretSearch): Buffer {
  if (isJsonType(String(type))) return redactTexts(body, search)
  const isText = isReadable(type)
  if (isText || isUtf8(body)) {
    const encoding = isText ? findWideEncoding(body, type && String(type)) : undefined
    return redactBytes(redactTexts(body, search, encoding === 'utf-32' ? undefined : encoding), search)
  }
  return search.forms.some((one) => body.includes(one, 'latin1')) ? redactBytes(body, search) : body
}

/** Returns whether a body with a type can repeat what the client wrote, as a text. */
export function isReadable(type: ContentType): boolean {
  return type === undefined || isTextType(String(type))
}

type ContentType = string | string[] | undefined

function redactTexts(body: Buffer, search: SecretSearch, encoding?: Utf16): Buffer {
  const isFound = encoding !== undefined || search.find(body.toString('latin1')).length > 0
  return isFound ? redactBody(body, (text) => search.takeOut(text), noEchoes, encoding) : body
}

/** Takes secrets out of bytes, whatever their type says. */
export function redactBytes(body: Buffer, search: SecretSearch): Buffer {
  const text = body.toString('latin1')
  const clean = search.takeOut(text)
  return clean === text ? body : Buffer.from(clean, 'latin1')
}

const noEchoes: Echoes = { echoMembers: new Set(), echoUrls: new Set() }

type Redact = (text: string) => string

function redactBody(body: Buffer, redact: Redact, echoes: Echoes, encoding: Utf16 | undefined): Buffer {
  // Of bytes in another charset, each stays the one that it was.
  const known = isUtf8(body) ? 'utf8' : 'latin1'
  const text = encoding ? readUtf16(body, encoding) : body.toString(known)
  const clean = redactDocument(text, redact, echoes)
  if (clean === text) return body
  if (encoding) return writeUtf16(clean, encoding)
  return Buffer.from(known === 'utf8' ? clean : clean.replaceAll(/[\u0100-\uffff]/g, escapeUnicode), known)
}

/** The mark that a text may begin with (Unicode §23.8): of JSON it is no part. */
const byteOrder = '\ufeff'

function redactDocument(text: string, redact: Redact, echoes: Echoes): string {
  if (exceeds(text, { depth: deepest })) return redact(text)
  try {
    const begin = text.startsWith(byteOrder) ? byteOrder : ''
    const json = text.slice(begin.length)
    const document = parseExactly(json)
    const clean = redactValue(document, redact, echoes)
    // A member that stands twice is in the text alone.
    return clean === document && redact(json) === json ? text : begin + JSON.stringify(clean)
  } catch {
    // It is no JSON.
    return redact(text)
  }
}

/** What is left of a number that is a secret, with a sign, a fraction or an exponent. One with further digits is another. */
const wholeNumber = /^-?\[redacted\](?:\D|$)/

/** Returns the very same value where nothing in it is redacted. */
function redactValue(value: unknown, redact: Redact, echoes: Echoes): unknown {
  if (typeof value === 'string') return redact(value)
  if (typeof value === 'number' || JSON.isRawJSON(value))
    return wholeNumber.test(redact(JSON.stringify(value))) ? mark : value
  if (Array.isArray(value)) {
    const clean = value.map((one) => redactValue(one, redact, echoes))
    return clean.every((one, index) => one === value[index]) ? value : clean
  }
  if (!isObject(value)) return value
  let isClean = true
  let marks = 0
  const members: [string, unknown][] = []
  for (const name in value) {
    if (marks > mostMarks) break
    const clean = redact(name)
    const one = redactMember(name, value[name], redact, echoes)
    if (clean !== name) marks += 1
    isClean &&= clean === name && one === value[name]
    members.push([clean, one])
  }
  return isClean ? value : Object.fromEntries(numberNames(members))
}

function redactMember(name: string, value: unknown, redact: Redact, echoes: Echoes): unknown {
  if (echoes.echoMembers.has(name)) return mark
  const isUrl = typeof value === 'string' && echoes.echoUrls.has(name)
  return redactValue(isUrl ? value.replace(/\?.*$/s, '') : value, redact, echoes)
}

/** Tells names apart that are the same when redacted, so that no member is lost. */
function numberNames(members: readonly [string, unknown][]): [string, unknown][] {
  const seen = new Map<string, number>()
  return members.map(([name, value]) => {
    const count = (seen.get(name) ?? 0) + 1
    seen.set(name, count)
    return [count === 1 ? name : `${name} ${count}`, value]
  })
}

/** Returns a text without the tokens (JWT) in it: three parts in Base64url, with dots between. */
export function redactTokens(text: string): string {
  return text.includes(tokenBegin) ? text.replaceAll(dotted, redactRun) : text
}

/** Returns bytes without the tokens in them, which are ASCII: most texts and files have it as it is. */
export function redactTokenBytes(body: Buffer): Buffer {
  return body.includes(tokenBegin) ? Buffer.from(redactTokens(body.toString('latin1')), 'latin1') : body
}

function redactRun(run: string): string {
  const parts = run.split('.')
  const clean: string[] = []
  for (let index = 0; index < parts.length; index += 1) {
    const [header = '', payload = '', signature] = parts.slice(index, index + 3)
    const begin = header.indexOf(tokenBegin)
    const isToken = begin >= 0 && header.length - begin >= shortestHeader
    if (isToken && payload !== '' && signature !== undefined) {
      clean.push(header.slice(0, begin) + mark)
      index += 2
    } else clean.push(header)
  }
  return clean.join('.')
}

/** Returns a text without secrets, tokens and e-mail addresses. */
export function redactText(text: string, search: SecretSearch): string {
  return redactAddresses(redactTokens(search.takeOut(text)))
}

/** Takes out the words with an at sign, and what is left of a text with too many of them. */
function redactAddresses(text: string): string {
  if (!text.includes('@') && !text.includes('%40')) return text
  let clean = ''
  let done = 0
  let marks = 0
  for (let sign = findSign(text, 0); sign >= 0; sign = findSign(text, done)) {
    marks += 1
    if (marks > mostMarks) return clean + mark
    let begin = sign
    while (begin > done && !separator.test(text.charAt(begin - 1))) begin -= 1
    separators.lastIndex = sign
    clean += text.slice(done, begin) + mark
    done = separators.exec(text)?.index ?? text.length
  }
  return clean + text.slice(done)
}

function findSign(text: string, from: number): number {
  signs.lastIndex = from
  return signs.exec(text)?.index ?? -1
}
