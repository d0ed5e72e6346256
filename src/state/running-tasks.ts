/** Counts tasks under way, so that their end can be awaited. */
export class RunningTasks {
  readonly #waiting: (() => void)[] = []
  #count = 0

  async run<Result>(task: () => Promise<Result>): Promise<Result> {
    this.#count += 1
    try {
      return await task()
    } finally {
      this.#count -= 1
      if (this.#count === 0) for (const resolve of this.#waiting.splice(0)) resolve()
    }
  }

  /** Resolves when none is under way. */
  async awaitEnd(): Promise<void> {
    if (this.#count > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }
}
