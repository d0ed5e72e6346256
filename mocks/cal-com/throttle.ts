import type { IncomingHttpHeaders } from 'node:http'
import type { Clock } from './clock.ts'

const window = 60_000
const block = 60_000

interface Count {
  calls: number
  /** When the window began, or when the block ends. */
  since: number
  blockedUntil: number
}

/** What the throttle makes of a call: the headers of its response, and whether it goes on. */
export interface Passage {
  readonly allowed: boolean
  readonly headers: Readonly<Record<string, string>>
}

/** Counts a call and says whether it goes on. */
export type Throttle = (headers: IncomingHttpHeaders, address: string) => Passage

/** Counts calls a minute by API key, access token, client id or address, in that order; blocks for a minute. */
export function createThrottle(clock: Clock, blocks = true): Throttle {
  const counts = new Map<string, Count>()
  return (headers, address) => {
    const [key, limit] = track(headers, address)
    const now = clock()
    const known = counts.get(key)
    const count =
      known && now < Math.max(known.since + window, known.blockedUntil)
        ? known
        : { calls: 0, since: now, blockedUntil: 0 }
    counts.set(key, count)
    count.calls += 1
    if (count.calls > limit && count.blockedUntil === 0) count.blockedUntil = now + block
    const end = count.blockedUntil || count.since + window
    return {
      allowed: !blocks || count.blockedUntil === 0,
      headers: {
        'x-ratelimit-limit-default': String(limit),
        'x-ratelimit-remaining-default': String(blocks ? Math.max(limit - count.calls, 0) : limit),
        'x-ratelimit-reset-default': String(Math.ceil((end - now) / 1000)),
      },
    }
  }
}

/** A call with the secret alone counts for its address: the secret is not looked at here. */
function track({ authorization, ...headers }: IncomingHttpHeaders, address: string): [string, number] {
  const token = authorization?.replace(/^Bearer /, '')
  if (token?.startsWith('cal_')) return [`key ${token}`, 120]
  if (token) return [`token ${token}`, 500]
  const client = headers['x-cal-client-id']
  return client ? [`client ${client}`, 500] : [`address ${address}`, 120]
}
