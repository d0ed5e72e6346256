import { isIP } from 'node:net'

/**
 * Where Cal.com is laxer or odder than the document: the document says what the gateway lets through, this file
 * what Cal.com would make of everything else. Each entry is a fact read in Cal.com's last public source, or one
 * inferred from it where it says so.
 */

/** Paths match in any case, with a slash at the end too, and below `/api/v2` as below `/v2`. */
export const routing = { caseSensitive: false, ignoreTrailingSlash: true } as const
export function rewriteUrl({ url = '/' }: { readonly url?: string | undefined }): string {
  return url.replace(/^\/api\/v2\b/, '/v2')
}

/** Errors of the body parser, which stands before the throttle: their responses have no rate headers. */
export const beforeThrottle: readonly string[] = ['malformed_json', 'payload_too_large']

/** Reads a user id as Cal.com's pipe does: whatever `Number` takes for an integer, `0x10` and ` 12` included. */
export function coerceUserId(text: string): number | undefined {
  const value = Number(text)
  return text.trim() !== '' && Number.isInteger(value) ? value : undefined
}

/** Ids that are no int32 reach the database and fail there (inferred). */
export function fitsColumn(id: number): boolean {
  return id === Math.trunc(id) && Math.abs(id) <= 2_147_483_647
}

/** Reads `limit` and `offset` with `parseInt`, the first one of several: `5abc` is 5. */
export function coerceCount(values: readonly string[]): number | undefined {
  const [first] = values
  return first === undefined ? undefined : Number.parseInt(first, 10)
}

/** Drops unknown keys in silence, in every body. */
export function stripUnknown(
  body: Record<string, unknown>,
  known: readonly string[],
): Record<string, unknown> {
  return Object.fromEntries(
    known.filter((name) => Object.hasOwn(body, name)).map((name) => [name, body[name]]),
  )
}

/** Reads `timeFormat`, which is a number also when it is written as a text. */
export function coerceTimeFormat(value: unknown): unknown {
  return typeof value === 'string' && value.trim() !== '' ? Number(value) : value
}

/**
 * What the document narrows and Cal.com does not: any text is an address here, and checked by hand later; a picture
 * may be anywhere; a schedule is any number, of any owner.
 */
export const laxOnCreate = {
  email: { type: 'string' },
  weekStart: { type: 'string' },
  avatarUrl: { type: ['string', 'null'], format: 'lax-url' },
} as const
export const laxOnUpdate = {
  email: { type: ['string', 'null'] },
  avatarUrl: { type: ['string', 'null'], format: 'lax-url' },
  defaultScheduleId: { type: ['number', 'null'] },
} as const

/**
 * Checks the format `lax-url`, which is validator.js's `isURL`: http, https, ftp or no scheme, then an IP address or a
 * domain with a TLD.
 */
export function isLaxUrl(text: string): boolean {
  if (/[\s<>]/.test(text) || text.startsWith('mailto:')) return false
  const address = text.includes('://') ? text : `http://${text}`
  if (!/^(https?|ftp):\/\//i.test(address) || !URL.canParse(address)) return false
  const { hostname } = new URL(address)
  return isIP(hostname.replaceAll(/[[\]]/g, '')) > 0 || /^([a-z0-9-]+\.)+[a-z][a-z0-9-]+$/i.test(hostname)
}

/** Null passes these checks on update and then fails in the database (inferred). */
export const nullFails = ['email', 'weekStart', 'timeZone', 'metadata'] as const

/** A null time zone on create counts as none. */
export const nullIsAbsentOnCreate = ['timeZone', 'metadata'] as const

/** The check of an address on create: far from RFC 5321, and a failure is tRPC's. */
export const creatableEmail = /^[^\s@]+@[^\s@]+\.[^\s@]+$/

/** Keeps an address of the filter when it holds the client id, else rewrites it like a stored one. */
export function rewriteFilter(email: string, clientId: string): string {
  return email.includes(clientId) ? email : insertClient(email, clientId)
}

/** Rewrites an address as it is stored, `local+clientId@domain`, unless it is one already. */
export function rewriteEmail(email: string, clientId: string): string {
  return email.includes(`+${clientId}@`) ? email : insertClient(email, clientId)
}

function insertClient(email: string, clientId: string): string {
  const [local, ...domain] = email.split('@')
  return [`${local}+${clientId}`, ...domain].join('@')
}

/** Reads `emails` that go unchecked into the filter: given more than once, or as `emails[]`. */
export function readUncheckedEmails(query: URLSearchParams): string[] | undefined {
  const given = [...query.getAll('emails'), ...query.getAll('emails[]')]
  return given.length > 1 || query.has('emails[]') ? given : undefined
}

/**
 * Makes the username: local part and the first two labels of the domain, in lower case, dots kept, `+` and `_` as `-`.
 */
export function toUsername(email: string): string {
  const [local = '', domain = ''] = email.split('@')
  const [first = '', second = ''] = domain.split('.')
  return [local, first, second]
    .join('-')
    .toLowerCase()
    .replaceAll(/[^a-z0-9.]+/g, '-')
    .replaceAll(/^-|-$/g, '')
}

/** Re-cases a zone word by word as Cal.com does, which is right for Oslo and wrong for Port-au-Prince. */
export function recaseTimeZone(zone: string): string {
  const capitalise = (word: string) => word.charAt(0).toUpperCase() + word.slice(1).toLowerCase()
  const words = zone.split('/').map((part) => part.split('_').map(capitalise).join('_'))
  return words.join('/').replaceAll(/\b(gmt|est|utc)\b/gi, (name) => name.toUpperCase())
}
