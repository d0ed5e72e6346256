import { type Dispatcher, Pool } from 'undici'
import { GatewayError } from '../errors.ts'

/** One request to the upstream; `path` holds the query and no part of it is re-encoded. */
export interface UpstreamRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array | undefined
}

/** A complete answer of the upstream: nothing is handed on before its last byte has arrived. */
export interface UpstreamAnswer {
  readonly status: number
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer
}

/** Receives the answer or the `GatewayError` that took its place; called exactly once. */
export type AnswerCallback = (error: GatewayError | null, answer?: UpstreamAnswer) => void

/** The only way to the upstream: sockets, the deadline and the size limit live behind it. */
export interface UpstreamDispatcher {
  /** Origin of the upstream, `https://api.cal.com`. */
  readonly origin: string
  send(request: UpstreamRequest, done: AnswerCallback): void
  /** Waits for the calls under way, then closes every socket. */
  close(): Promise<void>
}

interface DispatcherOptions {
  /** Base URL of the upstream; its path stands before every request's. */
  readonly baseUrl: string
  /** Milliseconds from the call to the last byte of the answer. */
  readonly timeout: number
}

/** The largest answer taken, in bytes; 250 users with full metadata stay below a third of it. */
const largestAnswer = 32 * 1024 * 1024

/** Opens a pool of HTTP/1.1 connections to the upstream. Redirects are not followed and nothing is retried. */
export function createDispatcher({ baseUrl, timeout }: DispatcherOptions): UpstreamDispatcher {
  const { origin, pathname } = new URL(baseUrl)
  const prefix = pathname.replace(/\/+$/, '')
  const pool = new Pool(origin, { allowH2: false, headersTimeout: 0, bodyTimeout: 0, connect: { timeout } })
  return {
    origin,
    send: ({ method, path, headers, body = null }, done) => {
      const collector = new AnswerCollector(timeout, done)
      // undici's `HttpMethod` is a closed list of names; the document's methods are a part of it.
      const options = { method: method as Dispatcher.HttpMethod, path: prefix + path, headers, body }
      pool.dispatch(options, collector)
    },
    close: () => pool.close(),
  }
}

/** Collects one answer whole, or says what is known of the call's effect when there is none. */
class AnswerCollector implements Dispatcher.DispatchHandler {
  readonly #done: AnswerCallback
  readonly #timer: NodeJS.Timeout
  readonly #chunks: Buffer[] = []
  #controller: Dispatcher.DispatchController | undefined
  #status = 0
  #headers: UpstreamAnswer['headers'] = {}
  #size = 0
  #settled = false

  constructor(timeout: number, done: AnswerCallback) {
    this.#done = done
    this.#timer = setTimeout(
      () => this.#giveUp(new GatewayError(this.#controller ? 'upstream_timeout' : 'upstream_unreachable')),
      timeout,
    )
  }

  /** undici calls this on the tick that writes the request's first bytes: from here on the call may have effect. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#settled) controller.abort(new Error('the call was given up before it was sent'))
    else this.#controller = controller
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: UpstreamAnswer['headers'],
  ): void {
    this.#status = status
    this.#headers = headers
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#size += chunk.length
    if (this.#size > largestAnswer) this.#giveUp(new GatewayError('upstream_invalid_answer'))
    else this.#chunks.push(chunk)
  }

  onResponseEnd(): void {
    const [only = Buffer.alloc(0)] = this.#chunks
    const body = this.#chunks.length > 1 ? Buffer.concat(this.#chunks, this.#size) : only
    this.#settle(null, { status: this.#status, headers: this.#headers, body })
  }

  onResponseError(_controller: Dispatcher.DispatchController, cause: Error): void {
    const code = this.#controller ? 'upstream_connection_lost' : 'upstream_unreachable'
    this.#settle(new GatewayError(code, { cause }))
  }

  #giveUp(error: GatewayError): void {
    this.#settle(error)
    this.#controller?.abort(error)
  }

  #settle(error: GatewayError | null, answer?: UpstreamAnswer): void {
    if (this.#settled) return
    this.#settled = true
    clearTimeout(this.#timer)
    this.#done(error, answer)
  }
}
