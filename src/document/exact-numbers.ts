import { randomUUID } from 'node:crypto'

/** Significant digits that a JavaScript number always keeps, where it is not written with an exponent. */
const digitsKept = 15

const [quote, backslash, plus, minus, point, zero, nine] = [34, 92, 43, 45, 46, 48, 57]
const [exponent, capitalExponent] = [101, 69]

/**
 * Parses a JSON text. A number that `JSON.stringify` would not give back with the same value, such as
 * 9007199254740993 or 1e400, becomes a raw JSON value (`JSON.isRawJSON`), which it does give back. Throws what
 * `JSON.parse` throws.
 */
export function parseExactly(text: string): unknown {
  // A marked number in the place of a key would be a key.
  const parsed: unknown = JSON.parse(text)
  const marked = markNumbers(text)
  return marked ? parseMarked(marked) : parsed
}

/** A JSON text whose numbers that would lose digits are strings that begin with a mark, which no other string has. */
export interface MarkedText {
  readonly text: string
  readonly mark: string
}

/** Marks the numbers of a JSON text that would lose digits: the first step of `parseExactly`. Undefined where none would. */
export function markNumbers(text: string): MarkedText | undefined {
  // A reviver with source text access would cost 20 times as much as JSON.parse.
  let marked = ''
  let done = 0
  let mark = ''
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    if (code === quote) index = findStringEnd(text, index)
    else if (code === minus || isDigit(code)) {
      const end = findNumberEnd(text, index)
      if (losesDigits(text, index, end)) {
        mark ||= randomUUID().slice(0, 8)
        marked += `${text.slice(done, index)}"${mark}${text.slice(index, end)}"`
        done = end
      }
      index = end - 1
    }
  }
  return done === 0 ? undefined : { text: marked + text.slice(done), mark }
}

/** Parses a marked text: the second step of `parseExactly`. */
export function parseMarked({ text, mark }: MarkedText): unknown {
  return restoreNumbers(JSON.parse(text), mark)
}

/** Makes raw JSON values of the strings that begin with the mark, in place. */
function restoreNumbers(value: unknown, mark: string): unknown {
  if (typeof value === 'string')
    return value.startsWith(mark) ? JSON.rawJSON(value.slice(mark.length)) : value
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) value[index] = restoreNumbers(value[index], mark)
  } else if (isRecord(value)) for (const name in value) value[name] = restoreNumbers(value[name], mark)
  return value
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

/** Returns whether a value, or one within it, is meant. */
export function holds(value: unknown, isMeant: (value: unknown) => boolean): boolean {
  return isMeant(value) || (isRecord(value) && Object.values(value).some((one) => holds(one, isMeant)))
}

/** Returns the index of the quote that ends the string which begins at an index of a JSON text. */
export function findStringEnd(text: string, start: number): number {
  let index = text.indexOf('"', start + 1)
  while (isEscaped(text, index)) index = text.indexOf('"', index + 1)
  return index
}

/** Returns whether an odd number of backslashes stands before an index. */
function isEscaped(text: string, index: number): boolean {
  let begin = index
  while (text.charCodeAt(begin - 1) === backslash) begin -= 1
  return (index - begin) % 2 === 1
}

function findNumberEnd(text: string, start: number): number {
  let end = start + 1
  while (isNumberPart(text.charCodeAt(end))) end += 1
  return end
}

function isNumberPart(code: number): boolean {
  return isDigit(code) || code === point || isExponent(code) || code === plus || code === minus
}

function isDigit(code: number): boolean {
  return code >= zero && code <= nine
}

function isExponent(code: number): boolean {
  return code === exponent || code === capitalExponent
}

/** Returns whether a number of a JSON text is another one, or none, as a JavaScript number. */
function losesDigits(text: string, start: number, end: number): boolean {
  if (end - start <= digitsKept && !hasExponent(text, start, end)) return false
  const source = text.slice(start, end)
  const written = String(Number(source))
  // The nearest number is never off by a power of ten, so that the digits tell.
  return written !== source && listDigits(written) !== listDigits(source)
}

function hasExponent(text: string, start: number, end: number): boolean {
  for (let index = start; index < end; index += 1) if (isExponent(text.charCodeAt(index))) return true
  return false
}

/** Lists the digits of a number from the first that is no zero, without the zeros at the end. */
function listDigits(text: string): string {
  const digits = text
    .replace(/[eE].*$/, '')
    .replace(/\D/g, '')
    .replace(/^0+/, '')
  let length = digits.length
  while (digits[length - 1] === '0') length -= 1
  return digits.slice(0, length)
}
