import { GatewayError } from '../errors/gateway-error.ts'
import { type Clock, ExpiringMap } from './expiring-map.ts'
import type { Count, Kept, Store } from './store.ts'

/** Bytes of JSON in memory at most, but for the values of records that were claimed before. */
const capacity = 64 * 1024 * 1024

/** Bytes that a record weighs beside its value. */
const overhead = 512

/** Counters in memory at most. Beyond it the oldest begin again. */
const mostCounters = 50_000

/** Bytes of kept values in memory at most; beyond it the oldest are dropped. */
const mostKept = 16 * 1024 * 1024

/** Names that have to wait at most; beyond it those that have waited longest need not wait any longer. */
const mostWaits = 10_000

interface Marked<Value> extends Kept<Value> {
  readonly marks: readonly string[]
}

/** Creates a store in this process's memory. */
export function createMemoryStore<Value>(clock: Clock, most = capacity): Store<Value> {
  const records = new MemoryRecords<Value>(clock, most)
  const counters = new ExpiringMap<{ calls: number }>({ clock, capacity: mostCounters })
  const weigh = ({ value }: Marked<Value>) => 1024 + JSON.stringify(value).length
  const responses = new ExpiringMap<Marked<Value>>({ clock, capacity: mostKept, weigh })
  const waiting = new ExpiringMap<true>({ clock, capacity: mostWaits })
  const waits = {
    isUsed: false,
    remaining: (name: string) => waiting.remaining(name),
    add(name: string, milliseconds: number) {
      waits.isUsed = true
      waiting.set(name, true, milliseconds)
    },
  }
  const count = (key: string, window: number): Count => {
    const counter = counters.get(key)
    if (counter === undefined) counters.set(key, { calls: 1 }, window)
    else counter.calls += 1
    return { calls: counter?.calls ?? 1, remaining: counters.remaining(key) }
  }
  return {
    claim: async (key, value, ttl, owner) => records.claim(key, value, ttl, owner),
    set: async (key, value, ttl) => records.replace(key, value, ttl),
    delete: async (key, claimed) => records.release(key, claimed),
    count: async (key, window) => count(key, window),
    spend: async (name, ttl) => count(name, ttl).calls === 1,
    keep: async (key, kept, marks) => responses.set(key, { ...kept, marks }, kept.ttl),
    async take(key) {
      const found = responses.get(key)
      const ttl = responses.remaining(key)
      responses.delete(key)
      return { now: clock(), ...(found && { kept: { value: found.value, began: found.began, ttl } }) }
    },
    async mark(marks) {
      responses.forget((kept) => kept.marks.some((mark) => marks.includes(mark)))
      return clock()
    },
    waits,
    available: true,
    close: async () => {},
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

  /** Deletes the record that a call has claimed; one that has expired may be another call's by now. */
  release(key: string, claimed: Value): void {
    if (this.#records.get(key)?.value === claimed) this.delete(key)
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
