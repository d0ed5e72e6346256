import { randomUUID } from 'node:crypto'
import { GatewayError } from '../errors/gateway-error.ts'
import type { Clock } from './expiring-map.ts'
import { Outbox } from './outbox.ts'
import { connectRedis, type RedisConnection, type RedisOptions } from './redis-connection.ts'
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
}

/** Milliseconds for which a record is kept at most: as long nothing may be claimed after a loss of data. */
const longestRecord = 600_000
/** Milliseconds for which a mark is remembered: longer than a response is kept. */
const markLifetime = 120_000

/** Opens the store that replicas share in Redis or Valkey. Resolves although it cannot be reached yet. */
export async function openRedisStore<Value>(options: RedisStoreOptions): Promise<Store<Value>> {
  let store: RedisStore<Value> | undefined
  const onChange = (available: boolean, cause?: unknown) => {
    options.onChange(available, cause)
    if (available) void store?.join()
  }
  const connection = await connectRedis({ ...options, onChange }, Object.values(scripts))
  const sealing = createSealing(options.secret)
  const waits = await openWaits(connection, sealing.key('waits'), options.clock)
  store = new RedisStore<Value>(connection, sealing, waits, options.fallback)
  await store.join()
  return store
}

class RedisStore<Value> implements Store<Value> {
  readonly waits: WaitList
  readonly #connection: RedisConnection
  readonly #sealing: Sealing
  readonly #fallback: CounterStore | undefined
  readonly #outbox = new Outbox()
  /** Of kept responses that could not be written down yet. */
  readonly #unwritten = new Map<string, { kept: Kept<Value>; marks: readonly string[] }>()
  #epoch = ''

  constructor(
    connection: RedisConnection,
    sealing: Sealing,
    waits: WaitList,
    fallback: CounterStore | undefined,
  ) {
    this.#connection = connection
    this.#sealing = sealing
    this.#fallback = fallback
    this.waits = waits
  }

  get available(): boolean {
    return this.#connection.available
  }

  async claim(name: string, value: Value, ttl: number): Promise<Value | undefined> {
    const key = this.#sealing.key('record', name)
    const sealed = this.#sealing.seal(key, JSON.stringify(value))
    const [result, detail] = await this.#claim(key, sealed, ttl).catch((error: unknown) => {
      // It may have been set all the same, and nobody would ever complete it.
      this.#outbox.keep(sealed, () =>
        this.#connection.run(scripts.releaseRecord, { keys: [key], args: [sealed] }),
      )
      throw error
    })
    if (result === 'claimed') return undefined
    if (result === 'known') return this.#read(key, detail)
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
    const sealed = this.#sealing.seal(key, JSON.stringify(value))
    return this.#outbox.send(key, () =>
      this.#connection.run(scripts.setRecord, { keys: [key], args: [sealed, ttl] }),
    )
  }

  delete(name: string): Promise<void> {
    const key = this.#sealing.key('record', name)
    return this.#outbox.send(key, () => this.#connection.run(scripts.deleteKey, { keys: [key] }))
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

  async keep(name: string, kept: Kept<Value>, marks: readonly string[]): Promise<void> {
    const key = this.#sealing.key('response', name)
    const sealed = this.#sealing.seal(key, JSON.stringify(kept.value))
    const args = [
      sealed,
      kept.began,
      kept.ttl,
      marks.map((mark) => this.#sealing.key('mark', mark)).join(' '),
    ]
    this.#unwritten.set(key, { kept, marks })
    await this.#outbox.send(key, async () => {
      await this.#connection.run(scripts.keepResponse, { keys: [key], args })
      this.#unwritten.delete(key)
    })
  }

  /** While Redis cannot be reached, only this replica's own responses are found. */
  async take(name: string): Promise<Taken<Value>> {
    const key = this.#sealing.key('response', name)
    const own = this.#unwritten.get(key)?.kept
    const taken = `${key}:${randomUUID()}`
    try {
      const reply = await this.#connection.run(scripts.takeResponse, { keys: [key, taken] })
      const [now, sealed, began, ttl] = reply
      if (own) this.#forget(key)
      else if (sealed === undefined) return { now: Number(now) }
      void this.#outbox.send(taken, () => this.#connection.run(scripts.deleteKey, { keys: [taken] }))
      if (own) return { now: Number(now), kept: own }
      const value = this.#read(key, sealed)
      return { now: Number(now), kept: { value, began: Number(began), ttl: Number(ttl) } }
    } catch {
      // It may have been taken all the same.
      this.#outbox.keep(taken, () => this.#connection.run(scripts.returnResponse, { keys: [taken, key] }))
      if (own) this.#forget(key)
      return { now: Date.now() * 1000, ...(own && { kept: own }) }
    }
  }

  #forget(key: string): void {
    this.#unwritten.delete(key)
    this.#outbox.forget(key)
  }

  async mark(marks: readonly string[]): Promise<number> {
    let now = Date.now() * 1000
    for (const [key, one] of this.#unwritten)
      if (one.marks.some((mark) => marks.includes(mark))) this.#forget(key)
    const keys = marks.map((mark) => this.#sealing.key('mark', mark))
    await this.#outbox.send(keys.join(' '), async () => {
      const [time] = await this.#connection.run(scripts.setMarks, { keys, args: [markLifetime] })
      now = Number(time)
    })
    return now
  }

  async close(): Promise<void> {
    await this.#outbox.close()
    await this.#connection.close()
  }

  #read(key: string, sealed: unknown): Value {
    return JSON.parse(this.#sealing.open(key, String(sealed)))
  }
}
