import type { Dispatcher } from 'undici'
import { GatewayError } from '../errors/gateway-error.ts'
import { BodyStream, type StreamFailure, StreamLimit } from './body-stream.ts'
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
import { isFiltered, SecretFilter } from './secret-filter.ts'

/** Bytes of the largest response that is collected; 250 users with full metadata stay below a third of it. */
const largestResponse = 32 * 1024 * 1024

/** Bytes of all responses that are being collected at most; beyond it only small ones are collected further. */
const mostCollected = 48 * 1024 * 1024
const smallResponse = 1024 * 1024

/** Requests that wait for a connection at most, on one that is being established or in a pool's queue. */
const longestQueue = 512

/** How a transport works, where it is not as usual. */
export interface TransportOptions {
  /** Path that stands before every request's. */
  readonly prefix?: string
  readonly streams?: StreamLimit
  /** Milliseconds that the API may send nothing of a body that streams. */
  readonly streamTimeout?: number
}

/**
 * Sends requests over the pools and collects their responses whole, but for those that a call takes as a stream; where
 * too many stream already, these are collected too. Rejects with a `ConnectionError`, with the reason of the request's
 * signal, with `overloaded` when too many wait for a connection, or with `upstream_invalid_response` for what is larger
 * than the limit.
 */
export function createTransport(
  { reads, writes }: Pools,
  { prefix = '', streams = new StreamLimit(), streamTimeout = 30_000 }: TransportOptions = {},
): Send {
  const load = { waiting: 0, collected: 0 }
  return (request) =>
    new Promise((resolve, reject) => {
      if (load.waiting >= longestQueue)
        return reject(new GatewayError('overloaded', { headers: { 'retry-after': '1' } }))
      const parts = { call: currentCall(), request, load, streams, streamTimeout, resolve, reject }
      const { headers, body = null } = request
      // undici's `HttpMethod` is a closed list of names; the document's methods are a part of it.
      const method = request.method as Dispatcher.HttpMethod
      const pool = isRead(request) ? reads : writes
      pool.dispatch({ method, path: prefix + request.path, headers, body }, new Exchange(parts))
    })
}

/** What all exchanges take. Counted, not listed: what a `Set` once held lives until V8 collects the old generation. */
interface Load {
  /** Exchanges of which no byte has left. */
  waiting: number
  /** Bytes of the room for responses that are not complete. */
  collected: number
}

interface ExchangeParts extends Required<Pick<TransportOptions, 'streams' | 'streamTimeout'>> {
  readonly call: UpstreamCall
  readonly request: UpstreamRequest
  readonly load: Load
  readonly resolve: (response: UpstreamResponse) => void
  readonly reject: (error: unknown) => void
}

const nothing: Buffer<ArrayBuffer> = Buffer.alloc(0)

/** One request and its response on one connection. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #parts: ExchangeParts
  #controller: Dispatcher.DispatchController | undefined
  #head: Pick<UpstreamResponse, 'status' | 'headers'> = { status: 0, headers: {} }
  #body = nothing
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
  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#leaveQueue()
    if (this.#settled) return void controller.abort(new Error('the request was given up before it was sent'))
    this.#controller = controller
    this.#parts.call.sent = true
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: UpstreamResponse['headers'],
  ): void {
    this.#head = { status, headers }
    if (this.#settled) return
    const { call, request, streams, streamTimeout: timeout, resolve } = this.#parts
    const onClose = call.takesStream?.({ status, headers }) ? streams.tryOpen() : undefined
    // Collected side by side, large ones would all reach the limit together, and none its end.
    const length = request.method === 'HEAD' ? 0 : Number(headers['content-length']) || 0
    if (!onClose) return void this.#makeRoom(controller, length)
    const createError = (code: StreamFailure, cause: Error) => createCallError(call, code, { cause })
    this.#settle()
    const filter = isFiltered(call, headers) ? new SecretFilter(call.configuredSpellings) : undefined
    this.#stream = new BodyStream({ controller, timeout, createError, onClose, filter })
    resolve({ status, headers, body: nothing, stream: this.#stream })
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#stream?.add(chunk)
    const size = this.#size + chunk.length
    if (this.#settled || !this.#makeRoom(controller, size, 2 * this.#size)) return
    chunk.copy(this.#body, this.#size)
    this.#size = size
  }

  /** Makes room for so many bytes, and for more where they are to come; refuses the response where too little is left. */
  #makeRoom(controller: Dispatcher.DispatchController, size: number, more = 0): boolean {
    if (size <= this.#body.length) return true
    const { load, request } = this.#parts
    const collected = load.collected - this.#body.length
    const length = Math.max(size, Math.min(more, largestResponse, mostCollected - collected))
    if (size > largestResponse) this.#refuse(controller, 'the response is too large')
    else if (size > smallResponse && collected + size > mostCollected)
      this.#refuse(controller, 'too many large responses at a time', isRead(request))
    else {
      load.collected = collected + length
      this.#body = enlarge(this.#body, length)
    }
    return !this.#settled
  }

  /** A read may be sent again later; what became of a write is unknown without its response. */
  #refuse(controller: Dispatcher.DispatchController, reason: string, mayRepeat = false): void {
    const cause = new Error(reason)
    const error = mayRepeat
      ? new GatewayError('overloaded', { cause, headers: { 'retry-after': '1' } })
      : createCallError(this.#parts.call, 'upstream_invalid_response', { cause })
    this.#fail(error)
    controller.abort(cause)
  }

  onResponseEnd(): void {
    this.#stream?.end()
    if (!this.#settle()) return
    this.#parts.resolve({ ...this.#head, body: this.#body.subarray(0, this.#size) })
  }

  onResponseError(_controller: Dispatcher.DispatchController, cause: Error): void {
    this.#stream?.end(cause)
    // The body of a client that has disconnected, or has sent too much, says nothing about the upstream.
    if (cause instanceof GatewayError) this.#fail(cause)
    else this.#fail(new ConnectionError(this.#controller !== undefined, cause))
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
    this.#leaveQueue()
    this.#parts.load.collected -= this.#body.length
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
