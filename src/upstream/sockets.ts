import { type Dispatcher, Pool } from 'undici'

/** Connections to the upstream; what goes over them is for others to say. */
export interface Sockets {
  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void
  /** Waits for the answers under way, then closes every connection. */
  close(): Promise<void>
}

interface SocketOptions {
  /** Origin of the upstream. */
  readonly origin: string
  /** Milliseconds for a connection to come about. */
  readonly connectTimeout: number
  /** PEM certificates that are trusted instead of the well-known ones. */
  readonly ca?: string | undefined
}

/**
 * Milliseconds that a connection for writes may idle before it is used again. A server that closes an idle
 * connection in the moment a write leaves on it takes the write with it, and nobody may repeat that write; the
 * usual server waits five seconds, and no write starts on a connection that has idled for nearly as long.
 */
const idleBeforeWrite = 1_000

/** Connections of each pool at most; writes that nobody waits for any more must not open one each. */
const mostConnections = 256

/**
 * Opens two pools of HTTP/1.1 connections, one for reads and one for writes. TLS is verified, HTTP/2 is off:
 * one lost connection must lose one call.
 */
export function openSockets({ origin, connectTimeout, ca }: SocketOptions): Sockets {
  const connect = { timeout: connectTimeout, ...(ca === undefined ? {} : { ca }) }
  const common = {
    allowH2: false,
    headersTimeout: 0,
    bodyTimeout: 0,
    pipelining: 1,
    connections: mostConnections,
    connect,
  }
  const reads = new Pool(origin, common)
  const short = { keepAliveTimeout: idleBeforeWrite, keepAliveMaxTimeout: idleBeforeWrite }
  const writes = new Pool(origin, { ...common, ...short })
  return {
    dispatch(options, handler) {
      const pool = options.method === 'GET' ? reads : writes
      pool.dispatch(options, handler)
    },
    async close() {
      await Promise.all([reads.close(), writes.close()])
    },
  }
}
