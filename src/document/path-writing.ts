import { writePathText } from './parameter-writing.ts'
import type { Parameter } from './parameters.ts'
import { parseTemplate } from './path-template.ts'
import { encodeAscii, UnwritableValue } from './percent-encoding.ts'

/**
 * Builds the upstream path of a call from checked values alone; nothing of the client's own URL is in it. Throws an
 * `UnwritableValue` on a value that is missing or that would leave its segment: an empty one and a dot segment have no
 * encoding, so the path would lead elsewhere (RFC 3986 §5.2.4).
 */
export function writePath(
  template: string,
  parameters: readonly Parameter[],
  values: Readonly<Record<string, unknown>>,
): string {
  const { parts } = parseTemplate(template)
  let path = parts[0] ?? ''
  for (let index = 1; index < parts.length; index += 2) {
    const name = parts[index] ?? ''
    const parameter = parameters.find((one) => one.in === 'path' && one.name === name)
    const value = values[name]
    if (!parameter || value === undefined) throw new UnwritableValue(`${name} must be given`)
    const text = writePathText(parameter, value)
    if (text === '') throw new UnwritableValue('must not be empty')
    path += protectSeparator(text, parts, index) + parts[index + 1]
  }
  if (/\/\.{1,2}(?:\/|$)/.test(path)) throw new UnwritableValue('must not be . or ..')
  return path
}

/**
 * Where two variables share a segment (`/{a}-{b}`), the literal between them is percent-encoded in the first, so that
 * it cannot be read as the separator.
 */
function protectSeparator(text: string, parts: readonly string[], index: number): string {
  const literal = parts[index + 1] ?? ''
  const isShared = index + 2 < parts.length && !literal.includes('/')
  const [separator] = literal
  if (!isShared || separator === undefined || /[\w%]/.test(separator)) return text
  return text.replaceAll(separator, encodeAscii)
}
