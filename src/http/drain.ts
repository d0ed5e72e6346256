import type { Server as HttpServer } from 'node:http'
import { Server } from 'node:net'
import { closeIdle } from './connection.ts'

/** How long the end of a server may take, in milliseconds. */
export interface DrainLimits {
  /** For clients with an open connection to send one more request. */
  readonly grace: number
  /** For responses under way, slow readers included. */
  readonly limit: number
}

/**
 * Ends a server without losing a request: it takes no new connections, serves what is under way and one more request
 * of each open connection, and closes idle connections after the grace. Node's own `close` would close idle
 * connections at once, and its `closeIdleConnections` also those whose client has not read its response to the end.
 * After the limit every connection is closed.
 */
export function drainServer(server: HttpServer, { grace, limit }: DrainLimits): Promise<void> {
  if (!server.listening) return Promise.resolve()
  return new Promise((resolve) => {
    const timers = [
      setTimeout(() => closeIdle(server), grace),
      setTimeout(() => server.closeAllConnections(), grace + limit),
    ]
    // A connection that becomes idle after the grace was told `connection: close` and ends by itself.
    Server.prototype.close.call(server, () => {
      for (const timer of timers) clearTimeout(timer)
      resolve()
    })
  })
}
