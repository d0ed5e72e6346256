/**
 * Returns a text as one line, cut to a length: white space and control characters, which may end a line for some
 * readers, become single spaces.
 */
export function flattenText(text: string, longest = Number.POSITIVE_INFINITY): string {
  // A text of megabytes is not read as a whole for its beginning.
  const beginning = text.trimStart().slice(0, 4 * longest)
  const line = beginning.replaceAll(/[\s\p{Cc}]+/gu, ' ').trim()
  return line.slice(0, longest).toWellFormed()
}

/** Cuts a text that is longer, within no character, and says so. */
export function shorten(text: string, longest: number): string {
  return text.length > longest ? `${text.slice(0, longest).toWellFormed()}…` : text
}

/** Quotes a name that the client sent for a message: shortened, escaped, and redacted where it may be a secret. */
export function quoteName(name: string): string {
  if (/@|%40|^ey[\w-]+\./.test(name)) return '"[redacted]"'
  return JSON.stringify(shorten(name, 64))
}

/** Quotes a text as JSON, in which characters that cannot be seen, or that turn the order of others, are escaped. */
export function quoteText(text: string): string {
  return escapeInvisible(JSON.stringify(text))
}

/** Escapes the characters of a text that cannot be seen, that end a line, or that turn the order of others. */
export function escapeInvisible(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\ud800-\udfff\u2028\u2029]/gu, (one) => {
    const code = one.codePointAt(0) ?? 0
    return `\\u{${code.toString(16)}}`
  })
}
