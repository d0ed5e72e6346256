/**
 * Every error the gateway itself raises, in one place: its stable code, its HTTP status, one sentence for
 * the reader and what to do about it. Cal.com's own errors are not in here: they pass through as they came.
 */

/** What is known about the effect of a failed call: nothing happened upstream, or nobody can tell. */
export type Outcome = 'not_executed' | 'unknown'

interface Entry {
  /** HTTP status of the answer. */
  readonly status: number
  /** What happened, one sentence, the same for every occurrence (RFC 9457 `title`). */
  readonly title: string
  /** What the caller should do now. */
  readonly action: string
  readonly outcome: Outcome
  /** Whether the same call, unchanged, may succeed later and is safe to repeat. */
  readonly retryable: boolean
}

/** The catalogue. The table in the README is tested against it, in both directions. */
export const errorCatalogue = {
  malformed_json: {
    status: 400,
    title: 'The request body is not a JSON text that has one reading.',
    action: 'Send UTF-8 JSON without duplicate keys.',
    outcome: 'not_executed',
    retryable: false,
  },
  invalid_argument: {
    status: 400,
    title: 'An argument is missing, unknown or not allowed.',
    action: 'Correct every place listed in `errors` and send the call again.',
    outcome: 'not_executed',
    retryable: false,
  },
  bad_request: {
    status: 400,
    title: 'The request is not valid HTTP.',
    action: 'Send a well-formed HTTP/1.1 request.',
    outcome: 'not_executed',
    retryable: false,
  },
  missing_credentials: {
    status: 401,
    title: 'The call carries no OAuth client secret.',
    action: 'Send the client secret as the header `x-cal-secret-key`.',
    outcome: 'not_executed',
    retryable: false,
  },
  host_not_allowed: {
    status: 403,
    title: 'The Host header names a host this gateway does not serve.',
    action: 'Call the gateway by a loopback name, or add the name to ALLOWED_HOSTS.',
    outcome: 'not_executed',
    retryable: false,
  },
  origin_not_allowed: {
    status: 403,
    title: 'The Origin header names a web page that may not call this gateway.',
    action: 'Add the origin to ALLOWED_ORIGINS if that page is yours.',
    outcome: 'not_executed',
    retryable: false,
  },
  route_not_found: {
    status: 404,
    title: 'The path is not one of the described operations.',
    action: 'Look the path up in /openapi.json; the REST operations begin with /v1.',
    outcome: 'not_executed',
    retryable: false,
  },
  method_not_allowed: {
    status: 405,
    title: 'The path exists, but not with this method.',
    action: 'Use one of the methods in the Allow header.',
    outcome: 'not_executed',
    retryable: false,
  },
  request_timeout: {
    status: 408,
    title: 'The request did not arrive completely in time.',
    action: 'Send the whole request without pausing.',
    outcome: 'not_executed',
    retryable: true,
  },
  body_too_large: {
    status: 413,
    title: 'The request body is larger than the limit.',
    action: 'Send a smaller body; the limit is in the detail.',
    outcome: 'not_executed',
    retryable: false,
  },
  uri_too_long: {
    status: 414,
    title: 'The path is longer than any described operation.',
    action: 'Shorten the path.',
    outcome: 'not_executed',
    retryable: false,
  },
  unsupported_media_type: {
    status: 415,
    title: 'The request body has a content type the operation does not take.',
    action: 'Send the body as application/json without a content encoding.',
    outcome: 'not_executed',
    retryable: false,
  },
  headers_too_large: {
    status: 431,
    title: 'The request headers are larger than the limit.',
    action: 'Send fewer or shorter headers.',
    outcome: 'not_executed',
    retryable: false,
  },
  internal_error: {
    status: 500,
    title: 'The gateway failed to handle the request.',
    action: 'Report the request id; read the state before repeating a write.',
    outcome: 'unknown',
    retryable: false,
  },
  upstream_unreachable: {
    status: 502,
    title: 'The upstream could not be reached; the call was not sent.',
    action: 'Check CAL_COM_BASE_URL and the network, then send the call again.',
    outcome: 'not_executed',
    retryable: true,
  },
  upstream_connection_lost: {
    status: 502,
    title: 'The connection to the upstream broke before its answer was complete.',
    action: 'Read the state before repeating a write; after a token operation, force-refresh.',
    outcome: 'unknown',
    retryable: false,
  },
  upstream_invalid_answer: {
    status: 502,
    title: 'The upstream answered with something that is not a complete JSON answer.',
    action: 'Read the state before repeating a write; after a token operation, force-refresh.',
    outcome: 'unknown',
    retryable: false,
  },
  upstream_timeout: {
    status: 504,
    title: 'The upstream did not answer completely within the deadline.',
    action: 'Read the state before repeating a write; after a token operation, force-refresh.',
    outcome: 'unknown',
    retryable: false,
  },
} as const satisfies Record<string, Entry>

/** The stable, machine-readable name of an error. */
export type ErrorCode = keyof typeof errorCatalogue

/** One place in a request that breaks the contract, safe to show: it never holds a string the caller sent. */
export interface Violation {
  /** Where: `path.userId`, `query.limit`, `header.x-cal-secret-key`, `body.timeFormat`, `body.metadata.seat`. */
  readonly location: string
  /** The broken rule as the JSON Schema keyword (`enum`, `maximum`, `additionalProperties`, …). */
  readonly rule: string
  /** What is allowed and, where it reveals nothing, what came: `must be one of 12, 24 (got 13)`. */
  readonly message: string
}

/** The body of an `application/problem+json` answer (RFC 9457 with the extension members of this gateway). */
export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly code: ErrorCode
  readonly outcome: Outcome
  readonly retryable: boolean
  readonly errors?: readonly Violation[]
}

interface Circumstances {
  /** This occurrence in a sentence; never holds a secret. Defaults to what the caller should do. */
  readonly detail?: string
  readonly violations?: readonly Violation[]
  /** Response headers that belong to the error, for example `allow`. */
  readonly headers?: Readonly<Record<string, string>>
  readonly cause?: unknown
}

/** An error of the gateway itself; both surfaces turn it into their own form. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError'
  readonly code: ErrorCode
  readonly status: number
  readonly violations: readonly Violation[]
  readonly headers: Readonly<Record<string, string>>

  constructor(code: ErrorCode, circumstances: Circumstances = {}) {
    const { detail = errorCatalogue[code].action, violations = [], headers = {}, cause } = circumstances
    super(detail, { cause })
    this.code = code
    this.status = errorCatalogue[code].status
    this.violations = violations
    this.headers = headers
  }

  /** This error as an RFC 9457 problem. */
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
    }
    return this.violations.length > 0 ? { ...problem, errors: this.violations } : problem
  }
}
