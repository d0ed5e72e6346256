import { type Clock, ExpiringMap } from './expiring-map.ts'

/**
 * Where records live that replicas of the gateway may share. Values are JSON: an implementation may write them
 * down. Every method may take its time and may reject.
 */
export interface Store<Value> {
  /** Sets a record for `ttl` milliseconds unless there is one, and resolves with the one that was there. */
  claim(key: string, value: Value, ttl: number): Promise<Value | undefined>
  /** Sets a record for `ttl` milliseconds, whatever was there. */
  set(key: string, value: Value, ttl: number): Promise<void>
  delete(key: string): Promise<void>
}

/** Bytes of JSON that the store in memory holds at most. */
const capacity = 32 * 1024 * 1024

/** A store in this process's memory. When it is full the oldest records give way. */
export function createMemoryStore<Value>(clock: Clock): Store<Value> {
  const weigh = (value: Value) => 256 + JSON.stringify(value).length
  const records = new ExpiringMap<Value>({ clock, capacity, weigh })
  return {
    async claim(key, value, ttl) {
      const held = records.get(key)
      if (held === undefined) records.set(key, value, ttl)
      return held
    },
    set: async (key, value, ttl) => records.set(key, value, ttl),
    delete: async (key) => records.delete(key),
  }
}
