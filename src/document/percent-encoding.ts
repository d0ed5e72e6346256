/** A value that its place in a request has no spelling for; the message completes "the value …". */
export class UnwritableValue extends Error {
  override readonly name = 'UnwritableValue'
}

/** Percent-encodes a text (RFC 3986 §2.1) so that only unreserved characters stay. Throws an `UnwritableValue`. */
export function encodeText(text: string): string {
  if (!text.isWellFormed()) throw new UnwritableValue('must be Unicode text without lone surrogates')
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, encodeAscii)
}

/**
 * Percent-encodes a text for a query as the URL Standard's own serializer leaves it: `@` and `!()*` stay readable,
 * `'` does not.
 */
export function encodeQueryText(text: string): string {
  if (!text.isWellFormed()) throw new UnwritableValue('must be Unicode text without lone surrogates')
  return encodeURIComponent(text).replaceAll('%40', '@').replaceAll("'", '%27')
}

/** Percent-encodes a text for a query and leaves reserved characters that cannot end its value (`allowReserved`). */
export function encodeReserved(text: string): string {
  return encodeQueryText(text).replaceAll(/%(?:2F|3A|3F|5B|5D|24|2C|3B)/g, decodeURIComponent)
}

/** Percent-encodes given ASCII characters that `encodeURIComponent` leaves, where they separate values. */
export function encodeAscii(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`
}

/** Decodes a part of a path; what is no percent-encoded UTF-8 stays as it is. */
export function decodeText(raw: string): string {
  if (!raw.includes('%')) return raw
  try {
    return decodeURIComponent(raw)
  } catch {
    return raw
  }
}

/** Decodes a part of a query, where `+` is a space (URL Standard, urlencoded). */
export function decodeQueryText(raw: string): string {
  return decodeText(raw.replaceAll('+', ' '))
}
