/**
 * What only Cal.com does. Everything else in the gateway loops over the document's operations and would
 * serve another upstream unchanged.
 */

/** Headers of an answer that reach the caller; all others stay here. */
export const safeAnswerHeaders: ReadonlySet<string> = new Set([
  'content-type',
  'x-request-id',
  'x-ratelimit-limit-default',
  'x-ratelimit-remaining-default',
  'x-ratelimit-reset-default',
  'retry-after',
])

/** Name of the upstream as a reader knows it. */
export const upstreamName = 'Cal.com'

/** Seconds to wait after a 429: Cal.com sends no `Retry-After`, its reset header counts the seconds left. */
export function readRetryAfter(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): number | undefined {
  const text = headers['retry-after'] ?? headers['x-ratelimit-reset-default']
  return typeof text === 'string' && /^\d{1,6}$/.test(text) ? Number(text) : undefined
}

/**
 * Headers that tell Cal.com's throttle whose call it is: with the client id a client has 500 calls a minute,
 * without it all clients behind this address share 120.
 */
export function describeCaller(path: Readonly<Record<string, unknown>>): Record<string, string> {
  return typeof path.clientId === 'string' ? { 'x-cal-client-id': path.clientId } : {}
}

/** The path variable that names the OAuth client of a call. */
export const clientVariable = 'clientId'

/** Members of Cal.com's validation errors that repeat the request (class-validator's `target` and `value`). */
export const echoingMembers: ReadonlySet<string> = new Set(['target', 'value'])

/** The member that repeats the request's URL with its query. */
export const urlMember = 'path'
