import type { Clock } from './expiring-map.ts'
import { lacksMemory } from './redis-connection.ts'
import { RunningTasks } from './running-tasks.ts'

/** Milliseconds between two attempts to deliver what is left. */
const pause = 250
/** Steps that are kept at most; beyond it the oldest are dropped. */
const most = 10_000
/** Bytes that these steps write at most; beyond it the oldest are dropped that write any. */
const mostBytes = 64 * 1024 * 1024

/** Something that must be done as soon as it can be. */
export type Step = () => Promise<unknown>

interface KeptStep {
  readonly step: Step
  readonly expiresAt: number
  readonly bytes: number
}

/**
 * Does what has to be done sometime though the store cannot be reached now: such as to write down the response of a call
 * that has had its effect. Of each key only the last step counts. A step that fails is repeated until it succeeds, or its
 * time to live has passed: milliseconds, after which what it changes has expired. Steps that write many bytes let the others
 * pass while the store has no memory for them.
 */
export class Outbox {
  readonly #steps = new Map<string, KeptStep>()
  readonly #running = new RunningTasks()
  readonly #clock: Clock
  readonly #onStarve: (isStarved: boolean) => void
  #timer: NodeJS.Timeout | undefined
  #isClosed = false
  #bytes = 0
  #isStarved = false

  /** `onStarve` is called when steps begin to wait for memory of the store, and when none waits any longer. */
  constructor(clock: Clock, onStarve: (isStarved: boolean) => void = () => {}) {
    this.#clock = clock
    this.#onStarve = onStarve
  }

  /** Whether a step waits because the store has no memory for it. */
  get isStarved(): boolean {
    return this.#isStarved
  }

  /** Does a step that writes so many bytes. Resolves when it is done, or kept for later. */
  async send(key: string, ttl: number, step: Step, bytes = 0): Promise<void> {
    this.#drop(key)
    const expiresAt = this.#clock() + ttl
    try {
      await this.#running.run(step)
    } catch (error) {
      if (lacksMemory(error)) this.#starve(true)
      this.#drop(key)
      const [oldest] = this.#steps.size < most ? [] : this.#steps.keys()
      if (oldest !== undefined) this.#drop(oldest)
      if (this.#bytes + bytes > mostBytes) this.#dropBytes(bytes)
      this.#keep(key, { step, expiresAt, bytes })
    }
  }

  /**
   * Schedules a step that takes back what a command may have done though nobody knows of it. It is dropped where as many
   * steps are kept as may be: it displaces none.
   */
  undo(key: string, ttl: number, step: Step): void {
    if (this.#steps.size >= most) return
    this.#drop(key)
    this.#keep(key, { step, expiresAt: this.#clock() + ttl, bytes: 0 })
  }

  /** Waits for the steps under way, and tries what is left once more. */
  async close(): Promise<void> {
    await this.#running.awaitEnd()
    this.#isClosed = true
    await this.#flush()
  }

  #keep(key: string, one: KeptStep): void {
    this.#steps.set(key, one)
    this.#bytes += one.bytes
    this.#schedule()
  }

  #drop(key: string): void {
    this.#bytes -= this.#steps.get(key)?.bytes ?? 0
    this.#steps.delete(key)
  }

  /** Makes room for a step that writes so many bytes. */
  #dropBytes(room: number): void {
    for (const [key, { bytes }] of this.#steps) {
      if (this.#bytes + room <= mostBytes) return
      if (bytes > 0) this.#drop(key)
    }
  }

  #schedule(): void {
    if (this.#isClosed) return
    this.#timer ??= setTimeout(() => this.#running.run(() => this.#flush()), pause).unref()
  }

  /**
   * Does what is left, in order, until one step fails. Where the store has no memory for it, only the steps that write many
   * bytes end there: others may free some, and what is sent in vain each time has to be little.
   */
  async #flush(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const now = this.#clock()
    for (const [key, { expiresAt }] of this.#steps) if (expiresAt <= now) this.#drop(key)
    let isStarved = false
    for (const [key, one] of this.#steps) {
      if (isStarved && one.bytes > 0) continue
      try {
        await one.step()
      } catch (error) {
        this.#schedule()
        if (!lacksMemory(error)) return
        isStarved = true
        continue
      }
      // Another step may have taken its place meanwhile.
      if (this.#steps.get(key) === one) this.#drop(key)
    }
    this.#starve(isStarved)
  }

  #starve(isStarved: boolean): void {
    if (isStarved === this.#isStarved) return
    this.#isStarved = isStarved
    this.#onStarve(isStarved)
  }
}
