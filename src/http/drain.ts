import type { Server as HttpServer } from 'node:http'
import { Server } from 'node:net'

/**
 * Ends a server without losing a request: no new connections, while those that are open may send once more and
 * are answered. Node's own `close` would cut idle connections at once, and with them the request that a caller is
 * just sending. After the grace, in milliseconds, idle connections are closed; busy ones finish their request.
 */
export function drainServer(server: HttpServer, grace: number): Promise<void> {
  if (!server.listening) return Promise.resolve()
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeIdleConnections(), grace)
    // A connection that becomes idle after the grace has been told `connection: close` and ends by itself.
    Server.prototype.close.call(server, () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
