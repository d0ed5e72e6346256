import { AsyncLocalStorage } from 'node:async_hooks'
import type { Operation } from '../document/operations.ts'
import { type ErrorCode, GatewayError } from '../errors/gateway-error.ts'
import type { ClientConnection } from './client-connection.ts'

/** What the interceptors know of a call beside its request. */
export interface UpstreamCall {
  readonly operation: Operation
  readonly connection: ClientConnection
  /** The authenticated user or program; empty where the gateway authenticates nobody. Responses are kept for one alone. */
  readonly principal: string
  /** Lists the secrets that the call carries, which no error may repeat. */
  readonly listSecrets: () => readonly string[]
  /** The client's name for this call, if it gave one and the operation takes one. */
  readonly idempotencyKey?: string | undefined
  /** True once the first bytes of the request were written: from then on the call may have an effect. */
  sent?: boolean
}

const calls = new AsyncLocalStorage<UpstreamCall>()

/** Runs a function, and all that it starts, as part of a call. */
export function runInCall<Result>(call: UpstreamCall, run: () => Result): Result {
  return calls.run(call, run)
}

/** Returns the call that the running code is a part of. Throws a `TypeError` outside of any. */
export function currentCall(): UpstreamCall {
  const call = calls.getStore()
  if (!call) throw new TypeError('a request went upstream outside of a call')
  return call
}

/** Creates the error of a call, with what its operation says about getting back what may be lost. */
export function createCallError(
  { operation }: UpstreamCall,
  code: ErrorCode,
  circumstances: { readonly detail?: string; readonly cause?: unknown } = {},
): GatewayError {
  return new GatewayError(code, { ...circumstances, recovery: operation.recovery })
}
