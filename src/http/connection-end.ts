import type { IncomingMessage, Server } from 'node:http'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { Server as TlsServer } from 'node:tls'
import { findConnection } from './connection.ts'

/** Milliseconds for a client to send the rest of what nobody wants, and to read why. */
const linger = 5_000

/** The open connections of each server. */
const sockets = new WeakMap<Server, Set<Socket>>()

/** Follows the connections of a server to their ends, which come after what their clients are sending. */
export function watchEnds(server: Server): void {
  const open = new Set<Socket>()
  sockets.set(server, open)
  // Responses are written to the connection within the one that TLS has.
  server.on(server instanceof TlsServer ? 'secureConnection' : 'connection', (socket: Socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
    // Node calls it behind the last response of a connection.
    socket.destroySoon = () => endAfterLast(socket)
  })
}

/** Closes the connections of a followed server that have no request and nothing left to send. */
export function closeIdle(server: Server): void {
  for (const socket of sockets.get(server) ?? []) {
    const isIdle = socket.writableLength === 0 && findConnection(socket).pending.length === 0
    // One that has been ended is destroyed in time.
    if (isIdle && !socket.writableEnded) socket.destroy()
  }
}

function endAfterLast(socket: Socket): void {
  const { latest } = findConnection(socket)
  if (!latest || latest.request.complete) Socket.prototype.destroySoon.call(socket)
  else {
    latest.request.resume()
    endConnection(socket)
  }
}

/**
 * Ends a connection, with a last text. What its client is still sending is read for a while and dropped: destroyed with
 * bytes unread, a connection is reset, and loses what the client was just told (RFC 9112 §9.6).
 */
export function endConnection(socket: Duplex, text = ''): void {
  if (!socket.writable) return
  socket.end(text)
  destroyLater(socket)
}

function destroyLater(socket: Duplex): void {
  const late = setTimeout(() => socket.destroy(), linger)
  late.unref()
  socket.once('close', () => clearTimeout(late))
}

/** Ends the connection of a request behind the response to it, or now where that has ended. */
export function endBehind(request: IncomingMessage): void {
  const { socket } = request
  const connection = findConnection(socket)
  const response = connection.pending.find((one) => one.request === request)?.response
  if (response) response.shouldKeepAlive = false
  else if (connection.latest) endConnection(socket)
  else if (!connection.broken) {
    // The server is that of an app around the gateway, and may still have the response to write.
    connection.broken = true
    destroyLater(socket)
  }
}
