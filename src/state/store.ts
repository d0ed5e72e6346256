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
 * down. Every method may take its time and may reject.
 */
export interface Store<Value> extends CounterStore {
  /** Sets a record for `ttl` milliseconds unless there is one, and resolves with the one that was there. */
  claim(key: string, value: Value, ttl: number): Promise<Value | undefined>
  /** Sets a record for `ttl` milliseconds, whatever was there. */
  set(key: string, value: Value, ttl: number): Promise<void>
  delete(key: string): Promise<void>
}

/** Bytes of JSON that the store in memory holds at most. */
const capacity = 32 * 1024 * 1024

/** Counters in memory at most. Beyond it the oldest begin again. */
const mostCounters = 50_000

/** Creates a store in this process's memory. When it is full the oldest records give way. */
export function createMemoryStore<Value>(clock: Clock): Store<Value> {
  const weigh = (value: Value) => 256 + JSON.stringify(value).length
  const records = new ExpiringMap<Value>({ clock, capacity, weigh })
  const counters = new ExpiringMap<{ calls: number }>({ clock, capacity: mostCounters })
  return {
    async claim(key, value, ttl) {
      const held = records.get(key)
      if (held === undefined) records.set(key, value, ttl)
      return held
    },
    set: async (key, value, ttl) => records.set(key, value, ttl),
    delete: async (key) => records.delete(key),
    async count(key, window) {
      const counter = counters.get(key)
      if (counter === undefined) counters.set(key, { calls: 1 }, window)
      else counter.calls += 1
      return { calls: counter?.calls ?? 1, remaining: counters.remaining(key) }
    },
  }
}
