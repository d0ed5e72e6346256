import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** What is known of an answer that was handed to a caller; in doubt when the connection ended right after it. */
export type Arrival = 'arrived' | 'lost' | 'in doubt'

/** The other end of a call. */
export interface Caller {
  /** True when the caller has left without an answer. */
  readonly gone: boolean
  /** Calls back when the caller leaves without an answer. */
  onGone(listener: () => void): void
  /** Calls back once the answer, handed on after this, has arrived or not. */
  onArrival(listener: (arrival: Arrival) => void): void
}

/**
 * Milliseconds that a connection must outlive an answer for the answer to have arrived. A caller that left while
 * its answer was on the way shows as a connection that ends right after it.
 */
const grace = 1_000

/** A caller at the other end of an HTTP connection. */
export class HttpCaller implements Caller {
  readonly #response: ServerResponse

  constructor(response: ServerResponse) {
    this.#response = response
  }

  get gone(): boolean {
    return this.#response.destroyed && !this.#response.writableFinished
  }

  onGone(listener: () => void): void {
    const response = this.#response
    if (this.gone) listener()
    else response.once('close', () => response.writableFinished || listener())
  }

  onArrival(listener: (arrival: Arrival) => void): void {
    const response = this.#response
    const { socket } = response
    if (this.gone || !socket) listener('lost')
    else
      response.once('close', () => {
        if (response.writableFinished) watchConnection(socket, listener)
        else listener('lost')
      })
  }
}

/** An answer that reached the system's buffers has not reached its caller yet; the connection's end tells more. */
function watchConnection(socket: Socket, listener: (arrival: Arrival) => void): void {
  const before = socket.bytesRead
  const settle = (arrival: Arrival) => {
    clearTimeout(timer)
    socket.off('close', judge)
    listener(arrival)
  }
  const judge = (broken: boolean) => {
    // Whoever sends on after an answer has read it.
    if (socket.bytesRead > before) settle('arrived')
    else settle(broken ? 'lost' : 'in doubt')
  }
  const timer = setTimeout(() => settle('arrived'), grace)
  timer.unref()
  if (socket.destroyed) judge(socket.errored !== null)
  else socket.once('close', judge)
}

/** A caller that cannot be watched: its answers count as arrived. */
export const unwatchedCaller: Caller = {
  gone: false,
  onGone() {},
  onArrival: (listener) => listener('arrived'),
}
