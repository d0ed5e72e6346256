import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

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

/**
 * Milliseconds that a connection must outlive a response for the response to count as delivered. A client that
 * disconnected while its response was on the way shows as a connection that ends right after it.
 */
const grace = 1_000

/** What to call when a connection brings another request: its client has read the response before it. */
const watched = new WeakMap<Socket, () => void>()

/** The connection of an HTTP client. */
export class HttpConnection implements ClientConnection {
  readonly #response: ServerResponse
  readonly #socket: Socket | null
  readonly hold: () => () => void

  constructor(response: ServerResponse, hold: () => () => void) {
    this.#response = response
    this.hold = hold
    // A response that waits behind another on its connection has no socket yet; its request has.
    this.#socket = response.req.socket ?? response.socket
    if (this.#socket) watched.get(this.#socket)?.()
  }

  /** An HTTP server without half-open connections ends those whose other side has ended, or ends within a body. */
  get disconnected(): boolean {
    const { destroyed, writableFinished, req } = this.#response
    const isCut = req.destroyed && !req.complete
    return !writableFinished && (destroyed || isCut || this.#socket?.readableEnded !== false)
  }

  onDisconnect(listener: () => void): void {
    const response = this.#response
    if (this.disconnected) listener()
    else response.on('close', () => response.writableFinished || listener())
  }

  onDelivery(listener: (delivery: Delivery) => void): void {
    const response = this.#response
    const socket = this.#socket
    if (this.disconnected || !socket) listener('lost')
    else
      response.once('close', () => {
        if (response.writableFinished) watchSocket(socket, listener)
        else listener('lost')
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

/** A client without a connection that could be watched: its responses count as delivered. */
export const unwatchedConnection: ClientConnection = {
  disconnected: false,
  onDisconnect() {},
  onDelivery: (listener) => listener('delivered'),
  hold: () => () => {},
}
