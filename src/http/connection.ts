import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { noteRequest } from '../upstream/call.ts'

/** What is known of a connection of a client. */
interface Connection {
  /** The requests whose responses are not finished, oldest first. */
  readonly pending: Pending[]
  latest?: Pending
  /** True once a request was refused as broken: no other is read. */
  broken: boolean
}

interface Pending {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** Who writes the response, once that is settled. */
  writer?: Writer
  /** Resumes the request once it is the oldest. */
  resume?: () => void
}

const connections = new WeakMap<Duplex, Connection>()

/** Requests of each server's app that have no response yet. */
const requests = new WeakMap<Server, { count: number }>()

/** Who writes a response: the reply of its request, or the refusal of what is broken in it. */
type Writer = 'reply' | 'refusal'

/**
 * Claims a response for its reply, or for the refusal of what is broken in its request; false where the other has it. A
 * reply may claim it again: a body that fails before its first byte is replaced by an error.
 */
export function claimResponse(response: ServerResponse, writer: Writer): boolean {
  // Only a request that is followed can be refused as broken.
  const followed = connections.get(response.req.socket)?.pending.find((one) => one.response === response)
  if (response.headersSent || (followed?.writer ?? writer) !== writer) return false
  if (followed) followed.writer = writer
  return true
}

/** Follows the requests of a server, so that one of a connection is handled at a time, and what is broken gets one response. */
export function watchConnections(server: Server): void {
  const handled = { count: 0 }
  requests.set(server, handled)
  server.prependListener('request', (request, response) => {
    handled.count += 1
    follow(request, response, handled)
  })
  // Node has no request event for these.
  server.prependListener('checkExpectation', (request, response) => follow(request, response))
}

/** Counts the requests that a followed server's app handles, wherever they arrived. */
export function countRequests(server: Server): number {
  return requests.get(server)?.count ?? 0
}

/** Requests of a connection without a response, beyond which no more is read. */
const mostPending = 100

function follow(request: IncomingMessage, response: ServerResponse, handled?: { count: number }): void {
  const { socket } = request
  // Node drops what follows one of these in the same piece, as if it were of another protocol (RFC 9110 §7.8).
  if (request.headers.upgrade !== undefined) response.shouldKeepAlive = false
  const connection = findConnection(socket)
  const { pending } = connection
  // A client that sends on without waiting for responses has not read the one before it either.
  if (pending.length === 0) noteRequest(socket)
  connection.latest = { request, response }
  pending.push(connection.latest)
  if (isHeld(connection)) socket.pause()
  response.on('close', () => {
    if (handled) handled.count -= 1
    const index = pending.findIndex((one) => one.response === response)
    if (index >= 0) pending.splice(index, 1)
    if (pending.length === mostPending - 1) socket.resume()
    // Behind a response that ends the connection nothing is handled (RFC 9112 §9.6).
    if (socket.writable) pending[0]?.resume?.()
  })
}

/** Returns whether so many requests of a connection wait that no more of it is read. */
export function isHeld({ pending }: Connection): boolean {
  return pending.length >= mostPending
}

/** Returns what is known of a connection. */
export function findConnection(socket: Duplex): Connection {
  const known = connections.get(socket)
  if (known) return known
  const connection: Connection = { pending: [], broken: false }
  connections.set(socket, connection)
  // The end of a request, and the reader of a body, have Node read on.
  socket.on('resume', () => {
    if (isHeld(connection)) socket.pause()
  })
  socket.once('close', () => {
    for (const { response } of connection.pending.splice(0)) {
      response.destroy()
      // Not every Node emits a close for a response that waits behind another when their connection ends.
      setImmediate(() => response.closed || response.emit('close'))
    }
  })
  return connection
}

/**
 * Waits until the earlier requests of the connection have their responses, or until a connection that takes no more is
 * closed; undefined where there is nothing to wait for. Clients get responses in the order of their requests (RFC 9112
 * §9.3.2), so that handling several at a time would only take more of the concurrency limit.
 */
export function awaitEarlierRequests(response: ServerResponse): Promise<void> | undefined {
  const { socket } = response.req
  const { pending } = findConnection(socket)
  const own = pending.find((one) => one.response === response)
  if (!own || (own === pending[0] && socket.writable)) return undefined
  return new Promise((resolve) => {
    own.resume = resolve
    response.once('close', resolve)
  })
}

/** Milliseconds in which a client that reads nothing of its response is disconnected. */
const writeTimeout = 10_000

/** Bytes of unread responses that one gateway keeps for its clients at most. */
const capacity = 32 * 1024 * 1024

/** What clients have not read. A gateway that is composed anew keeps it. */
export class UnreadBytes {
  /** Bytes by their connections, oldest first. */
  readonly bySocket: Map<Socket, number> = new Map()
  total = 0
}

/**
 * Bounds what clients leave unread. A complete response waits in memory until its client has read it; a client that
 * stops reading is disconnected after the write timeout, and before it when all unread responses together exceed the
 * capacity: then the oldest.
 */
export class UnreadResponses {
  readonly #bytes: UnreadBytes
  readonly #capacity: number
  readonly #timeout: number

  /** The timeout is in milliseconds. */
  constructor({ bytes = capacity, timeout = writeTimeout, unread = new UnreadBytes() } = {}) {
    this.#capacity = bytes
    this.#timeout = timeout
    this.#bytes = unread
  }

  /** Follows a response whose last byte was handed to its connection. */
  follow(response: ServerResponse): void {
    const { socket } = response
    // Responses to injected requests have no connection.
    if (!(socket instanceof Socket) || socket.writableLength === 0) return
    const bytes = socket.writableLength
    // Node destroys a connection that makes no progress for this long, and sets its own timeout after the response.
    socket.setTimeout(this.#timeout)
    this.#bytes.bySocket.set(socket, bytes)
    this.#bytes.total += bytes
    response.once('close', () => this.#forget(socket))
    for (const oldest of this.#bytes.bySocket.keys()) {
      if (this.#bytes.total <= this.#capacity || oldest === socket) return
      this.#forget(oldest)
      oldest.destroy()
    }
  }

  #forget(socket: Socket): void {
    this.#bytes.total -= this.#bytes.bySocket.get(socket) ?? 0
    this.#bytes.bySocket.delete(socket)
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
