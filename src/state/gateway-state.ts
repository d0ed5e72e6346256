import { randomBytes } from 'node:crypto'
import type { Clock } from './expiring-map.ts'
import { Fingerprint } from './fingerprint.ts'
import { createMemoryStore, type Store } from './store.ts'

/** What all calls of one gateway share. */
export interface GatewayState<Value> {
  /** Milliseconds, monotonic. */
  readonly clock: Clock
  /** Has the one key of every keyed hash. */
  readonly fingerprint: Fingerprint
  readonly store: Store<Value>
}

/** Creates the state of a gateway, in this process's memory. */
export function createState<Value>(): GatewayState<Value> {
  const clock = performance.now.bind(performance)
  return { clock, fingerprint: new Fingerprint(randomBytes(32)), store: createMemoryStore<Value>(clock) }
}
