import { RunningTasks } from './running-tasks.ts'

/** Milliseconds between two attempts to deliver what is left. */
const pause = 250
/** Steps that are kept at most; beyond it the oldest are dropped. */
const most = 10_000

/** Something that must be done as soon as it can be. */
export type Step = () => Promise<unknown>

/**
 * Does what has to be done sometime though the store cannot be reached now: such as to write down the response of a call
 * that has had its effect. Of each key only the last step counts. A step that fails is repeated until it succeeds.
 */
export class Outbox {
  readonly #steps = new Map<string, Step>()
  readonly #running = new RunningTasks()
  #timer: NodeJS.Timeout | undefined
  #isClosed = false

  /** Does a step. Resolves when it is done, or kept for later. */
  async send(key: string, step: Step): Promise<void> {
    this.#steps.delete(key)
    try {
      await this.#running.run(step)
    } catch {
      this.keep(key, step)
    }
  }

  /** Keeps a step for later. */
  keep(key: string, step: Step): void {
    const [oldest] = this.#steps.size < most ? [] : this.#steps.keys()
    if (oldest !== undefined) this.#steps.delete(oldest)
    this.#steps.set(key, step)
    this.#schedule()
  }

  /** Forgets the step of a key; returns whether there was one. */
  forget(key: string): boolean {
    return this.#steps.delete(key)
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
    for (const [key, step] of this.#steps) {
      try {
        await step()
      } catch {
        this.#schedule()
        return
      }
      // Another step may have taken its place meanwhile.
      if (this.#steps.get(key) === step) this.#steps.delete(key)
    }
  }
}
