import type { Operation } from '../document/operations.ts'
import type { ErrorCode } from '../errors/gateway-error.ts'

/** State of the circuit breaker: all calls pass, none does, or the one that finds out whether the API is back. */
export type CircuitState = 'closed' | 'open' | 'half_open'

/** A complete response of the API, as far as it is observed. */
export interface ObservedResponse {
  readonly status: number
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer
}

/** How a call of the API ended: with a response of this status, or with an error in its place. */
export interface CallEnd {
  readonly status?: number | undefined
  readonly code?: ErrorCode | undefined
  readonly response?: ObservedResponse | undefined
  /** The authenticated user or program; empty where the gateway authenticates nobody. */
  readonly caller: string
  /** Path of the upstream request, with its query. */
  readonly path: string
}

/** Observes the calls of the API, and changes nothing about them. */
export interface CallObserver {
  /** Called once for each call, when its response is on its way to the client. Time in milliseconds. */
  onEnd(operation: Operation, end: CallEnd, milliseconds: number): void
  /** Called for each further try of a call. */
  onRetry(operation: Operation): void
}
