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
  /** Calls back once, when the answer, handed on after this, has arrived or not. */
  onArrival(listener: (arrival: Arrival) => void): void
}

/**
 * Milliseconds that a connection must outlive an answer for the answer to have arrived. A caller that left while
 * its answer was on the way shows as a connection that ends right after it.
 */
const grace = 1_000

/** What to call when a connection brings another request: whoever sends on after an answer has read it. */
const watched = new WeakMap<Socket, () => void>()

/** A caller at the other end of an HTTP connection. */
export class HttpCaller implements Caller {
  readonly #response: ServerResponse
  readonly #socket: Socket | null

  constructor(response: ServerResponse) {
    this.#response = response
    // A response that waits behind another on its connection has no socket yet; its request has.
    this.#socket = response.req.socket ?? response.socket
    if (this.#socket) watched.get(this.#socket)?.()
  }

  /** An HTTP server without half-open connections ends those whose other side has ended. */
  get gone(): boolean {
    const { destroyed, writableFinished } = this.#response
    return !writableFinished && (destroyed || this.#socket?.readableEnded !== false)
  }

  onGone(listener: () => void): void {
    const response = this.#response
    if (this.gone) listener()
    else response.on('close', () => response.writableFinished || listener())
  }

  onArrival(listener: (arrival: Arrival) => void): void {
    const response = this.#response
    const socket = this.#socket
    if (this.gone || !socket) listener('lost')
    else
      response.once('close', () => {
        if (response.writableFinished) watchConnection(socket, listener)
        else listener('lost')
      })
  }
}

/** An answer that reached the system's buffers has not reached its caller yet; how the connection ends tells more. */
function watchConnection(socket: Socket, listener: (arrival: Arrival) => void): void {
  const settle = (arrival: Arrival) => {
    clearTimeout(timer)
    watched.delete(socket)
    socket.off('close', onClose)
    listener(arrival)
  }
  const onClose = (broken: boolean) => settle(broken ? 'lost' : 'in doubt')
  const timer = setTimeout(() => settle('arrived'), grace)
  timer.unref()
  if (socket.destroyed) onClose(socket.errored !== null)
  else {
    watched.set(socket, () => settle('arrived'))
    socket.once('close', onClose)
  }
}

/** A caller that cannot be watched: its answers count as arrived. */
export const unwatchedCaller: Caller = {
  gone: false,
  onGone() {},
  onArrival: (listener) => listener('arrived'),
}
