import type { Rate } from '../config/environment.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { CounterStore } from './store.ts'

/**
 * Limits how many records a client may delete in a window of time, so that a model that deletes by mistake is stopped
 * while a person can still notice.
 */
export class DeletionLimit {
  readonly #rate: Rate | undefined
  readonly #store: CounterStore

  /** Limits nothing without a rate. */
  constructor(rate: Rate | undefined, store: CounterStore) {
    this.#rate = rate
    this.#store = store
  }

  /** Counts a deletion of a client, named by a hash. Rejects with `rate_limited` beyond the rate. */
  async take(client: string): Promise<void> {
    if (!this.#rate) return
    const { calls: limit, window } = this.#rate
    // A limit with another period counts anew: a counter ends with the window that it began with.
    const { calls, remaining } = await this.#store.count(`deletions:${window}:${client}`, window)
    if (calls <= limit) return
    const seconds = Math.ceil(remaining / 1_000)
    const detail = `A client may delete ${limit} records in ${window / 1_000} seconds here; the next one in ${seconds}.`
    throw new GatewayError('rate_limited', { detail, headers: { 'retry-after': String(seconds) } })
  }
}
