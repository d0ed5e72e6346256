import type { Server as HttpServer } from 'node:http'
import { Server } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { closeIdle } from './connection-end.ts'

/** What ends with a gateway. */
export interface ClosingOptions {
  /** Called at the beginning: readiness says no from then on. */
  readonly drain: () => void
  /** Milliseconds from the signal to the end until no connection is accepted any longer. */
  readonly delay: number
  /** Returns the milliseconds that the API may take for a response. */
  readonly readTimeout: () => number
  /** The servers to drain. */
  readonly servers: readonly FastifyInstance[]
  /** What the servers need until they are closed; closed after them, in this order. */
  readonly others: readonly { close(): Promise<unknown> }[]
}

/** Milliseconds for responses under way, slow readers included, at least; and those after the API's last moment. */
const drainLimit = { least: 60_000, afterTimeout: 10_000 }

/** Milliseconds between two looks for connections that have become idle. */
const idleInterval = 100

/**
 * Creates the function that ends a gateway, once however often it is called. Its argument, the grace, is the time in
 * milliseconds for clients with an open connection to send one more request.
 */
export function createClose(options: ClosingOptions): (grace?: number) => Promise<void> {
  let closing: Promise<void> | undefined
  return (grace = 0) => {
    closing ??= close(options, grace)
    return closing
  }
}

async function close(options: ClosingOptions, grace: number): Promise<void> {
  const { drain, delay, readTimeout, servers, others } = options
  drain()
  // A load balancer needs a while to notice; a user at a terminal does not.
  if (grace > 0) await wait(delay)
  const limit = grace + Math.max(drainLimit.least, readTimeout() + drainLimit.afterTimeout)
  await Promise.all(servers.map(({ server }) => drainServer(server, grace, limit)))
  await Promise.all(servers.map((one) => one.close()))
  for (const one of others) await one.close()
}

/**
 * Ends a server without losing a request: it takes no new connections, serves what is under way and one more request
 * of each open connection, and closes idle connections after the grace. Node's own `close` would close idle
 * connections at once, and its `closeIdleConnections` also those whose client has not read its response to the end.
 * After the limit every connection is closed.
 */
function drainServer(server: HttpServer, grace: number, limit: number): Promise<void> {
  if (!server.listening) return Promise.resolve()
  return new Promise((resolve) => {
    const start = performance.now()
    // A response that began before the drain does not say `connection: close`: its client may keep the connection.
    const idle = setInterval(() => {
      if (performance.now() - start >= grace) closeIdle(server)
    }, idleInterval)
    const end = setTimeout(() => server.closeAllConnections(), limit)
    Server.prototype.close.call(server, () => {
      clearInterval(idle)
      clearTimeout(end)
      resolve()
    })
  })
}
