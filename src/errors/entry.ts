/** What is known about the effect of a failed call: nothing happened upstream, or nobody can tell. */
export type Outcome = 'not_executed' | 'unknown'

/** What the catalogue says of an error. */
export interface Entry {
  /** HTTP status of the response. */
  readonly status: number
  /** What happened, one sentence, the same for every occurrence (RFC 9457 `title`). */
  readonly title: string
  /** What the client should do now. */
  readonly action: string
  readonly outcome: Outcome
  /** Whether the same call, unchanged, may succeed later and is safe to repeat. */
  readonly retryable: boolean
}

/** Describes an error after which nothing was sent, and the same call would be refused again. */
export function refusal(status: number, title: string, action: string): Entry {
  return { status, title, action, outcome: 'not_executed', retryable: false }
}

/** Describes an error after which nothing was sent; the same call may succeed later. */
export function delay(status: number, title: string, action: string): Entry {
  return { status, title, action, outcome: 'not_executed', retryable: true }
}

/** Describes an error of a call that may have had its effect; nobody can tell. */
export function doubt(status: number, title: string, action: string): Entry {
  return { status, title, action, outcome: 'unknown', retryable: false }
}
