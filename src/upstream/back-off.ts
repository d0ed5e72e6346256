import { type Clock, ExpiringMap } from '../state/expiring-map.ts'
import { readRetryAfter } from './cal-com.ts'
import type { UpstreamResponse } from './response-collector.ts'

/** Seconds that a caller is held at most, whatever the upstream says. */
const longestHold = 300
/** Callers that are held at most; beyond it those held longest are asked of the upstream again. */
const capacity = 10_000

/** The callers that the upstream has asked to wait: until then it is spared their calls. */
export class BackOff {
  readonly #until: ExpiringMap<true>

  constructor(clock: Clock) {
    this.#until = new ExpiringMap({ clock, capacity })
  }

  /** Seconds that a caller still has to wait; its name is only asked for when anybody has to. */
  remaining(nameCaller: () => string): number {
    return this.#until.size === 0 ? 0 : Math.ceil(this.#until.remaining(nameCaller()) / 1000)
  }

  /** Holds a caller after a 429, and gives the answer the `Retry-After` that callers know to read. */
  note(answer: UpstreamResponse, nameCaller: () => string): UpstreamResponse {
    if (answer.status !== 429) return answer
    const seconds = readRetryAfter(answer.headers)
    if (seconds === undefined) return answer
    const hold = Math.min(seconds, longestHold)
    if (hold > 0) this.#until.set(nameCaller(), true, hold * 1000)
    return { ...answer, headers: { ...answer.headers, 'retry-after': String(seconds) } }
  }
}
