import { randomUUID } from 'node:crypto'
import { GatewayError } from '../errors/gateway-error.ts'
import type { Clock } from './expiring-map.ts'
import { Outbox } from './outbox.ts'
import { connectRedis, mayHaveRun, type RedisConnection, type RedisOptions } from './redis-connection.ts'
import { RedisResponses } from './redis-responses.ts'
import * as scripts from './redis-scripts.ts'
import { openWaits } from './redis-waits.ts'
import { createSealing, type Sealing } from './sealing.ts'
import type { Count, CounterStore, Kept, Store, Taken, WaitList } from './store.ts'

/** How replicas share a store. */
export interface RedisStoreOptions extends RedisOptions {
  /** The secret that the replicas have in common. */
  readonly secret: string
  readonly clock: Clock
  /** Counts for the limits while Redis cannot be reached; without it limited calls are refused then. */
  readonly fallback?: CounterStore | undefined
  /** Called when Redis has no memory for a response, and when it has it again. */
  readonly onStarve?: ((isStarved: boolean) => void) | undefined
}

/** Milliseconds for which a record is kept at most: as long nothing may be claimed after a loss of data. */
const longestRecord = 600_000

/** Opens the store that replicas share in Redis or Valkey. Resolves although it cannot be reached yet. */
export async function openRedisStore<Value>(options: RedisStoreOptions): Promise<Store<Value>> {
  let store: RedisStore<Value> | undefined
  const onChange = (available: boolean, cause?: unknown) => {
    options.onChange(available, cause)
    if (available) void store?.join()
  }
  const connection = await connectRedis({ ...options, onChange }, Object.values(scripts))
  const sealing = createSealing<Value>(options.secret)
  const waits = await openWaits(connection, sealing.key('waits'), options.clock)
  store = new RedisStore<Value>({ ...options, connection, sealing, waits })
  await store.join()
  return store
}

interface StoreParts<Value> extends Pick<RedisStoreOptions, 'fallback' | 'clock' | 'onStarve'> {
  readonly connection: RedisConnection
  readonly sealing: Sealing<Value>
  readonly waits: WaitList
}

class RedisStore<Value> implements Store<Value> {
  readonly waits: WaitList
  readonly #connection: RedisConnection
  readonly #sealing: Sealing<Value>
  readonly #fallback: CounterStore | undefined
  readonly #clock: Clock
  readonly #outbox: Outbox
  readonly #responses: RedisResponses<Value>
  /** The records of the calls under way, as they stand in Redis, by their keys. */
  readonly #claimed = new Map<string, { readonly value: Value; readonly sealed: string }>()
  #epoch = ''

  constructor({ connection, sealing, waits, fallback, clock, onStarve }: StoreParts<Value>) {
    this.#connection = connection
    this.#sealing = sealing
    this.#fallback = fallback
    this.waits = waits
    this.#clock = clock
    this.#outbox = new Outbox(clock, onStarve)
    this.#responses = new RedisResponses({ connection, sealing, clock, outbox: this.#outbox })
  }

  get available(): boolean {
    return this.#connection.available
  }

  async claim(name: string, value: Value, ttl: number): Promise<Value | undefined> {
    // What this call gets could not be written down either.
    if (this.#outbox.isStarved)
      throw new GatewayError('state_unavailable', {
        detail:
          'Redis has no memory left for responses; send the same call again, with the same idempotency key, after the time in Retry-After.',
        headers: { 'retry-after': '1' },
      })
    const key = this.#sealing.key('record', name)
    const sealed = this.#sealing.seal(key, value)
    const [result, detail] = await this.#claim(key, sealed, ttl).catch((error: unknown) => {
      // It may have been set all the same, and nobody would ever complete it.
      if (mayHaveRun(error))
        this.#outbox.undo(sealed, ttl, () =>
          this.#connection.run(scripts.releaseRecord, { keys: [key], args: [sealed] }),
        )
      throw error
    })
    if (result === 'claimed') {
      this.#claimed.set(key, { value, sealed })
      return undefined
    }
    if (result === 'known') return this.#sealing.open(key, String(detail))
    const seconds = Math.ceil(Number(detail) / 1000)
    throw new GatewayError('state_unavailable', { headers: { 'retry-after': String(seconds) } })
  }

  async #claim(key: string, sealed: string, ttl: number): Promise<readonly unknown[]> {
    const keys = [this.#sealing.key('epoch'), key]
    const first = await this.#connection.run(scripts.claimRecord, { keys, args: [this.#epoch, sealed, ttl] })
    if (first[0] !== 'epoch') return first
    this.#epoch = await this.#findEpoch()
    return this.#connection.run(scripts.claimRecord, { keys, args: [this.#epoch, sealed, ttl] })
  }

  /** Notices whether records were lost since the replica was last connected. */
  async join(): Promise<void> {
    this.#epoch = await this.#findEpoch().catch(() => this.#epoch)
  }

  async #findEpoch(): Promise<string> {
    const args = [this.#epoch, randomUUID(), longestRecord]
    const [epoch] = await this.#connection.run(scripts.joinEpoch, {
      keys: [this.#sealing.key('epoch')],
      args,
    })
    return String(epoch)
  }

  set(name: string, value: Value, ttl: number): Promise<void> {
    const key = this.#sealing.key('record', name)
    const sealed = this.#sealing.seal(key, value)
    this.#claimed.delete(key)
    const expiresAt = this.#clock() + ttl
    const step = () => {
      // Redis takes no lifetime of 0.
      const left = Math.max(1, Math.ceil(expiresAt - this.#clock()))
      return this.#connection.run(scripts.setRecord, { keys: [key], args: [sealed, left] })
    }
    return this.#outbox.send(key, ttl, step, sealed.length)
  }

  async delete(name: string, claimed: Value): Promise<void> {
    const key = this.#sealing.key('record', name)
    const known = this.#claimed.get(key)
    // Where Redis has lost the record, the key may be another call's.
    if (known?.value !== claimed) return
    const { sealed } = known
    this.#claimed.delete(key)
    // Where Redis did not confirm it, it is repeated, and the key may be another call's by then.
    await this.#outbox.send(sealed, longestRecord, () =>
      this.#connection.run(scripts.releaseRecord, { keys: [key], args: [sealed] }),
    )
  }

  async count(name: string, window: number): Promise<Count> {
    try {
      return await this.#count('count', name, window)
    } catch (error) {
      if (this.#fallback) return this.#fallback.count(name, window)
      throw error
    }
  }

  async spend(name: string, ttl: number): Promise<boolean> {
    const { calls } = await this.#count('spent', name, ttl)
    return calls === 1
  }

  async #count(kind: string, name: string, window: number): Promise<Count> {
    const keys = [this.#sealing.key(kind, name)]
    const [calls, remaining] = await this.#connection.run(scripts.countCall, { keys, args: [window] })
    return { calls: Number(calls), remaining: Number(remaining) }
  }

  keep(name: string, kept: Kept<Value>, marks: readonly string[]): Promise<void> {
    return this.#responses.keep(name, kept, marks)
  }

  take(name: string): Promise<Taken<Value>> {
    return this.#responses.take(name)
  }

  mark(marks: readonly string[]): Promise<number> {
    return this.#responses.mark(marks)
  }

  async close(): Promise<void> {
    await this.#outbox.close()
    await this.#connection.close()
  }
}
