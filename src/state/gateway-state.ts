import { randomBytes } from 'node:crypto'
import type { SharedStateConfig } from '../config/network.ts'
import type { Clock } from './expiring-map.ts'
import { Fingerprint } from './fingerprint.ts'
import { createMemoryStore } from './memory-store.ts'
import type { RedisStoreOptions } from './redis-store.ts'
import { deriveKey } from './sealing.ts'
import type { Store } from './store.ts'

/** What all calls of one gateway, and of all its replicas, share. */
export interface GatewayState<Value> {
  /** Milliseconds, monotonic; where replicas share state, since the Unix epoch, so that they can compare them. */
  readonly clock: Clock
  /** Has the one key of every keyed hash. */
  readonly fingerprint: Fingerprint
  readonly store: Store<Value>
}

/** What is told of shared state. */
type StateListeners = Required<Pick<RedisStoreOptions, 'onChange' | 'onStarve'>>

/** Opens the state of a gateway: in this process's memory, or in Redis where replicas share it. */
export async function openState<Value>(
  shared: SharedStateConfig | undefined,
  listeners: StateListeners,
): Promise<GatewayState<Value>> {
  if (!shared) {
    const clock = performance.now.bind(performance)
    return { clock, fingerprint: new Fingerprint(randomBytes(32)), store: createMemoryStore<Value>(clock) }
  }
  const clock = () => performance.timeOrigin + performance.now()
  const { openRedisStore } = await import('./redis-store.ts')
  const fallback = shared.limitsWithout === 'local' ? createMemoryStore(clock) : undefined
  const store = await openRedisStore<Value>({ ...shared, clock, fallback, ...listeners })
  return { clock, fingerprint: new Fingerprint(deriveKey(shared.secret, 'calls')), store }
}
