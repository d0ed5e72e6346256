import type { Operation } from '../document/operations.ts'
import type { Caller } from './caller.ts'
import type { UpstreamRequest } from './dispatcher.ts'

/** A call of an operation, as it goes upstream, and who waits for its answer. */
export interface UpstreamCall extends UpstreamRequest {
  readonly operation: Operation
  readonly caller: Caller
  /** Who makes the call, where the gateway asks: what is kept for one is not for another. */
  readonly principal: string
  /** What no answer may repeat; asked for when one could. */
  readonly listSecrets: () => readonly string[]
  /** The caller's name for this call, if it gave one and the operation takes one. */
  readonly idempotencyKey?: string | undefined
}
