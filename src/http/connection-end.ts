import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { Server as TlsServer } from 'node:tls'
import { findConnection } from './connection.ts'

/** The open connections of each server. */
const sockets = new WeakMap<Server, Set<Socket>>()

/** Follows the connections of a server to their ends. */
export function watchEnds(server: Server): void {
  const open = new Set<Socket>()
  sockets.set(server, open)
  // Responses are written to the connection within the one that TLS has.
  server.on(server instanceof TlsServer ? 'secureConnection' : 'connection', (socket: Socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  })
}

/** Closes the connections of a followed server that have no request and nothing left to send. */
export function closeIdle(server: Server): void {
  for (const socket of sockets.get(server) ?? [])
    if (socket.writableLength === 0 && findConnection(socket).pending.length === 0) socket.destroy()
}
