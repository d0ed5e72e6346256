import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { Server as TlsServer } from 'node:tls'
import { type ErrorCode, GatewayError } from '../errors/gateway-error.ts'
import { describeProblem, writeProblem } from './problem-response.ts'

const parserCodes: Readonly<Record<string, ErrorCode>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
  HPE_HEADER_OVERFLOW: 'headers_too_large',
}

/** Milliseconds for a refused client to read the reason before its connection is destroyed. */
const linger = 1_000

/** The requests of a connection whose responses are not finished, oldest first. */
interface Connection {
  readonly pending: Pending[]
  latest?: Pending
  broken: boolean
}

interface Pending {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** Resumes the request once it is the oldest. */
  resume?: () => void
}

const connections = new WeakMap<Duplex, Connection>()

/** The open connections of each server. */
const sockets = new WeakMap<Server, Set<Socket>>()

/** Requests of each server's app that have no response yet. */
const requests = new WeakMap<Server, { count: number }>()

/** Who writes a response: the reply of its request, or the refusal of what is broken in it. */
type Writer = 'reply' | 'refusal'

/** Responses of which it is settled who writes them. A value that led to its key would outlive young collections. */
const claimed = new WeakMap<ServerResponse, Writer>()

/**
 * Claims a response for its reply, or for the refusal of what is broken in its request; false where the other has it. A
 * reply may claim it again: a body that fails before its first byte is replaced by an error.
 */
export function claimResponse(response: ServerResponse, writer: Writer): boolean {
  if (response.headersSent || (claimed.get(response) ?? writer) !== writer) return false
  claimed.set(response, writer)
  return true
}

/**
 * Follows the requests of a server's connections, so that one of them is handled at a time and what is broken gets
 * one response at most. Refuses `CONNECT`, which Node would end without a word; `onRefused` is told.
 */
export function watchConnections(server: Server, onRefused: (code: ErrorCode) => void): void {
  const open = new Set<Socket>()
  sockets.set(server, open)
  // Responses are written to the connection within the one that TLS has.
  server.on(server instanceof TlsServer ? 'secureConnection' : 'connection', (socket: Socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  })
  const handled = { count: 0 }
  requests.set(server, handled)
  server.prependListener('request', (request, response) => {
    handled.count += 1
    follow(request, response, handled)
  })
  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    follow(request, response)
    response.writeHead(417, { connection: 'close' }).end()
  })
  server.on('connect', (_request, socket) => {
    // Node's parser has left the socket and taken its listeners along.
    for (const event of ['error', 'timeout']) socket.on(event, () => socket.destroy())
    // A client that has ended its half is sent nothing that is still under way.
    socket.once('end', () => end(socket))
    socket.resume()
    findConnection(socket).broken = true
    // No method is allowed on an authority (RFC 9110 §10.2.1: the list may be empty).
    const problem = new GatewayError('method_not_allowed', { headers: { allow: '' } })
    const last = findConnection(socket).pending.at(-1)?.response
    if (last) last.once('close', () => end(socket, writeProblem(problem)))
    else end(socket, writeProblem(problem))
    onRefused(problem.code)
  })
}

/** Counts the requests that a followed server's app handles, wherever they arrived. */
export function countRequests(server: Server): number {
  return requests.get(server)?.count ?? 0
}

/** Closes the connections of a followed server that have no request and nothing left to send. */
export function closeIdle(server: Server): void {
  for (const socket of sockets.get(server) ?? [])
    if (socket.writableLength === 0 && !connections.get(socket)?.pending.length) socket.destroy()
}

function follow(request: IncomingMessage, response: ServerResponse, handled?: { count: number }): void {
  const { socket } = request
  const connection = findConnection(socket)
  const { pending } = connection
  connection.latest = { request, response }
  pending.push(connection.latest)
  response.on('close', () => {
    if (handled) handled.count -= 1
    const index = pending.findIndex((one) => one.response === response)
    if (index >= 0) pending.splice(index, 1)
    pending[0]?.resume?.()
  })
}

function findConnection(socket: Duplex): Connection {
  const known = connections.get(socket)
  if (known) return known
  const connection: Connection = { pending: [], broken: false }
  connections.set(socket, connection)
  // Node emits no close for a response that waits behind another when their connection ends.
  socket.once('close', () => {
    for (const { response } of connection.pending.splice(0))
      if (!response.destroyed) response.destroy().emit('close')
  })
  return connection
}

/**
 * Waits until the earlier requests of the connection have their responses; undefined where there are none. Clients
 * get responses in the order of their requests (RFC 9112 §9.3.2), so that handling several at a time would only take
 * more of the concurrency limit.
 */
export function awaitEarlierRequests(
  { socket }: IncomingMessage,
  response: ServerResponse,
): Promise<void> | undefined {
  const { pending } = findConnection(socket)
  const own = pending.find((one) => one.response === response)
  if (!own || own === pending[0]) return undefined
  return new Promise((resolve) => {
    own.resume = resolve
    response.once('close', resolve)
  })
}

/**
 * Responds to what Node's HTTP parser refuses or what took too long, and ends the connection. Where a request has
 * begun and has no response yet, this is its response; else it follows the responses of the requests before it.
 * Returns the code of the error; undefined where no client is left to be told.
 */
export function respondToBrokenRequest(error: Error, socket: Duplex): ErrorCode | undefined {
  const connection = findConnection(socket)
  if (connection.broken) return undefined
  connection.broken = true
  const code = 'code' in error ? String(error.code) : ''
  if (code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return undefined
  }
  const problem = new GatewayError(parserCodes[code] ?? 'bad_request')
  const { latest, pending } = connection
  const within = latest && !latest.request.complete ? latest.response : undefined
  const last = pending.at(-1)?.response
  last?.once('close', () => end(socket))
  if (within && claimResponse(within, 'refusal')) {
    const { headers, body } = describeProblem(problem)
    within.writeHead(problem.status, headers).end(body)
    // The reader of the body would send an error of its own behind this response, and log that it could not.
    latest?.request.removeAllListeners('error').on('error', () => {})
  } else if (!last) end(socket, within ? '' : writeProblem(problem))
  // Node tells only what reads the socket: a body that streams would wait for its end.
  if (within) latest?.request.emit('aborted')
  // A client that has ended its half is sent nothing that is still under way.
  if (socket.readableEnded) end(socket)
  else socket.once('end', () => end(socket))
  return problem.code
}

/** Ends a connection. Destroyed at once, it would lose what its client was just told. */
function end(socket: Duplex, text = ''): void {
  if (!socket.writable) return
  socket.end(text)
  const late = setTimeout(() => socket.destroy(), linger)
  late.unref()
  socket.once('close', () => clearTimeout(late))
}
