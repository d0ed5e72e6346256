/**
 * What stands for one character: escapes of JSON and other strings, however deep they nest, of URLs (RFC 3986 §2.1) and of
 * pages (HTML). A backslash before any other character stands for none.
 */
const escapes =
  /\\+(?:u[\da-f]{4}|x[\da-f]{2})?|%[\da-f]{2}|&#0*\d{1,6};|&#x0*[\da-f]{1,5};|&(?:amp|lt|gt|quot|apos);/gi

/** Of UTF-16, which has one beside each character of ASCII, those of an escape too. */
const zeros = /\0/g

const named: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&apos;': "'",
}

/** Returns a text with the characters that its escapes stand for; one with zeros without these, as a first step. */
export function undoEscapes(text: string): string {
  return text.replaceAll(chooseEscapes(text), readEscape)
}

/**
 * Lists where in a text each character begins of what it is without escapes, and where it ends. What stands for no character
 * belongs to the next one.
 */
export function listBegins(text: string): number[] {
  const begins: number[] = []
  let [begin, at] = [0, 0]
  for (const { 0: written, index } of [
    ...text.matchAll(chooseEscapes(text)),
    { 0: '', index: text.length + 1 },
  ]) {
    for (; at < index; begin = at) {
      begins.push(begin)
      at += 1
    }
    at += written.length
    const { length } = readEscape(written)
    for (let count = 0; count < length; count += 1) begins.push(begin)
    if (length > 0) begin = at
  }
  return begins
}

function chooseEscapes(text: string): RegExp {
  return text.includes('\0') ? zeros : escapes
}

function readEscape(written: string): string {
  if (written.startsWith('&#')) return String.fromCodePoint(Number(written.slice(2, -1).replace(/^x/i, '0x')))
  if (written.startsWith('&')) return named[written.toLowerCase()] ?? written
  const digits = written.slice(written.startsWith('%') ? 1 : written.lastIndexOf('\\') + 2)
  return digits === '' ? '' : String.fromCharCode(Number.parseInt(digits, 16))
}

/** Finds an escape at the end of a text that may go on. */
export const cutEscape = /[\\%&][#\w]{0,9}$/
