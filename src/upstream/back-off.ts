import { type Clock, ExpiringMap } from '../state/expiring-map.ts'
import type { UpstreamResponse } from './response-collector.ts'

/** Seconds that a caller is held at most, whatever the upstream says. */
const longestHold = 300
/** Callers that are held at most; beyond it those held longest are asked of the upstream again. */
const capacity = 10_000

/** Returns the seconds to wait that a response names, in `Retry-After` or in another header of the upstream's. */
export function readRetryAfter(
  headers: UpstreamResponse['headers'],
  header = 'retry-after',
): number | undefined {
  const text = headers['retry-after'] ?? headers[header]
  return typeof text === 'string' && /^\d{1,6}$/.test(text) ? Number(text) : undefined
}

/** The callers that the upstream has asked to wait: until then it is spared their calls. */
export class BackOff {
  readonly #until: ExpiringMap<true>
  readonly #header: string | undefined

  /** The header is the one that says how long to wait, where the upstream sends no `Retry-After`. */
  constructor(clock: Clock, header?: string) {
    this.#header = header
    this.#until = new ExpiringMap({ clock, capacity })
  }

  /** Seconds that a caller still has to wait; its name is only asked for when anybody has to. */
  remaining(nameCaller: () => string): number {
    return this.#until.size === 0 ? 0 : Math.ceil(this.#until.remaining(nameCaller()) / 1000)
  }

  /** Holds a caller after a 429, and gives the answer the `Retry-After` that callers know to read. */
  note(answer: UpstreamResponse, nameCaller: () => string): UpstreamResponse {
    if (answer.status !== 429) return answer
    const seconds = readRetryAfter(answer.headers, this.#header)
    if (seconds === undefined) return answer
    const hold = Math.min(seconds, longestHold)
    if (hold > 0) this.#until.set(nameCaller(), true, hold * 1000)
    return { ...answer, headers: { ...answer.headers, 'retry-after': String(seconds) } }
  }
}
