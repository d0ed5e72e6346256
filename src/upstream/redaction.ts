import { isUtf8 } from 'node:buffer'
import type { ResponseRules } from '../document/api.ts'
import { parseExactly } from '../document/exact-numbers.ts'
import { exceeds, isObject } from '../document/json.ts'
import { escapeUnicode } from '../document/parameter-writing.ts'
import { mark, takeOut } from './secret-spellings.ts'
import { readUtf16, type Utf16, writeUtf16 } from './wide-text.ts'

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
 * Takes out of an upstream's error body what it echoes of the request: members that repeat it, tokens, e-mail
 * addresses and the given spellings of secrets. A body that echoes nothing comes back as the very same bytes.
 */
export function redactError(
  body: Buffer,
  spellings: readonly string[],
  echoes: Echoes,
  encoding?: Utf16,
): Buffer {
  return redactBody(body, (text) => redactText(text, spellings), echoes, encoding)
}

/**
 * Takes the given spellings of secrets out of a body of JSON or text; without them it comes back as the very same bytes. The
 * search finds them in JSON where characters are escaped.
 */
export function redactSecrets(
  body: Buffer,
  spellings: readonly string[],
  escaped?: RegExp,
  encoding?: Utf16,
): Buffer {
  const isFound = encoding !== undefined || spellings.some((one) => body.includes(one))
  if (!isFound && !(body.includes('\\u') && escaped?.test(body.toString()))) return body
  return redactBody(body, (text) => takeOut(text, spellings), noEchoes, encoding)
}

/** Takes spellings of secrets out of bytes in each encoding that a text in them may have, whatever their type says. */
export function redactBytes(body: Buffer, spellings: readonly string[]): Buffer {
  let rest = body
  for (const write of writers) {
    const found = spellings.map((one) => write(one)).filter((one) => rest.includes(one))
    if (found.length === 0) continue
    const text = found.reduce(
      (all, one) => all.replaceAll(one.toString('latin1'), write(mark).toString('latin1')),
      rest.toString('latin1'),
    )
    rest = Buffer.from(text, 'latin1')
  }
  return rest
}

/** Write a text in the encodings that a text of an API may have. */
export const writers: readonly ((text: string) => Buffer)[] = [
  (text) => Buffer.from(text),
  (text) => writeUtf16(text, 'utf-16le'),
  (text) => writeUtf16(text, 'utf-16be'),
]

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
    const document = parseExactly(text.slice(begin.length))
    const clean = redactValue(document, redact, echoes)
    return clean === document ? text : begin + JSON.stringify(clean)
  } catch {
    // It is no JSON.
    return redact(text)
  }
}

/** Returns the very same value where nothing in it is redacted. */
function redactValue(value: unknown, redact: Redact, echoes: Echoes): unknown {
  if (typeof value === 'string') return redact(value)
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

/** Returns a text without the given spellings of secrets, tokens and e-mail addresses. */
export function redactText(text: string, spellings: readonly string[] = []): string {
  return redactAddresses(redactTokens(takeOut(text, spellings)))
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
