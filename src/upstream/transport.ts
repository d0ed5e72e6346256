import type { Dispatcher } from 'undici'
import { GatewayError } from '../errors/gateway-error.ts'
import { BodyStream, createBreak, ResponseLoad, type StreamFailure } from './body-stream.ts'
import {
  createCallError,
  currentCall,
  isRead,
  type Send,
  type UpstreamCall,
  type UpstreamRequest,
  type UpstreamResponse,
} from './call.ts'
import { ConnectionError, type Pools } from './pools.ts'
import { refuseBusy, refuseLarge } from './response-check.ts'
import { isFiltered, SecretFilter } from './secret-filter.ts'

/** Bytes of the largest response that is collected; 250 users with full metadata stay below a third of it. */
const largestResponse = 32 * 1024 * 1024
const largeResponse = `a response of more than ${largestResponse.toLocaleString('en')} bytes`

/** Bytes of all responses that are being collected at most; beyond it only small ones are collected further. */
const mostCollected = 48 * 1024 * 1024
const smallResponse = 1024 * 1024

/** Requests that wait for a connection at most, on one that is being established or in a pool's queue. */
const longestQueue = 512

/** How a transport works, where it is not as usual. */
export interface TransportOptions {
  /** Path that stands before every request's. */
  readonly prefix?: string
  readonly responses?: ResponseLoad
  /** Milliseconds that the API may send nothing of a body that streams. */
  readonly streamTimeout?: number
}

/**
 * Sends requests over the pools and collects their responses whole, but for those that a call takes as a stream; where
 * too many stream already, these are collected too if they end. Rejects with a `ConnectionError`, with the reason of the request's
 * signal, with `overloaded` when too many wait for a connection, or with `upstream_invalid_response` for what is larger
 * than the limit.
 */
export function createTransport(
  { reads, writes }: Pools,
  { prefix = '', responses = new ResponseLoad(), streamTimeout = 30_000 }: TransportOptions = {},
): Send {
  const load = { waiting: 0 }
  return (request) =>
    new Promise((resolve, reject) => {
      if (load.waiting >= longestQueue)
        return reject(new GatewayError('overloaded', { headers: { 'retry-after': '1' } }))
      const parts = { call: currentCall(), request, load, responses, streamTimeout, resolve, reject }
      const { headers, body = null } = request
      // undici's `HttpMethod` is a closed list of names; the document's methods are a part of it.
      const method = request.method as Dispatcher.HttpMethod
      const pool = isRead(request) ? reads : writes
      pool.dispatch({ method, path: prefix + request.path, headers, body }, new Exchange(parts))
    })
}

interface ExchangeParts extends Required<Pick<TransportOptions, 'responses' | 'streamTimeout'>> {
  readonly call: UpstreamCall
  readonly request: UpstreamRequest
  /** Exchanges of which no byte has left. Counted: what a `Set` once held lives until V8 collects the old generation. */
  readonly load: { waiting: number }
  readonly resolve: (response: UpstreamResponse) => void
  readonly reject: (error: unknown) => void
}

type Controller = Dispatcher.DispatchController
const nothing: Buffer<ArrayBuffer> = Buffer.alloc(0)

/** One request and its response on one connection. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #parts: ExchangeParts
  #controller: Controller | undefined
  #head: Pick<UpstreamResponse, 'status' | 'headers'> = { status: 0, headers: {} }
  #body = nothing
  #room = 0
  #size = 0
  #settled = false
  #waits = true
  #stream: BodyStream | undefined

  constructor(parts: ExchangeParts) {
    this.#parts = parts
    parts.load.waiting += 1
    parts.request.signal?.addEventListener('abort', this.#abort)
  }

  /** Marks the call as sent, in the tick that writes the request's first bytes. */
  onRequestStart(controller: Controller): void {
    this.#leaveQueue()
    if (this.#settled) return void controller.abort(new Error('the request was given up before it was sent'))
    this.#controller = controller
    this.#parts.call.sent = true
  }

  onResponseStart(controller: Controller, status: number, headers: UpstreamResponse['headers']): void {
    this.#head = { status, headers }
    // Neither has a body (RFC 9112 §6.3). Of one that tells a length all the same undici says that it is cut.
    if (status === 204 || status === 304) this.onResponseEnd()
    if (this.#settled) return
    const { call, request, responses, streamTimeout: timeout, resolve } = this.#parts
    const onClose = call.takesStream?.(this.#head) ? responses.openStream(call, headers) : undefined
    if (onClose === false) return void this.#refuse(controller, refuseBusy(call, request, 'streams'))
    // Collected side by side, large ones would all reach the limit together, and none its end.
    const length = request.method === 'HEAD' ? 0 : Number(headers['content-length']) || 0
    if (!onClose) return void this.#reserve(controller, length)
    const createError = (code: StreamFailure, cause: Error) => createCallError(call, code, { cause })
    this.#settle()
    const filter = isFiltered(call, headers) ? new SecretFilter(call.configured) : undefined
    this.#stream = new BodyStream({ controller, timeout, createError, onClose, filter })
    resolve({ status, headers, body: nothing, stream: this.#stream })
  }

  onResponseData(controller: Controller, chunk: Buffer<ArrayBuffer>): void {
    this.#stream?.add(chunk)
    const size = this.#size + chunk.length
    if (this.#settled || !this.#reserve(controller, size)) return
    // A body in one piece is not copied: V8 collects all of its heap when much memory outside of it was taken.
    if (chunk.length === Number(this.#head.headers['content-length'])) this.#body = chunk
    else if (this.#body.length < this.#room) this.#body = enlarge(this.#body, this.#room)
    if (this.#body !== chunk) chunk.copy(this.#body, this.#size)
    this.#size = size
  }

  /** Reserves room for so many bytes, and for more where they follow others; refuses the response where too little is left. */
  #reserve(controller: Controller, size: number): boolean {
    if (size <= this.#room) return true
    const { responses, call, request } = this.#parts
    const collected = responses.collected - this.#room
    const length = Math.max(size, Math.min(2 * this.#size, largestResponse, mostCollected - collected))
    if (size > largestResponse) return this.#refuse(controller, refuseLarge(call, largeResponse))
    if (size > smallResponse && collected + size > mostCollected)
      return this.#refuse(controller, refuseBusy(call, request, 'large responses'))
    responses.collected = collected + length
    this.#room = length
    return true
  }

  #refuse(controller: Controller, error: GatewayError): false {
    this.#fail(error)
    controller.abort(error)
    return false
  }

  onResponseEnd(): void {
    this.#stream?.end()
    if (this.#settle()) this.#parts.resolve({ ...this.#head, body: this.#body.subarray(0, this.#size) })
  }

  onResponseError(_controller: Controller, cause: Error): void {
    this.#leaveQueue()
    this.#stream?.end(cause)
    const isSent = this.#controller !== undefined
    // The body of a client that has disconnected, or has sent too much, says nothing about the upstream.
    if (!(cause instanceof GatewayError)) this.#fail(new ConnectionError(isSent, cause))
    else this.#fail(isSent ? createBreak(this.#parts.call, cause) : cause)
  }

  /** The signal calls it without an object, so that it is a value and no method. */
  readonly #abort = (): void => {
    const { reason }: { readonly reason?: unknown } = this.#parts.request.signal ?? {}
    this.#fail(reason)
    this.#controller?.abort(new Error('the request was given up', { cause: reason }))
  }

  #fail(error: unknown): void {
    if (this.#settle()) this.#parts.reject(error)
  }

  #settle(): boolean {
    if (this.#settled) return false
    this.#settled = true
    this.#parts.responses.collected -= this.#room
    this.#parts.request.signal?.removeEventListener('abort', this.#abort)
    return true
  }

  #leaveQueue(): void {
    if (this.#waits) this.#parts.load.waiting -= 1
    this.#waits = false
  }
}

/** Returns the bytes in a larger buffer. A small one shares the memory of Node's pool, which cannot be transferred. */
function enlarge(bytes: Buffer<ArrayBuffer>, length: number): Buffer<ArrayBuffer> {
  if (bytes.length === 0) return Buffer.allocUnsafe(length)
  const { buffer } = bytes.length === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes)
  // Unlike a copy, a transfer gives the memory of the smaller one back without waiting for the garbage collector.
  return Buffer.from(buffer.transfer(length))
}
