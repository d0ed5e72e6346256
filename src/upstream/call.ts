import { AsyncLocalStorage } from 'node:async_hooks'
import { Readable } from 'node:stream'
import type { Operation } from '../document/operations.ts'
import { type ErrorCode, GatewayError } from '../errors/gateway-error.ts'
import type { ClientConnection } from './client-connection.ts'

/** A request to the upstream. */
export interface UpstreamRequest {
  readonly method: string
  /** Path and query; no part of it is re-encoded. */
  readonly path: string
  /** Lower-case names; those without a value are not sent. */
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body?: string | Uint8Array | Readable | null | undefined
  /** Gives the request up; its reason is the error of the call. */
  readonly signal?: AbortSignal
}

/** A response of the upstream, of which nothing is passed on before its last byte has arrived, unless it streams. */
export interface UpstreamResponse {
  readonly status: number
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** Empty where the body streams. */
  readonly body: Buffer
  /** The body as it arrives, of a call that takes one so. */
  readonly stream?: Readable
  /** The body of a success, which is one JSON text. */
  readonly json?: { readonly text: string; readonly value: unknown }
}

/** Sends a request as a part of the current call. Rejects with a `GatewayError` where there is no response. */
export type Send = (request: UpstreamRequest) => Promise<UpstreamResponse>

/** Adds one concern to sending; composed like the interceptors of undici. */
export type Interceptor = (send: Send) => Send

/** Wraps a way to send in interceptors; a request passes them in the order of the list. */
export function compose(send: Send, interceptors: readonly Interceptor[]): Send {
  return interceptors.reduceRight((next, intercept) => intercept(next), send)
}

/** True for a request that has no effect, so that it may be given up at any time. */
export function isRead({ method }: Pick<UpstreamRequest, 'method'>): boolean {
  return method === 'GET' || method === 'HEAD'
}

/** Returns a request whose body names its call. Throws a `TypeError` on a stream, which such a call never has. */
export function requireWhole(
  request: UpstreamRequest,
): UpstreamRequest & { readonly body?: string | Uint8Array | null | undefined } {
  const { body, ...rest } = request
  if (body instanceof Readable) throw new TypeError('a call that may be sent again has a body that streams')
  return { ...rest, body }
}

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
  /** Path with query, and body, of a call that `reply.from` would refuse or rewrite. */
  readonly forwarded?: { readonly path: string; readonly body: Buffer | Readable | undefined }
  /** Whether the client takes a body that is no JSON as it arrives, and nobody needs the whole of it. */
  readonly takesStream?: boolean
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
