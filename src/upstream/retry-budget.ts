/** Retries that may be spent at once, after calls enough. */
const reserve = 10

/**
 * Bounds the retries to a tenth of the calls, so that an upstream in trouble gets no more than 1.1 times its
 * load: each call pays in a tenth of a retry, up to a small reserve, which a new budget begins with.
 */
export class RetryBudget {
  #tenths = reserve * 10

  /** Pays in for a call. */
  deposit(): void {
    if (this.#tenths < reserve * 10) this.#tenths += 1
  }

  /** Takes a retry out; false when none is left. */
  withdraw(): boolean {
    if (this.#tenths < 10) return false
    this.#tenths -= 10
    return true
  }
}
