/** Tells the time in milliseconds; any origin will do, as long as it never goes back. */
export type Clock = () => number

interface Entry<Value> {
  readonly value: Value
  readonly weight: number
  readonly expiresAt: number
}

/** What an expiring map may hold. */
export interface MapOptions<Value> {
  readonly clock: Clock
  /** Sum of all weights at most; the oldest entries give way. */
  readonly capacity: number
  /** Weight of a value, in the unit of the capacity; 1 by default. */
  readonly weigh?: (value: Value) => number
}

/** A bounded map whose entries end at a time of their own; it needs no timer, since the expired are passed over. */
export class ExpiringMap<Value> {
  readonly #entries = new Map<string, Entry<Value>>()
  readonly #options: MapOptions<Value>
  #weight = 0

  constructor(options: MapOptions<Value>) {
    this.#options = options
  }

  get(key: string): Value | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined || entry.expiresAt > this.#options.clock()) return entry?.value
    this.delete(key)
    return undefined
  }

  /** Returns the milliseconds until an entry ends; 0 when there is none. */
  remaining(key: string): number {
    return Math.max(0, (this.#entries.get(key)?.expiresAt ?? 0) - this.#options.clock())
  }

  /** Sets an entry for `ttl` milliseconds. A value that weighs more than the whole capacity is not kept. */
  set(key: string, value: Value, ttl: number): void {
    const { clock, capacity, weigh = () => 1 } = this.#options
    this.delete(key)
    const weight = weigh(value)
    if (weight > capacity) return
    for (const [oldest, { expiresAt }] of this.#entries) {
      if (expiresAt > clock() && this.#weight + weight <= capacity) break
      this.delete(oldest)
    }
    this.#entries.set(key, { value, weight, expiresAt: clock() + ttl })
    this.#weight += weight
  }

  delete(key: string): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    this.#entries.delete(key)
    this.#weight -= entry.weight
  }

  /** Deletes the entries for which the test holds. */
  forget(test: (value: Value) => boolean): void {
    for (const [key, { value }] of this.#entries) if (test(value)) this.delete(key)
  }
}
