import { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'

/** Milliseconds in which a client has to take what there is of a stream. */
const writeTimeout = 10_000

/** Streams at a time, of all APIs together: half of the requests that are handled at a time by default. */
const mostStreams = 128

/** Counts the streams under way: each holds a slot of the concurrency limit for as long as it likes. */
export class StreamLimit {
  readonly #most: number
  #open = 0

  constructor(most = mostStreams) {
    this.#most = most
  }

  /** Counts one more, until the result is called; undefined where there are too many. */
  tryOpen(): (() => void) | undefined {
    if (this.#open >= this.#most) return undefined
    this.#open += 1
    return () => {
      this.#open -= 1
    }
  }
}

/** What a stream depends on. */
export interface BodyStreamOptions {
  readonly controller: Dispatcher.DispatchController
  /** Milliseconds that the API may send nothing. */
  readonly timeout: number
  /** Creates the error of a stream that does not go on. */
  readonly createError: (cause: Error) => Error
  readonly onClose: () => void
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
    this.#wait(options.timeout, 'the upstream sent nothing for too long')
  }

  /** Adds what arrived; a client that is behind pauses the connection. */
  add(chunk: Buffer): void {
    if (this.destroyed) return
    if (this.push(chunk)) this.#wait(this.#options.timeout, 'the upstream sent nothing for too long')
    else {
      this.#options.controller.pause()
      this.#wait(writeTimeout, 'the client took nothing for too long')
    }
  }

  /** Ends the body after its last byte, or fails it with the reason why there is no more. */
  end(cause?: Error): void {
    clearTimeout(this.#timer)
    if (this.destroyed) return
    if (cause) this.destroy(this.#options.createError(cause))
    else {
      this.push(null)
      this.#wait(writeTimeout, 'the client took nothing for too long')
    }
  }

  override _read(): void {
    if (!this.#options.controller.paused) return
    this.#wait(this.#options.timeout, 'the upstream sent nothing for too long')
    this.#options.controller.resume()
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    clearTimeout(this.#timer)
    // Nothing happens where the last byte has arrived.
    this.#options.controller.abort(error ?? new Error('the client has disconnected'))
    this.#options.onClose()
    callback(error)
  }

  #wait(milliseconds: number, reason: string): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.end(new Error(reason)), milliseconds)
  }
}
