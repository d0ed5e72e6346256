import { hash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import type { GatewayError } from '../errors/gateway-error.ts'
import { createCallError, type UpstreamCall, type UpstreamResponse } from './call.ts'
import type { SecretFilter } from './secret-filter.ts'

/** Milliseconds in which a client has to take what there is of a stream. */
const writeTimeout = 10_000

/** Streams at a time, of all APIs together: half of the requests that are handled at a time by default. */
const mostStreams = 128

/**
 * Counts the streams under way: each holds a slot of the concurrency limit for as long as it likes. A client has at most
 * half of what the others leave.
 */
export class StreamLimit {
  readonly #most: number
  readonly #own = new Map<string, number>()
  #open = 0

  constructor(most = mostStreams) {
    this.#most = most
  }

  /** Counts one more of a client, empty where none is known, until the result is called; undefined where there are too many. */
  tryOpen(client: string): (() => void) | undefined {
    const own = client === '' ? 0 : (this.#own.get(client) ?? 0)
    if (own >= this.#most - this.#open) return undefined
    this.#count(client, 1)
    return () => this.#count(client, -1)
  }

  #count(client: string, change: 1 | -1): void {
    this.#open += change
    const own = (this.#own.get(client) ?? 0) + change
    if (own === 0) this.#own.delete(client)
    else this.#own.set(client, own)
  }
}

/** Media types of what never ends, so that collecting it would end with the time limit alone. */
const endless = /^(?:text\/event-stream|multipart\/x-mixed-replace)\s*(?:;|$)/i

/** What the responses of all APIs take together. A gateway that is composed anew keeps it. */
export class ResponseLoad {
  readonly #streams = new StreamLimit()
  /** Bytes of the room for responses that are being collected. */
  collected = 0

  /**
   * Counts a response that streams, until the result is called. Where there are too many it is undefined, and false for
   * a response that cannot be collected instead, since it never ends.
   */
  openStream(call: UpstreamCall, headers: UpstreamResponse['headers']): (() => void) | undefined | false {
    const isEndless = endless.test(String(headers['content-type']))
    return this.#streams.tryOpen(nameClient(call)) ?? (isEndless ? false : undefined)
  }
}

/** Names who was authenticated, else what the API knows the client by, by a hash, so that no secret is kept. */
function nameClient({ principal, identify }: UpstreamCall): string {
  return principal === '' ? `sha256:${hash('sha256', JSON.stringify(identify()))}` : principal
}

/** Why a stream does not go on: the connection broke, or one of its sides did nothing for too long. */
export type StreamFailure = 'upstream_connection_lost' | 'upstream_timeout' | 'client_disconnected'

/** What a stream depends on. */
export interface BodyStreamOptions {
  readonly controller: Dispatcher.DispatchController
  /** Milliseconds that the API may send nothing. */
  readonly timeout: number
  /** Creates the error of a stream that does not go on. */
  readonly createError: (code: StreamFailure, cause: Error) => Error
  readonly onClose: () => void
  /** Takes out what the response may not repeat. */
  readonly filter?: SecretFilter | undefined
}

/**
 * The body of a response as it arrives, read from the API no faster than the client takes it. It fails when the API
 * sends nothing for the timeout, or when the client takes nothing for ten seconds.
 */
export class BodyStream extends Readable {
  readonly #options: BodyStreamOptions
  #timer: NodeJS.Timeout | undefined

  constructor(options: BodyStreamOptions) {
    super()
    this.#options = options
    // It may fail before its reader comes, which a mark in the shared state delays; the reader learns of it all the same.
    this.on('error', () => {})
    this.#awaitUpstream()
  }

  /** Adds what arrived; a client that is behind pauses the connection. */
  add(chunk: Buffer): void {
    if (this.destroyed) return
    const part = this.#options.filter?.add(chunk) ?? chunk
    if (part.length === 0 || this.push(part)) this.#awaitUpstream()
    else {
      this.#options.controller.pause()
      this.#awaitClient()
    }
  }

  /** Ends the body after its last byte, or fails it with the reason why there is no more. */
  end(cause?: Error): void {
    clearTimeout(this.#timer)
    if (this.destroyed) return
    if (cause) this.#fail('upstream_connection_lost', cause)
    else {
      const rest = this.#options.filter?.end()
      if (rest && rest.length > 0) this.push(rest)
      this.push(null)
      this.#awaitClient()
    }
  }

  override _read(): void {
    if (!this.#options.controller.paused) return
    this.#awaitUpstream()
    this.#options.controller.resume()
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    clearTimeout(this.#timer)
    // Nothing happens where the last byte has arrived.
    this.#options.controller.abort(error ?? new Error('the client has disconnected'))
    this.#options.onClose()
    callback(error)
  }

  #awaitUpstream(): void {
    this.#wait(this.#options.timeout, 'upstream_timeout', 'the upstream sent nothing for too long')
  }

  #awaitClient(): void {
    this.#wait(writeTimeout, 'client_disconnected', 'the client took nothing for too long')
  }

  #wait(milliseconds: number, code: StreamFailure, reason: string): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#fail(code, new Error(reason)), milliseconds)
  }

  #fail(code: StreamFailure, cause: Error): void {
    this.destroy(this.#options.createError(code, cause))
  }
}

/** Bodies that go upstream as they arrive, by their requests. */
const uploads = new WeakMap<IncomingMessage, Readable>()

/** Notes that the body of a request goes upstream as it arrives. */
export function noteUpload(request: IncomingMessage, body: Readable): void {
  uploads.set(request, body)
}

/** Returns whether a part of a request's body may have reached the API, whatever becomes of the rest. */
export function isUploadSent(request: IncomingMessage): boolean {
  return uploads.get(request)?.readableDidRead ?? false
}

/** Creates the error of an upload that ended for a reason of its own when a part of it was sent. */
export function createBreak(call: UpstreamCall, cause: GatewayError): GatewayError {
  if (cause.code !== 'body_too_large') return createCallError(call, 'upload_incomplete', { cause })
  return createCallError(call, 'upload_too_large', {
    detail: `Read the state first. ${cause.message}`,
    cause,
  })
}
