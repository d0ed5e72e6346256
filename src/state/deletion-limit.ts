import type { Rate } from '../config/environment.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import { type Clock, ExpiringMap } from './expiring-map.ts'

/** Callers that are counted at most; beyond it those that deleted longest ago begin anew. */
const capacity = 10_000

/**
 * A token bucket for deletions, one a caller: a model that has gone astray deletes as many records as the rate says at
 * once, and then one after the other so slowly that somebody can notice.
 */
export class DeletionLimit {
  readonly #rate: Rate | undefined
  readonly #clock: Clock
  /** When each caller's bucket will be full again. */
  readonly #full: ExpiringMap<number>

  /** Without a rate nothing is limited. */
  constructor(rate: Rate | undefined, clock: Clock) {
    this.#rate = rate
    this.#clock = clock
    this.#full = new ExpiringMap({ clock, capacity })
  }

  /** Takes a token out of a caller's bucket. Throws `rate_limited` when there is none. */
  take(caller: string): void {
    if (!this.#rate) return
    const { calls, window } = this.#rate
    const interval = window / calls
    const now = this.#clock()
    const missing = Math.max(0, (this.#full.get(caller) ?? now) - now)
    const late = missing - (calls - 1) * interval
    if (late > 0) {
      const seconds = Math.ceil(late / 1_000)
      const detail = `A caller may delete ${calls} records in ${window / 1_000} seconds here; the next one in ${seconds}.`
      throw new GatewayError('rate_limited', { detail, headers: { 'retry-after': String(seconds) } })
    }
    this.#full.set(caller, now + missing + interval, missing + interval)
  }
}
