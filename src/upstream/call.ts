import { AsyncLocalStorage } from 'node:async_hooks'
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import type { Operation } from '../document/operations.ts'
import { safeMethods } from '../document/safe-methods.ts'
import { type Circumstances, type ErrorCode, GatewayError } from '../errors/gateway-error.ts'
import type { Identity } from '../state/fingerprint.ts'
import type { SecretSearch } from './secret-search.ts'

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

/** Applies an interceptor to requests that may have an effect alone. */
export function forWrites(intercept: Interceptor): Interceptor {
  return (send) => {
    const write = intercept(send)
    return (request) => (isRead(request) ? send(request) : write(request))
  }
}

/** Wraps a way to send in interceptors; a request passes them in the order of the list. */
export function compose(send: Send, interceptors: readonly Interceptor[]): Send {
  return interceptors.reduceRight((next, intercept) => intercept(next), send)
}

/** Returns whether a request has no effect, so that it may be given up at any time. */
export function isRead({ method }: Pick<UpstreamRequest, 'method'>): boolean {
  return safeMethods.has(method)
}

/** What the interceptors know of a call beside its request. */
export interface UpstreamCall {
  readonly operation: Operation
  readonly connection: ClientConnection
  /** The authenticated user or program; empty where the gateway authenticates nobody. Responses are kept for one alone. */
  readonly principal: string
  /** Returns what the API knows the client by: credentials, and headers that tell it whose call it is. */
  readonly identify: () => Identity
  /** Lists the secrets that the call carries, which no error may repeat. */
  readonly listSecrets: () => readonly string[]
  /** Finds what the operator configured, which no response may repeat. */
  readonly configured?: SecretSearch | undefined
  /** The client's name for this call, if it gave one and the operation takes one. */
  readonly idempotencyKey?: string | undefined
  /** True where the client is shown a part of the response alone: what others wait for stays theirs. */
  readonly isCut?: boolean | undefined
  /** Path with query, and body, of a call that `reply.from` would refuse or rewrite. */
  readonly forwarded?: { readonly path: string; readonly body: Buffer | Readable | undefined }
  /** Tells of which responses the client takes the body as it arrives; absent where it takes none so. */
  readonly takesStream?: ((response: Pick<UpstreamResponse, 'status' | 'headers'>) => boolean) | undefined
  /** True once the first bytes of the request were written: from then on the call may have an effect. */
  sent?: boolean
  /** Tries so far, where they are traced. */
  tries?: number
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
  { operation }: Pick<UpstreamCall, 'operation'>,
  code: ErrorCode,
  circumstances: Circumstances = {},
): GatewayError {
  return new GatewayError(code, { recovery: operation.recovery, isRead: isRead(operation), ...circumstances })
}

/** What is known of a response that was handed to a client; unknown when the connection ended right after it. */
export type Delivery = 'delivered' | 'lost' | 'unknown'

/** The connection of the client that waits for the response to a call. */
export interface ClientConnection {
  /** True when the client has disconnected without a response. */
  readonly disconnected: boolean
  /** Calls back when the client disconnects without a response. */
  onDisconnect(listener: () => void): void
  /** Calls back once, when the response, sent after this, was delivered or not. */
  onDelivery(listener: (delivery: Delivery) => void): void
  /** Keeps what the request takes of the concurrency limit, though the client disconnects, until the result is called. */
  hold(): () => void
}

/** Milliseconds that a connection must outlive a response to count as delivered: it ends at once when its client left. */
const grace = 1_000

/** What to call when a connection brings another request: its client has read the response before it. */
const watched = new WeakMap<Socket, () => void>()

/** Tells the calls before of a request that arrives on their connection. */
export function noteRequest(socket: Socket): void {
  watched.get(socket)?.()
}

/** The connection of an HTTP client. */
export class HttpConnection implements ClientConnection {
  readonly #response: ServerResponse
  readonly #socket: Socket | null
  readonly hold: () => () => void
  readonly #listeners: (() => void)[] = []
  readonly #deliveries: ((delivery: Delivery) => void)[] = []

  constructor(response: ServerResponse, hold: () => () => void) {
    this.#response = response
    this.hold = hold
    // A response that waits behind another on its connection has no socket yet; its request has.
    this.#socket = response.req.socket ?? response.socket
  }

  /** An HTTP server without half-open connections ends those whose other side has ended, or ends within a body. */
  get disconnected(): boolean {
    const { destroyed, writableFinished, req } = this.#response
    const isCut = req.destroyed && !req.complete
    // The socket of a request that `inject` makes up has no end.
    return !writableFinished && (destroyed || isCut || (this.#socket?.readableEnded ?? !this.#socket))
  }

  onDisconnect(listener: () => void): void {
    if (this.disconnected) listener()
    else this.#onClose(() => this.#response.writableFinished || listener())
  }

  onDelivery(listener: (delivery: Delivery) => void): void {
    const [response, socket] = [this.#response, this.#socket]
    if (this.disconnected || !socket) listener('lost')
    else if (this.#deliveries.push(listener) === 1) {
      const tell = (delivery: Delivery) => {
        for (const one of this.#deliveries) one(delivery)
      }
      this.#onClose(() => (response.writableFinished ? watchSocket(socket, tell) : tell('lost')))
    }
  }

  /** A batch has many calls, and Node warns of many listeners of one response. */
  #onClose(listener: () => void): void {
    if (this.#listeners.push(listener) > 1) return
    this.#response.once('close', () => {
      for (const one of this.#listeners) one()
    })
  }
}

/** A response in the system's buffers has not reached its client yet; how the connection ends tells more. */
function watchSocket(socket: Socket, listener: (delivery: Delivery) => void): void {
  const settle = (delivery: Delivery) => {
    clearTimeout(timer)
    watched.delete(socket)
    socket.off('close', onClose)
    listener(delivery)
  }
  const onClose = (broken: boolean) => settle(broken ? 'lost' : 'unknown')
  const timer = setTimeout(() => settle('delivered'), grace)
  timer.unref()
  if (socket.destroyed) onClose(socket.errored !== null)
  else {
    watched.set(socket, () => settle('delivered'))
    socket.once('close', onClose)
  }
}
