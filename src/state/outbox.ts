import type { Clock } from './expiring-map.ts'
import { RunningTasks } from './running-tasks.ts'

/** Milliseconds between two attempts to deliver what is left. */
const pause = 250
/** Steps that are kept at most; beyond it the oldest are dropped. */
const most = 10_000

/** Something that must be done as soon as it can be. */
export type Step = () => Promise<unknown>

/**
 * Does what has to be done sometime though the store cannot be reached now: such as to write down the response of a call
 * that has had its effect. Of each key only the last step counts. A step that fails is repeated until it succeeds, or its
 * time to live has passed: milliseconds, after which what it changes has expired.
 */
export class Outbox {
  readonly #steps = new Map<string, { readonly step: Step; readonly expiresAt: number }>()
  readonly #running = new RunningTasks()
  readonly #clock: Clock
  #timer: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Does a step. Resolves when it is done, or kept for later. */
  async send(key: string, ttl: number, step: Step): Promise<void> {
    this.#steps.delete(key)
    const expiresAt = this.#clock() + ttl
    try {
      await this.#running.run(step)
    } catch {
      const [oldest] = this.#steps.size < most ? [] : this.#steps.keys()
      if (oldest !== undefined) this.#steps.delete(oldest)
      this.#steps.set(key, { step, expiresAt })
      this.#schedule()
    }
  }

  /**
   * Schedules a step that takes back what a command may have done though nobody knows of it. It is dropped where as many
   * steps are kept as may be: it displaces none.
   */
  undo(key: string, ttl: number, step: Step): void {
    if (this.#steps.size >= most) return
    this.#steps.set(key, { step, expiresAt: this.#clock() + ttl })
    this.#schedule()
  }

  /** Waits for the steps under way, and tries what is left once more. */
  async close(): Promise<void> {
    await this.#running.awaitEnd()
    this.#isClosed = true
    await this.#flush()
  }

  #schedule(): void {
    if (this.#isClosed) return
    this.#timer ??= setTimeout(() => this.#running.run(() => this.#flush()), pause).unref()
  }

  /** Does what is left, in order, until one step fails. */
  async #flush(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const now = this.#clock()
    for (const [key, { expiresAt }] of this.#steps) if (expiresAt <= now) this.#steps.delete(key)
    for (const [key, one] of this.#steps) {
      try {
        await one.step()
      } catch {
        this.#schedule()
        return
      }
      // Another step may have taken its place meanwhile.
      if (this.#steps.get(key) === one) this.#steps.delete(key)
    }
  }
}
