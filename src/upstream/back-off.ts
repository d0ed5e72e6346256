import { GatewayError } from '../errors/gateway-error.ts'
import type { Fingerprint } from '../state/fingerprint.ts'
import type { WaitList } from '../state/store.ts'
import { currentCall, type Interceptor, type UpstreamResponse } from './call.ts'

/** Seconds for which a client is refused at most, whatever the upstream says. */
const longestWait = 300

/** Seconds that a client is told to wait at most, as many as a number of six digits can say. */
const longestTold = 999_999

/** A date of HTTP, obsolete forms included: that of `asctime` has no zone and means GMT too (RFC 9110 §5.6.7). */
const httpDate = /^[A-Z][a-z]{2,8},? [\w -]*\d\d:\d\d:\d\d(?: \d{4})?(?: GMT)?$/

/**
 * Returns the seconds to wait that a response names, as a number or a date (RFC 9110 §10.2.3), in `Retry-After` or else
 * in another header of the upstream's.
 */
export function readRetryAfter(
  headers: UpstreamResponse['headers'],
  header = 'retry-after',
): number | undefined {
  return readSeconds(headers['retry-after']) ?? readSeconds(headers[header])
}

function readSeconds(value: string | string[] | undefined): number | undefined {
  if (typeof value !== 'string') return undefined
  if (/^\d{1,6}$/.test(value)) return Number(value)
  if (!httpDate.test(value)) return undefined
  // The clock of the store may begin anywhere, and a date can be compared with the system's alone.
  const seconds = Math.ceil((Date.parse(value.replace(/(?: GMT)?$/, ' GMT')) - Date.now()) / 1_000)
  return Number.isNaN(seconds) ? undefined : Math.min(Math.max(seconds, 0), longestTold)
}

/**
 * Refuses the calls of a client that the upstream has asked to wait, until then, and gives a 429 the `Retry-After`
 * that clients know to read. Clients of different upstreams are different ones. The header says how long to wait, where
 * the upstream sends no `Retry-After` that can be read. Rejects with `upstream_rate_limited`.
 */
export function backOff(
  waits: WaitList,
  fingerprint: Fingerprint,
  upstream: string,
  header?: string,
): Interceptor {
  const nameClient = () => fingerprint.nameClient(currentCall().identify(), upstream)
  return (send) => async (request) => {
    // A name costs a hash; it is made only while somebody has to wait.
    const wait = waits.isUsed ? Math.ceil(waits.remaining(nameClient()) / 1000) : 0
    if (wait > 0) throw refuse(wait)
    const response = dropUnreadable(await send(request))
    const seconds = response.status === 429 ? readRetryAfter(response.headers, header) : undefined
    if (seconds === undefined) return response
    const refused = Math.min(seconds, longestWait)
    if (refused > 0) waits.add(nameClient(), refused * 1000)
    return { ...response, headers: { ...response.headers, 'retry-after': String(seconds) } }
  }
}

/** Leaves a `Retry-After` out that says no time, of which each client would make something else. */
function dropUnreadable(response: UpstreamResponse): UpstreamResponse {
  const told = response.headers['retry-after']
  if (told === undefined || readSeconds(told) !== undefined) return response
  const { 'retry-after': _, ...headers } = response.headers
  return { ...response, headers }
}

function refuse(seconds: number): GatewayError {
  return new GatewayError('upstream_rate_limited', {
    detail: `The upstream wants no call of this client for another ${seconds} seconds.`,
    headers: { 'retry-after': String(seconds) },
  })
}
