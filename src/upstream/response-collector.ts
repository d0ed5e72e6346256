import type { Dispatcher } from 'undici'

/** A complete answer of the upstream: nothing is handed on before its last byte has arrived. */
export interface UpstreamResponse {
  readonly status: number
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer
  /** What a success says, once it is known to be JSON. */
  readonly json?: { readonly text: string; readonly value: unknown }
}

/** Why there is no answer: the connection failed, or what came over it was more than anyone takes. */
export type TryFailure = 'connection' | 'too large'

/** Receives what became of one try; called exactly once, unless the try was given up. */
export type TryCallback = (failure: TryFailure | undefined, answer?: UpstreamResponse, cause?: Error) => void

/** The largest answer taken, in bytes; 250 users with full metadata stay below a third of it. */
const largestAnswer = 32 * 1024 * 1024

/** One try of a call: collects its answer whole and knows whether the request has left. */
export class ResponseCollector implements Dispatcher.DispatchHandler {
  readonly #done: TryCallback
  readonly #chunks: Buffer[] = []
  #controller: Dispatcher.DispatchController | undefined
  #status = 0
  #headers: UpstreamResponse['headers'] = {}
  #size = 0
  #settled = false

  constructor(done: TryCallback) {
    this.#done = done
  }

  /** True from the tick that writes the request's first bytes: from then on the call may have effect. */
  get sent(): boolean {
    return this.#controller !== undefined
  }

  /** Ends the try without telling anybody. */
  giveUp(): void {
    if (this.#settled) return
    this.#settled = true
    this.#controller?.abort(new Error('the call was given up'))
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#settled) controller.abort(new Error('the call was given up before it was sent'))
    else this.#controller = controller
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: UpstreamResponse['headers'],
  ): void {
    this.#status = status
    this.#headers = headers
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#size += chunk.length
    if (this.#size <= largestAnswer) this.#chunks.push(chunk)
    else {
      this.#settle('too large')
      this.#controller?.abort(new Error('the answer is too large'))
    }
  }

  onResponseEnd(): void {
    const [only = Buffer.alloc(0)] = this.#chunks
    const body = this.#chunks.length > 1 ? Buffer.concat(this.#chunks, this.#size) : only
    this.#settle(undefined, { status: this.#status, headers: this.#headers, body })
  }

  onResponseError(_controller: Dispatcher.DispatchController, cause: Error): void {
    this.#settle('connection', undefined, cause)
  }

  #settle(...outcome: Parameters<TryCallback>): void {
    if (this.#settled) return
    this.#settled = true
    this.#done(...outcome)
  }
}
