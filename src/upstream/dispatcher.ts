import type { Dispatcher } from 'undici'
import { type ErrorCode, GatewayError } from '../errors/gateway-error.ts'
import type { CircuitState } from '../observability/call-observer.ts'
import { CircuitBreaker, type CircuitOptions, type Report } from './circuit-breaker.ts'
import { ResponseCollector, type TryFailure, type UpstreamResponse } from './response-collector.ts'
import { RetryBudget } from './retry-budget.ts'
import { openSockets, type Sockets } from './sockets.ts'

/** One request to the upstream; `path` holds the query and no part of it is re-encoded. */
export interface UpstreamRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body?: string | Uint8Array | null | undefined
}

/** Receives the answer or the `GatewayError` that took its place; called exactly once. */
export type ResponseCallback = (error: GatewayError | null, answer?: UpstreamResponse) => void

/** The only way to the upstream: sockets, the deadline, retries and the circuit breaker live behind it. */
export interface UpstreamDispatcher {
  /** Origin of the upstream, `https://api.cal.com`. */
  readonly origin: string
  /** State of the circuit breaker. */
  readonly circuit: { readonly state: CircuitState }
  /**
   * Sends a call. The returned function gives it up, as far as it is a read: a write that left goes on. Each
   * further try is told of.
   */
  send(request: UpstreamRequest, done: ResponseCallback, onRetry?: () => void): () => void
  /** Waits for the calls under way, then closes every socket. */
  close(): Promise<void>
}

/** What the way to the upstream depends on. */
export interface DispatcherOptions {
  /** Base URL of the upstream; its path stands before every request's. */
  readonly baseUrl: string
  /** Milliseconds from the call to the last byte of the answer, all tries included. */
  readonly timeout: number
  /** PEM certificates that are trusted instead of the well-known ones. */
  readonly ca?: string | undefined
  /** A number from 0 to 1, for the jitter between tries. */
  readonly random?: () => number
  readonly circuit?: CircuitOptions
}

/** Most further tries of a call of which no byte has left. */
const retriesBeforeSending = 2
/** Most further tries of a read that has left. */
const retriesOfSentReads = 1
/** Milliseconds before the first further try, at most; twice as many before the second. */
const backoff = 100
/** Milliseconds for a connection to come about, at most: a further try may find a better address. */
const longestConnect = 10_000

/** Opens the way to the upstream. Redirects are not followed; what is tried again, and when, says `Call`. */
export function createDispatcher(options: DispatcherOptions): UpstreamDispatcher {
  const { timeout, ca, random = Math.random } = options
  const { origin, pathname } = new URL(options.baseUrl)
  const prefix = pathname.replace(/\/+$/, '')
  const sockets = openSockets({ origin, ca, connectTimeout: Math.min(timeout, longestConnect) })
  const circuit = new CircuitBreaker(options.circuit)
  const budget = new RetryBudget()
  return {
    origin,
    circuit,
    send({ method, path, headers, body = null }, done, onRetry) {
      const report = circuit.enter()
      if (!report) {
        done(new GatewayError('upstream_unavailable', { headers: { 'retry-after': '1' } }))
        return () => {}
      }
      budget.deposit()
      // undici's `HttpMethod` is a closed list of names; the document's methods are a part of it.
      const request = { method: method as Dispatcher.HttpMethod, path: prefix + path, headers, body }
      const call = new Call({ sockets, budget, random, report, request, done, onRetry }, timeout)
      return () => call.abandon()
    },
    close: () => sockets.close(),
  }
}

interface CallParts {
  readonly sockets: Sockets
  readonly budget: RetryBudget
  readonly random: () => number
  readonly report: Report
  readonly request: Dispatcher.DispatchOptions
  readonly done: ResponseCallback
  readonly onRetry: (() => void) | undefined
}

/**
 * A call and its tries. Whether one may be tried again depends on whether bytes have left, never on the kind of
 * error: nothing that left is sent again but a read, once. A complete answer is never asked for again.
 */
class Call {
  readonly #parts: CallParts
  readonly #deadline: NodeJS.Timeout
  #collector: ResponseCollector | undefined
  #pause: NodeJS.Timeout | undefined
  #sentTries = 0
  #unsentTries = 0
  #settled = false

  constructor(parts: CallParts, timeout: number) {
    this.#parts = parts
    this.#deadline = setTimeout(() => {
      this.#collector?.giveUp()
      this.#fail(this.#sentTries > 0 || this.#collector?.sent ? 'upstream_timeout' : 'upstream_unreachable')
    }, timeout)
    this.#try()
  }

  /** Stops waiting: the caller has gone. A write that was sent goes on to its end. */
  abandon(): void {
    const { method } = this.#parts.request
    if (this.#settled || (method !== 'GET' && this.#collector?.sent)) return
    this.#collector?.giveUp()
    this.#fail('upstream_connection_lost', undefined, 'unknown')
  }

  #try(): void {
    const collector = new ResponseCollector((failure, answer, cause) => {
      if (answer) this.#succeed(answer)
      else this.#tryAgain(failure, collector.sent, cause)
    })
    this.#collector = collector
    this.#parts.sockets.dispatch(this.#parts.request, collector)
  }

  #tryAgain(failure: TryFailure | undefined, sent: boolean, cause: Error | undefined): void {
    if (sent) this.#sentTries += 1
    else this.#unsentTries += 1
    if (failure === 'too large') this.#fail('upstream_invalid_response', cause)
    else if (this.#mayRetry(sent)) {
      this.#collector = undefined
      this.#parts.onRetry?.()
      const longest = backoff * 2 ** (this.#sentTries + this.#unsentTries - 1)
      this.#pause = setTimeout(() => this.#try(), this.#parts.random() * longest)
    } else this.#fail(this.#sentTries > 0 ? 'upstream_connection_lost' : 'upstream_unreachable', cause)
  }

  #mayRetry(sent: boolean): boolean {
    const { request, budget } = this.#parts
    if (sent && (request.method !== 'GET' || this.#sentTries > retriesOfSentReads)) return false
    return this.#unsentTries <= retriesBeforeSending && budget.withdraw()
  }

  #succeed(answer: UpstreamResponse): void {
    if (!this.#settle(answer.status >= 500 ? 'failed' : 'well')) return
    this.#parts.done(null, answer)
  }

  #fail(code: ErrorCode, cause?: Error, health: Parameters<Report>[0] = 'failed'): void {
    if (!this.#settle(health)) return
    this.#parts.done(new GatewayError(code, { cause }))
  }

  #settle(health: Parameters<Report>[0]): boolean {
    if (this.#settled) return false
    this.#settled = true
    clearTimeout(this.#deadline)
    clearTimeout(this.#pause)
    this.#parts.report(health)
    return true
  }
}
