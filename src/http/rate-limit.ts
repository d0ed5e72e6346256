import { hash } from 'node:crypto'
import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { GatewayError } from '../errors/gateway-error.ts'
import { type Clock, ExpiringMap } from '../state/expiring-map.ts'

/** How many calls a caller has made in the window that runs, and how many milliseconds of it are left. */
export interface RateCount {
  readonly calls: number
  readonly remaining: number
}

/** Where calls are counted; replicas of the gateway that are to share a limit share one of these. */
export interface RateStore {
  /** Counts a call of a caller; its window, in milliseconds, begins with the first. */
  count(caller: string, window: number): RateCount | Promise<RateCount>
}

/** Callers that are counted at most; beyond it those counted longest begin anew. */
const capacity = 50_000

/** Counts in this process's memory. */
export function createMemoryRateStore(clock: Clock): RateStore {
  const callers = new ExpiringMap<{ calls: number }>({ clock, capacity })
  return {
    count(caller, window) {
      const known = callers.get(caller)
      if (known === undefined) callers.set(caller, { calls: 1 }, window)
      else known.calls += 1
      return { calls: known?.calls ?? 1, remaining: callers.remaining(caller) }
    },
  }
}

/** What the limit of a port depends on. */
export interface RateLimitOptions {
  /** Calls that a caller may make … */
  readonly calls: number
  /** … in so many milliseconds. */
  readonly window: number
  readonly store: RateStore
  /** Random bytes, the same wherever the store is shared: what it holds tells nothing of a secret. */
  readonly key: Uint8Array
  /** Headers that tell one caller from another at the same address. */
  readonly credentialHeaders: readonly string[]
}

/**
 * Limits how often one caller may call: whoever sends the same credential from the same address. The returned
 * check throws `rate_limited`; it counts the call otherwise.
 */
export function registerRateLimit(
  app: FastifyInstance,
  { calls, window, store, key, credentialHeaders }: RateLimitOptions,
): (request: FastifyRequest) => Promise<void> {
  const secret = Buffer.from(key).toString('base64url')
  // Nobody outside is told a hash, so that the key in front makes it as good as an HMAC, at a fifth of its price.
  const keyGenerator = ({ ip, headers }: FastifyRequest) => {
    let parts = `${secret}\n${ip}`
    // No header holds a line feed (RFC 9110 §5.5).
    for (const name of credentialHeaders) parts += `\n${unifySpelling(headers[name])}`
    return hash('sha256', parts, 'base64url')
  }
  app.register(rateLimit, {
    global: false,
    max: calls,
    timeWindow: window,
    keyGenerator,
    store: adaptStore(store),
  })
  let limit: ReturnType<FastifyInstance['createRateLimit']> | undefined
  app.after(() => {
    limit = app.createRateLimit()
  })
  // No route has a limit of its own to look up, and Fastify puts the options of one together anew for each look.
  const routeOptions = {}
  return async ({ ip, headers }) => {
    const verdict = await limit?.({ ip, headers, routeOptions } as FastifyRequest)
    if (verdict?.isAllowed === false && verdict.isExceeded)
      throw new GatewayError('rate_limited', { headers: { 'retry-after': String(verdict.ttlInSeconds) } })
  }
}

/** A bearer credential is the same however its scheme is written, and whatever blanks follow it (RFC 9110 §11.1). */
function unifySpelling(text: string | string[] = ''): string {
  return String(text).replace(/^bearer +/i, 'Bearer ')
}

/** The library makes its store itself and wants callbacks. */
function adaptStore(store: RateStore) {
  return class AdaptedStore {
    incr(
      caller: string,
      done: (error: Error | null, result?: { current: number; ttl: number }) => void,
      window: number,
    ): void {
      const tell = ({ calls, remaining }: RateCount) => done(null, { current: calls, ttl: remaining })
      const count = store.count(caller, window)
      if (count instanceof Promise) count.then(tell, done)
      else tell(count)
    }

    child(): AdaptedStore {
      return this
    }
  }
}
