import type { GatewayError } from '../errors/gateway-error.ts'

/** What stands in the place of what was redacted. */
export const mark = '[redacted]'

/** Shorter texts are no secrets, and taking them out would garble the words they are a part of. */
const shortest = 6

/**
 * Lists the spellings in which an upstream repeats secrets: as they are, percent-encoded as in a URL (RFC 3986 §2.1) and
 * escaped as in JSON.
 */
export function spellSecrets(secrets: readonly string[]): string[] {
  return secrets.flatMap((secret) => {
    if (secret.length < shortest) return []
    return /^[\w.-]+$/.test(secret) || !secret.isWellFormed() ? [secret] : [...new Set(spell(secret))]
  })
}

function spell(secret: string): string[] {
  const encoded = encodeURIComponent(secret)
  const escaped = JSON.stringify(secret).slice(1, -1)
  return [
    secret,
    encoded,
    encoded.replaceAll(/%[0-9A-F]{2}/g, (one) => one.toLowerCase()),
    encoded.replaceAll('%2F', '/'),
    escaped,
    escaped.replaceAll('/', '\\/'),
  ]
}

/** Returns a text with a mark in the place of each of the given spellings. */
export function takeOut(text: string, spellings: readonly string[]): string {
  let rest = text
  for (const spelling of spellings) rest = rest.replaceAll(spelling, mark)
  return rest
}

/** Characters of a shortened name at most, each escaped as `\u0000`. */
const longestName = 64 * 6

/** Returns an error without the given secrets, of which a client may have used one as the name of something. */
export function redactNames(error: GatewayError, secrets: readonly string[]): GatewayError {
  const spellings = spellSecrets(secrets)
  return error.mapTexts((text) => takeOutOfNames(text, spellings))
}

/** A name that is shortened (`quoteName`) may end within a secret. */
function takeOutOfNames(text: string, spellings: readonly string[]): string {
  let rest = takeOut(text, spellings)
  if (!rest.includes('…')) return rest
  for (const spelling of spellings)
    for (let length = Math.min(spelling.length, longestName); length >= shortest; length -= 1)
      rest = rest.replaceAll(`${spelling.slice(0, length)}…`, `${mark}…`)
  return rest
}
