import { GatewayError } from '../errors.ts'
import { type Clock, ExpiringMap } from '../upstream/expiring-map.ts'

/** Deletions that a client may make at once … */
const burst = 10
/** … and milliseconds until it may make one more. */
const interval = 6_000
/** Clients that are counted at most; beyond it those that deleted longest ago begin anew. */
const capacity = 10_000

/**
 * A token bucket for deletions, one a client: a model that has gone astray deletes ten records, and then one every six
 * seconds, so that somebody can notice.
 */
export class DeletionLimit {
  readonly #clock: Clock
  /** When each client's bucket will be full again. */
  readonly #full: ExpiringMap<number>

  constructor(clock: Clock) {
    this.#clock = clock
    this.#full = new ExpiringMap({ clock, capacity })
  }

  /** Takes a token out of a client's bucket. Throws `rate_limited` when there is none. */
  take(client: string): void {
    const now = this.#clock()
    const missing = Math.max(0, (this.#full.get(client) ?? now) - now)
    if (missing > (burst - 1) * interval) {
      const seconds = Math.ceil((missing - (burst - 1) * interval) / 1_000)
      const detail = `A client deletes at most ${burst} records a minute here; the next one in ${seconds} seconds.`
      throw new GatewayError('rate_limited', { detail, headers: { 'retry-after': String(seconds) } })
    }
    this.#full.set(client, now + missing + interval, missing + interval)
  }
}
