import type { ServerResponse } from 'node:http'
import { Socket } from 'node:net'

/** Milliseconds in which a client that reads nothing of its response is disconnected. */
const writeTimeout = 10_000

/** Bytes of unread responses that one gateway keeps for its clients at most. */
const capacity = 64 * 1024 * 1024

/**
 * Bounds what clients leave unread. A complete response waits in memory until its client has read it; a client that
 * stops reading is disconnected after the write timeout, and before it when all unread responses together exceed the
 * capacity: then the oldest.
 */
export class UnreadResponses {
  readonly #bytes = new Map<Socket, number>()
  readonly #capacity: number
  readonly #timeout: number
  #total = 0

  /** The timeout is in milliseconds. */
  constructor({ bytes = capacity, timeout = writeTimeout } = {}) {
    this.#capacity = bytes
    this.#timeout = timeout
  }

  /** Follows a response whose last byte was handed to its connection. */
  follow(response: ServerResponse): void {
    const { socket } = response
    // Responses to injected requests have no connection.
    if (!(socket instanceof Socket) || socket.writableLength === 0) return
    const bytes = socket.writableLength
    // Node destroys a connection that makes no progress for this long, and sets its own timeout after the response.
    socket.setTimeout(this.#timeout)
    this.#bytes.set(socket, bytes)
    this.#total += bytes
    response.once('close', () => this.#forget(socket))
    for (const oldest of this.#bytes.keys()) {
      if (this.#total <= this.#capacity || oldest === socket) return
      this.#forget(oldest)
      oldest.destroy()
    }
  }

  #forget(socket: Socket): void {
    this.#total -= this.#bytes.get(socket) ?? 0
    this.#bytes.delete(socket)
  }
}

/** Calls a listener at the end of the current event-loop tick. */
export type WriteBatch = (listener: () => void) => void

/**
 * Gathers the responses that become ready in one event-loop tick and writes them at its end. On loopback each write
 * wakes its receiver, which costs the sender more CPU than the write itself; a batch wakes it once. The benefit is
 * loopback's (a sidecar, a reverse proxy on the same host); between hosts it is neither measured nor expected.
 */
export function createWriteBatch(): WriteBatch {
  let listeners: (() => void)[] = []
  const flush = () => {
    const ready = listeners
    listeners = []
    for (const listener of ready) listener()
  }
  return (listener) => {
    if (listeners.push(listener) === 1) setImmediate(flush)
  }
}
