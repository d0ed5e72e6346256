import { GatewayError } from '../errors/gateway-error.ts'
import { type Clock, ExpiringMap } from './expiring-map.ts'

/** How many calls were counted in the current window, and how many milliseconds of it are left. */
export interface Count {
  readonly calls: number
  readonly remaining: number
}

/** Counts calls for the limits; replicas that share a limit share a store. */
export interface CounterStore {
  /**
   * Adds 1 to a counter and resolves with its new value, in one atomic step. The window, in milliseconds, begins with
   * the first count; the counter ends with it.
   */
  count(key: string, window: number): Promise<Count>
}

/**
 * Where records live that replicas of the gateway may share. Values are JSON: an implementation may write them
 * down. Every method may take its time and may reject. A record is kept until it expires: a store that is full refuses.
 */
export interface Store<Value> extends CounterStore {
  /**
   * Sets a record of an owner for `ttl` milliseconds unless there is one, and resolves with the one that was there.
   * Rejects with `overloaded` when the owner has had its share of the store.
   */
  claim(key: string, value: Value, ttl: number, owner: string): Promise<Value | undefined>
  /** Replaces a record that was claimed, for `ttl` milliseconds; there is room for it, however full the store is. */
  set(key: string, value: Value, ttl: number): Promise<void>
  delete(key: string): Promise<void>
}

/** Bytes of JSON in memory at most, but for the values of records that were claimed before. */
const capacity = 64 * 1024 * 1024

/** Bytes that a record weighs beside its value. */
const overhead = 512

/** Counters in memory at most. Beyond it the oldest begin again. */
const mostCounters = 50_000

/** Creates a store in this process's memory. */
export function createMemoryStore<Value>(clock: Clock, most = capacity): Store<Value> {
  const records = new MemoryRecords<Value>(clock, most)
  const counters = new ExpiringMap<{ calls: number }>({ clock, capacity: mostCounters })
  return {
    claim: async (key, value, ttl, owner) => records.claim(key, value, ttl, owner),
    set: async (key, value, ttl) => records.replace(key, value, ttl),
    delete: async (key) => records.delete(key),
    async count(key, window) {
      const counter = counters.get(key)
      if (counter === undefined) counters.set(key, { calls: 1 }, window)
      else counter.calls += 1
      return { calls: counter?.calls ?? 1, remaining: counters.remaining(key) }
    },
  }
}

interface StoredRecord<Value> {
  readonly value: Value
  readonly weight: number
  readonly expiresAt: number
  readonly owner: string
}

/**
 * Records of which none is dropped before it expires. An owner may have as many bytes as are free: alone it gets half
 * of the store, and with each further owner there is less for everybody, but always something.
 */
class MemoryRecords<Value> {
  readonly #records = new Map<string, StoredRecord<Value>>()
  readonly #shares = new Map<string, number>()
  readonly #clock: Clock
  readonly #capacity: number
  #weight = 0

  constructor(clock: Clock, most: number) {
    this.#clock = clock
    this.#capacity = most
  }

  claim(key: string, value: Value, ttl: number, owner: string): Value | undefined {
    const known = this.#records.get(key)
    if (known && known.expiresAt > this.#clock()) return known.value
    this.delete(key)
    this.#dropExpired()
    if ((this.#shares.get(owner) ?? 0) + overhead > this.#capacity - this.#weight)
      throw new GatewayError('overloaded', {
        detail:
          'Nothing more can be remembered for this client now; send the call later, or without an idempotency key.',
        headers: { 'retry-after': '60' },
      })
    this.#set(key, value, ttl, owner)
    return undefined
  }

  replace(key: string, value: Value, ttl: number): void {
    const owner = this.#records.get(key)?.owner ?? ''
    this.delete(key)
    this.#set(key, value, ttl, owner)
  }

  delete(key: string): void {
    const known = this.#records.get(key)
    if (!known) return
    const share = (this.#shares.get(known.owner) ?? 0) - known.weight
    this.#records.delete(key)
    this.#weight -= known.weight
    if (share > 0) this.#shares.set(known.owner, share)
    else this.#shares.delete(known.owner)
  }

  #set(key: string, value: Value, ttl: number, owner: string): void {
    const weight = overhead + JSON.stringify(value).length
    this.#records.set(key, { value, weight, expiresAt: this.#clock() + ttl, owner })
    this.#shares.set(owner, (this.#shares.get(owner) ?? 0) + weight)
    this.#weight += weight
  }

  /** Records are in the order of their last setting, and all live equally long. */
  #dropExpired(): void {
    const now = this.#clock()
    for (const [key, { expiresAt }] of this.#records) {
      if (expiresAt > now) return
      this.delete(key)
    }
  }
}
