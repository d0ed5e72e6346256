import type { GatewayError } from '../errors/gateway-error.ts'

/** What stands in the place of what was redacted. */
export const mark = '[redacted]'

/** Shorter texts are no secrets, and taking them out would garble the words they are a part of. */
const shortest = 6

/**
 * Lists the spellings in which an upstream repeats secrets: as they are, percent-encoded as in a URL (RFC 3986 §2.1),
 * escaped as in JSON and as in a page (HTML).
 */
export function spellSecrets(secrets: readonly string[]): string[] {
  return secrets.flatMap((secret) => {
    if (secret.length < shortest) return []
    return /^[\w.-]+$/.test(secret) || !secret.isWellFormed() ? [secret] : [...new Set(spell(secret))]
  })
}

function spell(secret: string): string[] {
  const escaped = JSON.stringify(secret).slice(1, -1)
  return [
    secret,
    ...unencoded.flatMap((kept) => spellInUrl(secret, kept)),
    escaped,
    escaped.replaceAll('/', '\\/'),
    ...entities.map((written) => secret.replaceAll(/\W/g, (one) => written[one] ?? named[one] ?? one)),
  ]
}

/** What libraries leave as it is in a URL, beside letters and digits: `encodeURIComponent`, `escape`, `encodeURI`, and segments of Go. */
const unencoded = ['', '/', '/+', ';,/?:@&=+$', '&=+$:@']

function spellInUrl(secret: string, kept: string): string[] {
  const encoded = encodeURIComponent(secret).replaceAll(/%[0-9A-F]{2}/g, (one) => {
    const plain = String.fromCharCode(Number.parseInt(one.slice(1), 16))
    return kept.includes(plain) ? plain : one
  })
  return [encoded, encoded.replaceAll(/%[0-9A-F]{2}/g, (one) => one.toLowerCase())]
}

/** What every library writes as an entity, and what each of them beside it: PHP, Python, Jinja, ASP.NET Core, Handlebars, Mustache. */
const named: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const entities: readonly Readonly<Record<string, string>>[] = [
  { "'": '&#039;' },
  { "'": '&#x27;' },
  { "'": '&#39;', '"': '&#34;' },
  { "'": '&#x27;', '+': '&#x2B;' },
  { "'": '&#x27;', '=': '&#x3D;' },
  { "'": '&#39;', '=': '&#x3D;', '/': '&#x2F;' },
]

/**
 * Prepares a search of JSON texts for secrets of which any character may be escaped (RFC 8259 §7): .NET writes `+` as
 * `\u002B`, and Go `&` as `\u0026`. Undefined where there is nothing to find.
 */
export function createEscapeSearch(secrets: readonly string[]): RegExp | undefined {
  const found = secrets.filter((secret) => secret.length >= shortest)
  if (found.length === 0) return undefined
  return new RegExp(found.map((secret) => secret.replaceAll(/./gs, spellInJson)).join('|'))
}

function spellInJson(character: string): string {
  const code = character.charCodeAt(0).toString(16).padStart(4, '0')
  const digits = code.replaceAll(/[a-f]/g, (one) => `[${one}${one.toUpperCase()}]`)
  return `(?:\\\\?\\u${code}|\\\\u${digits})`
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
