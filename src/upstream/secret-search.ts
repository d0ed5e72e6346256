import type { GatewayError } from '../errors/gateway-error.ts'
import { cutEscape, listBegins, undoEscapes } from './escapes.ts'
import { writeUtf16 } from './wide-text.ts'

/** What stands in the place of what was redacted. */
export const mark = '[redacted]'

/** Shorter texts are no secrets, and taking them out would garble the words they are a part of. */
const shortest = 6

/** Escapes within one another that are undone, as of JSON in a URL in a page. */
const mostLevels = 4

/**
 * Letters and digits are escaped only where every character is. An escaped `%` or backslash may begin such an escape, and
 * numbers of characters in pages are rare.
 */
const escapedWord = /(?:\\u00|\\x|%)(?:3\d|[46][1-9a-f]|[57][\da]|25|5c)|&(?:amp;)*#/i
const anyEscape = /[\\%&]/

/** A part of a text. */
interface Place {
  readonly begin: number
  readonly end: number
}

const nowhere: readonly Place[] = []

/**
 * Finds secrets in texts, however these escape their characters: it looks for them in a text, and in what is left of it
 * when its escapes are undone, level by level. Bytes are searched as Latin-1.
 */
export class SecretSearch {
  readonly #secrets: readonly string[]
  /** Of each secret the longest word, which a text that repeats the secret has as it is, whatever else it escapes. */
  readonly #words: readonly string[]
  #forms: readonly string[] | undefined

  constructor(secrets: readonly string[]) {
    this.#secrets = secrets.flatMap(spellNumber).filter((one) => one.length >= shortest)
    this.#words = this.#secrets.map(findLongestWord)
  }

  /** Each secret as it stands in texts without escapes. */
  get forms(): readonly string[] {
    this.#forms ??= this.#secrets.flatMap(listForms)
    return this.#forms
  }

  /** Returns a text with a mark in the place of each secret. */
  takeOut(text: string): string {
    let clean = ''
    let from = 0
    for (const { begin, end } of this.find(text)) {
      clean += text.slice(from, begin) + writeMark(text.slice(begin, end))
      from = end
    }
    return from === 0 ? text : clean + text.slice(from)
  }

  /** Lists where the secrets are, in order. Those that overlap are in one place, so that none cuts another open. */
  find(text: string): readonly Place[] {
    if (!this.#mayHold(text)) return nowhere
    const places: Place[] = []
    for (const one of this.#findAll(text, mostLevels).sort((a, b) => a.begin - b.begin)) {
      const last = places.at(-1)
      if (!last || one.begin >= last.end) places.push(one)
      else places.splice(-1, 1, { begin: last.begin, end: Math.max(last.end, one.end) })
    }
    return places
  }

  #mayHold(text: string): boolean {
    if (this.#words.length === 0) return false
    return this.#words.some((one) => text.includes(one)) || escapedWord.test(text) || text.includes('\0')
  }

  #findAll(text: string, levels: number): Place[] {
    const found = this.forms.flatMap((one) => listPlaces(text, one))
    const plain = undoLevel(text, levels)
    const inner = plain === text ? [] : this.#findAll(plain, levels - 1)
    if (inner.length === 0) return found
    const begins = listBegins(text)
    const locate = (at: number) => begins[at] ?? text.length
    return [...found, ...inner.map(({ begin, end }) => ({ begin: locate(begin), end: locate(end) }))]
  }

  /**
   * Returns where at the end of a text a secret begins that is cut off after at least so many characters, or an escape is;
   * the length of the text where nothing is.
   */
  findCut(text: string, least = 1, levels = mostLevels): number {
    const end = text.search(cutEscape)
    const whole = end < 0 ? text : text.slice(0, end)
    let cut = least > 1 ? text.length : whole.length
    for (const form of this.forms)
      for (const one of [text, whole]) {
        const length = measureBeginning(one, form)
        if (length >= least) cut = Math.min(cut, one.length - length)
      }
    const plain = undoLevel(whole, levels)
    const inner = plain === whole ? plain.length : this.findCut(plain, least, levels - 1)
    return inner === plain.length ? cut : Math.min(cut, listBegins(whole)[inner] ?? cut)
  }
}

function undoLevel(text: string, levels: number): string {
  return levels > 0 && (anyEscape.test(text) || text.includes('\0')) ? undoEscapes(text) : text
}

/** Fewer digits than in `1.23456789` may be a coordinate by chance. */
const shortestMantissa = 10

/** Lists a secret of digits as programs write it that take it for a number: without zeros before it, rounded, `1.2345e+19`. */
function spellNumber(secret: string): string[] {
  if (!/^\d{1,300}$/.test(secret)) return [secret]
  const number = Number(secret)
  const [mantissa = ''] = number.toExponential().split('e')
  const spelled = [secret, String(number), ...(mantissa.length < shortestMantissa ? [] : [mantissa])]
  return [...new Set(spelled)]
}

function findLongestWord(secret: string): string {
  return secret.split(/[\W_]/).reduce((longest, one) => (one.length > longest.length ? one : longest), '')
}

/**
 * Lists a secret as JSON and forms write it and as the bytes of each encoding, and what each is without its escapes, of as
 * many levels as are undone in a text: a client may nest them in a secret as often as it likes.
 */
function listForms(secret: string): string[] {
  const forms = new Set<string>()
  const encoded = [Buffer.from(secret), writeUtf16(secret, 'utf-16le'), writeUtf16(secret, 'utf-16be')]
  let level = [secret, JSON.stringify(secret).slice(1, -1), ...encoded.map((one) => one.toString('latin1'))]
  for (let levels = 0; levels <= mostLevels; levels += 1) {
    const spaced = new Set(level.flatMap((one) => [one, one.replaceAll(' ', '+')]))
    const added = [...spaced].filter((one) => !forms.has(one))
    for (const one of added) forms.add(one)
    level = added.map(undoEscapes)
  }
  return [...forms].filter((one) => one.length >= shortest && !one.includes('\0'))
}

function listPlaces(text: string, form: string): Place[] {
  const places: Place[] = []
  for (let begin = text.indexOf(form); begin >= 0; begin = text.indexOf(form, begin + form.length))
    places.push({ begin, end: begin + form.length })
  return places
}

/** Counts the characters at the end of a text that a secret begins with, but for a whole one. */
function measureBeginning(text: string, form: string): number {
  const first = form.charAt(0)
  const from = Math.max(0, text.length - form.length + 1)
  for (let at = text.indexOf(first, from); at >= 0; at = text.indexOf(first, at + 1))
    if (form.startsWith(text.slice(at))) return text.length - at
  return 0
}

/** In UTF-16, of either order, each character has a zero beside it. */
function writeMark(found: string): string {
  if (!found.includes('\0')) return mark
  return `${found.startsWith('\0') ? '\0' : ''}${[...mark].join('\0')}`
}

/** Returns an error without the given secrets, of which a client may have used one as the name of something. */
export function redactNames(error: GatewayError, secrets: readonly string[]): GatewayError {
  const search = new SecretSearch(secrets)
  return error.mapTexts((text) => takeOutOfNames(text, search))
}

/** A name that is shortened (`quoteName`) may end within a secret. */
function takeOutOfNames(text: string, search: SecretSearch): string {
  const [last = '', ...parts] = search.takeOut(text).split('…').reverse()
  const clean = parts.reverse().map((part) => {
    const cut = search.findCut(part, shortest)
    return cut === part.length ? part : part.slice(0, cut) + mark
  })
  return [...clean, last].join('…')
}
