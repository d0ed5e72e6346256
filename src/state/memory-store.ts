import { GatewayError } from '../errors/gateway-error.ts'
import { type Clock, ExpiringMap } from './expiring-map.ts'
import type { Count, Kept, Store, WaitList } from './store.ts'

/** Bytes of records in memory at most, but for what calls write down that were let in before and cannot be bare. */
const capacity = 64 * 1024 * 1024

/** Part of it that records with a bare form may fill; beyond it some become bare, so that the next claim has room. */
const mostFilled = 15 / 16

/** Bytes that a record weighs beside its value. */
const overhead = 512

/** Counters in memory at most. Beyond it the oldest begin again. */
const mostCounters = 50_000

/** Bytes of what was used once in memory at most; beyond it nothing more may be used. */
const mostSpent = 16 * 1024 * 1024

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
  const spent = new MemoryRecords<true>(clock, mostSpent)
  const counters = new ExpiringMap<{ calls: number }>({ clock, capacity: mostCounters })
  const responses = new ExpiringMap<Marked<Value>>({
    clock,
    capacity: mostKept,
    weigh: ({ value }) => 1024 + JSON.stringify(value).length,
  })
  const count = (key: string, window: number): Count => {
    const counter = counters.get(key)
    if (counter === undefined) counters.set(key, { calls: 1 }, window)
    else counter.calls += 1
    return { calls: counter?.calls ?? 1, remaining: counters.remaining(key) }
  }
  return {
    claim: async (key, value, ttl, owner) => records.claim(key, value, ttl, owner),
    set: async (key, value, ttl, bare) => records.replace(key, value, ttl, bare),
    delete: async (key, claimed) => records.release(key, claimed),
    count: async (key, window) => count(key, window),
    spend: async (name, ttl) => spent.claim(name, true, ttl, name) === undefined,
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
    waits: createWaits(clock),
    available: true,
    close: async () => {},
  }
}

/** Creates a list of waits in this process's memory; of the waits of one name the longest counts. */
export function createWaits(clock: Clock): WaitList {
  const waiting = new ExpiringMap<true>({ clock, capacity: mostWaits })
  const waits = {
    isUsed: false,
    remaining: (name: string) => waiting.remaining(name),
    add(name: string, milliseconds: number) {
      waits.isUsed = true
      if (milliseconds > waiting.remaining(name)) waiting.set(name, true, milliseconds)
    },
  }
  return waits
}

interface StoredRecord<Value> {
  readonly value: Value
  readonly weight: number
  readonly expiresAt: number
  readonly owner: string
  /** What takes the place of the value where others need its room. */
  readonly bare?: Value | undefined
}

interface Share {
  weight: number
  /** Keys of the records that have a bare form, the oldest first. */
  readonly whole: Set<string>
}

/**
 * Records of which none is dropped before it expires. An owner may have as many bytes as are free: alone it gets half
 * of the store, and with each further owner there is less for everybody, but always something. Calls at the same time
 * may write down more than that: then the oldest records of the owner that has most become bare.
 */
class MemoryRecords<Value> {
  readonly #records = new Map<string, StoredRecord<Value>>()
  readonly #shares = new Map<string, Share>()
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
    if ((this.#shares.get(owner)?.weight ?? 0) + overhead > this.#capacity - this.#weight)
      throw new GatewayError('overloaded', {
        detail:
          'Nothing more can be remembered for this client now; send the call later, or without an idempotency key if it has one.',
        headers: { 'retry-after': '60' },
      })
    this.#set(key, { value, weight: weigh(value), expiresAt: this.#clock() + ttl, owner })
    return undefined
  }

  replace(key: string, value: Value, ttl: number, bare: Value | undefined): void {
    const owner = this.#records.get(key)?.owner ?? ''
    this.delete(key)
    this.#dropExpired()
    this.#set(key, { value, weight: weigh(value), expiresAt: this.#clock() + ttl, owner, bare })
    while (this.#weight > this.#capacity * mostFilled && this.#bareOldest());
  }

  /** Deletes the record that a call has claimed; one that has expired may be another call's by now. */
  release(key: string, claimed: Value): void {
    if (this.#records.get(key)?.value === claimed) this.delete(key)
  }

  delete(key: string): void {
    this.#uncount(key)
    this.#records.delete(key)
  }

  #set(key: string, record: StoredRecord<Value>): void {
    const { weight, owner, bare } = record
    const share = this.#shares.get(owner) ?? { weight: 0, whole: new Set() }
    this.#records.set(key, record)
    this.#shares.set(owner, share)
    if (bare !== undefined) share.whole.add(key)
    share.weight += weight
    this.#weight += weight
  }

  #uncount(key: string): void {
    const known = this.#records.get(key)
    const share = known && this.#shares.get(known.owner)
    if (!share) return
    share.whole.delete(key)
    share.weight -= known.weight
    this.#weight -= known.weight
    if (share.weight <= 0) this.#shares.delete(known.owner)
  }

  /** Makes the oldest record bare of the owner that has most. Returns whether there was one. */
  #bareOldest(): boolean {
    let largest: Share | undefined
    for (const share of this.#shares.values())
      if (share.whole.size > 0 && share.weight > (largest?.weight ?? 0)) largest = share
    const [key = ''] = largest?.whole ?? []
    const known = this.#records.get(key)
    if (known?.bare === undefined) return false
    const { bare: value, expiresAt, owner } = known
    this.#uncount(key)
    // It keeps its place, by which it expires.
    this.#set(key, { value, weight: weigh(value), expiresAt, owner })
    return true
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

function weigh(value: unknown): number {
  return overhead + JSON.stringify(value).length
}
