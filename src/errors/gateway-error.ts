import { errorCatalogue } from './catalogue.ts'
import type { Outcome } from './entry.ts'

/** The stable, machine-readable name of an error. */
export type ErrorCode = keyof typeof errorCatalogue

/** One place in a request that breaks the contract, safe to show: it never has a string that the client sent. */
export interface Violation {
  /** Where: `path.userId`, `query.limit`, `header.x-api-key`, `body.timeFormat`, `body.metadata.seat`. */
  readonly location: string
  /** The broken rule as the JSON Schema keyword (`enum`, `maximum`, `additionalProperties`, …). */
  readonly rule: string
  /** What is allowed and, where it reveals nothing, what came: `must be one of 12, 24 (got 13)`. */
  readonly message: string
}

/** The body of an `application/problem+json` response (RFC 9457 with the extension members of this gateway). */
export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly code: ErrorCode
  readonly outcome: Outcome
  readonly retryable: boolean
  /** How to get back what an unknown outcome may have lost, such as by asking for less. */
  readonly recovery?: string
  readonly errors?: readonly Violation[]
}

/** A problem with what its response would say in a header. */
export interface HeaderlessProblem extends Problem {
  /** Seconds to wait before the next call. */
  readonly retryAfter?: number
}

/** What is known of one occurrence of an error. */
export interface Circumstances {
  /** This occurrence in a sentence; has no secret in it. Defaults to what the client should do. */
  readonly detail?: string | undefined
  readonly violations?: readonly Violation[]
  /** How to get back what the operation may have lost; told only when the outcome is unknown. */
  readonly recovery?: string | undefined
  /** Whether the call asked for no change: then there is nothing to look up when its outcome is unknown. */
  readonly isRead?: boolean | undefined
  /** Response headers that belong to the error, for example `allow`. */
  readonly headers?: Readonly<Record<string, string>>
  readonly cause?: unknown
}

/** Says what to do after an error, of which the catalogue knows what it means for a write. */
export function adviseAfter(code: ErrorCode, isRead: boolean): string {
  const { action, outcome } = errorCatalogue[code]
  return isRead && outcome === 'unknown' ? 'Call again later.' : action
}

/** An error of the gateway itself; both surfaces turn it into their own form. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError'
  readonly code: ErrorCode
  readonly status: number
  readonly violations: readonly Violation[]
  readonly headers: Readonly<Record<string, string>>
  readonly recovery: string | undefined
  /** Whether the call could not have had an effect, whatever became of it. */
  readonly isRead: boolean

  constructor(code: ErrorCode, circumstances: Circumstances = {}) {
    const { violations = [], headers = {}, recovery, isRead = false, cause } = circumstances
    const { detail = adviseAfter(code, isRead) } = circumstances
    super(detail, { cause })
    this.code = code
    this.status = errorCatalogue[code].status
    this.violations = violations
    this.headers = headers
    this.isRead = isRead
    this.recovery = errorCatalogue[code].outcome === 'unknown' ? recovery : undefined
  }

  /** Returns the same error with its detail and its violations mapped. */
  mapTexts(map: (text: string) => string): GatewayError {
    const detail = map(this.message)
    const violations = this.violations.map(({ location, rule, message }) => ({
      location: map(location),
      rule,
      message: map(message),
    }))
    const { code, headers, recovery, isRead, cause } = this
    return new GatewayError(code, { detail, violations, headers, recovery, isRead, cause })
  }

  /** Returns this error as an RFC 9457 problem. */
  toProblem(): Problem {
    const { title, status, outcome, retryable } = errorCatalogue[this.code]
    const problem = {
      type: `urn:calgate:error:${this.code}`,
      title,
      status,
      detail: this.message,
      code: this.code,
      outcome,
      retryable,
      ...(this.recovery !== undefined && { recovery: this.recovery }),
    }
    return this.violations.length > 0 ? { ...problem, errors: this.violations } : problem
  }

  /** Returns this error for a client that sees no response headers: as a problem with the seconds to wait. */
  toHeaderlessProblem(): HeaderlessProblem {
    const problem = this.toProblem()
    const seconds = this.headers['retry-after']
    if (seconds === undefined) return problem
    const detail = problem.detail.replace(
      /the (seconds|time) in (the )?Retry-After( header)?/,
      `${seconds} seconds`,
    )
    return { ...problem, detail, retryAfter: Number(seconds) }
  }
}

/** Creates the refusal of arguments, of which its detail tells all that is wrong; the cause is what the call lacks beside. */
export function refuseArguments(violations: readonly Violation[], cause?: GatewayError): GatewayError {
  const detail = violations.map(({ location, message }) => `${location} ${message}`).join('; ')
  return new GatewayError('invalid_argument', { detail, violations, cause })
}
