/** Envelopes that are remembered at most, and characters of one. */
const limits = { count: 256, length: 2_048 } as const

/**
 * What clients said of themselves in requests that the SDK has taken. Clients say the same with every request, and what
 * was valid once is valid again when it is the same text; there is no more to it than that.
 */
export class Envelopes {
  readonly #texts = new Set<string>()

  /** Remembers an envelope; those known before are forgotten when there are too many. */
  add(envelope: unknown): void {
    const text = JSON.stringify(envelope) ?? ''
    if (text === '' || text.length > limits.length) return
    if (this.#texts.size >= limits.count) this.#texts.clear()
    this.#texts.add(text)
  }

  /** True when an envelope of the very same text was taken before. */
  has(envelope: unknown): boolean {
    return envelope !== undefined && this.#texts.has(JSON.stringify(envelope))
  }
}
