import { randomUUID } from 'node:crypto'
import { type Clock, ExpiringMap } from './expiring-map.ts'
import type { Outbox } from './outbox.ts'
import { mayHaveRun, type RedisConnection } from './redis-connection.ts'
import * as scripts from './redis-scripts.ts'
import type { Sealing } from './sealing.ts'
import type { Kept, Store, Taken } from './store.ts'

/** Milliseconds for which a mark is remembered: longer than a response is kept. */
const markLifetime = 120_000
/** Bytes of sealed JSON in memory at most that could not be written down yet; beyond it the oldest are dropped. */
const mostUnwritten = 64 * 1024 * 1024

/** What kept responses depend on. */
export interface ResponsesOptions<Value> {
  readonly connection: RedisConnection
  readonly sealing: Sealing<Value>
  readonly outbox: Outbox
  readonly clock: Clock
}

interface Unwritten {
  readonly sealed: string
  readonly began: number
  readonly marks: readonly string[]
  /** True once Redis was told of it: it may have it though it never said so. */
  isSent: boolean
}

/** Responses that nobody got, in Redis, and in memory until they can be written down. */
export class RedisResponses<Value> implements Pick<Store<Value>, 'keep' | 'take' | 'mark'> {
  readonly #options: ResponsesOptions<Value>
  readonly #unwritten: ExpiringMap<Unwritten>
  /** Microseconds by which the clock of Redis is ahead of this one's. */
  #ahead = 0

  constructor(options: ResponsesOptions<Value>) {
    this.#options = options
    const weigh = ({ sealed }: Unwritten) => sealed.length
    this.#unwritten = new ExpiringMap({ clock: options.clock, capacity: mostUnwritten, weigh })
  }

  async keep(name: string, { value, began, ttl }: Kept<Value>, marks: readonly string[]): Promise<void> {
    const { sealing, outbox } = this.#options
    const key = sealing.key('response', name)
    const sealed = sealing.seal(key, value)
    this.#unwritten.set(key, { sealed, began, marks, isSent: false }, ttl)
    await outbox.send(key, ttl, () => this.#write(key), sealed.length)
  }

  /** Writes a response down, unless it was taken, became stale or expired. */
  async #write(key: string): Promise<void> {
    const one = this.#unwritten.get(key)
    if (!one) return
    const { connection, sealing } = this.#options
    const marks = one.marks.map((mark) => sealing.key('mark', mark)).join(' ')
    const ttl = Math.ceil(this.#unwritten.remaining(key))
    const args = [one.sealed, one.began, ttl, marks]
    one.isSent ||= connection.available
    await connection.run(scripts.keepResponse, { keys: [key], args })
    if (this.#unwritten.get(key) === one) this.#unwritten.delete(key)
  }

  /** Takes a response out of the store. While Redis cannot be reached, only this replica's own responses are found. */
  async take(name: string): Promise<Taken<Value>> {
    const { connection, sealing, outbox } = this.#options
    const key = sealing.key('response', name)
    const taken = `${key}:${randomUUID()}`
    const run = (script: string, keys: readonly string[]) => connection.run(script, { keys })
    // Redis knows which marks other replicas have set.
    await this.#write(key).catch(() => {})
    try {
      const [time, sealed, began, ttl] = await run(scripts.takeResponse, [key, taken])
      const now = this.#readTime(time)
      const own = this.#takeUnwritten(key)
      if (!own && sealed === undefined) return { now }
      void outbox.send(taken, markLifetime, () => run(scripts.deleteKey, [taken]))
      if (own) return { now, kept: own }
      const value = sealing.open(key, String(sealed))
      return { now, kept: { value, began: Number(began), ttl: Number(ttl) } }
    } catch (error) {
      const own = this.#takeUnwritten(key)
      // It may have been taken all the same.
      if (mayHaveRun(error))
        outbox.undo(taken, markLifetime, () =>
          own ? run(scripts.deleteKey, [taken]) : run(scripts.returnResponse, [taken, key]),
        )
      return { now: this.#estimateTime(), ...(own && { kept: own }) }
    }
  }

  #takeUnwritten(key: string): Kept<Value> | undefined {
    const one = this.#unwritten.get(key)
    if (!one) return undefined
    const { connection, outbox, sealing } = this.#options
    const { sealed, began, isSent } = one
    const ttl = this.#unwritten.remaining(key)
    this.#unwritten.delete(key)
    if (isSent)
      outbox.undo(sealed, markLifetime, () =>
        connection.run(scripts.releaseResponse, { keys: [key], args: [sealed] }),
      )
    return { value: sealing.open(key, sealed), began, ttl }
  }

  async mark(marks: readonly string[]): Promise<number> {
    const { connection, sealing, outbox } = this.#options
    this.#unwritten.forget((one) => one.marks.some((mark) => marks.includes(mark)))
    const keys = marks.map((mark) => sealing.key('mark', mark))
    // What began after the write is not stale, nor is its own response, however late its mark is set.
    let since = this.#estimateTime()
    await outbox.send(keys.join(' '), markLifetime, async () => {
      const [set, now] = await connection.run(scripts.setMarks, { keys, args: [markLifetime, since] })
      since = Number(set)
      this.#readTime(now)
    })
    return since
  }

  /** Returns the time of Redis in microseconds, late by what its last reply took. */
  #estimateTime(): number {
    return Math.round((performance.timeOrigin + performance.now()) * 1000) + this.#ahead
  }

  #readTime(reply: unknown): number {
    const now = Number(reply)
    this.#ahead += now - this.#estimateTime()
    return now
  }
}
