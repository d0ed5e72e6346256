import { buildConnector, Pool } from 'undici'
import { skipInterimResponses } from './interim-responses.ts'
import { openTunnel } from './tunnel.ts'

/** The connection failed before a response was complete. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError'
  /** True when bytes of the request had left. */
  readonly sent: boolean

  constructor(sent: boolean, cause: Error) {
    super('the connection to the upstream failed', { cause })
    this.sent = sent
  }
}

/** Connections to the upstream. */
export interface Pools {
  readonly reads: Pool
  readonly writes: Pool
}

/** undici takes a reset for the end of a body without a length; by another code it takes it for what it is. */
function tellReset(error: Error & { code?: string }): void {
  if (error.code === 'ECONNRESET') error.code = 'ECONNABORTED'
}

interface PoolOptions {
  /** Origin of the upstream. */
  readonly origin: string
  /** Milliseconds to establish a connection. */
  readonly connectTimeout: number
  /** PEM certificates that are trusted instead of the well-known ones. */
  readonly ca?: string | undefined
  /** Proxy through which the upstream is reached. */
  readonly proxy?: URL | undefined
}

/**
 * Milliseconds that a connection for writes may idle before it is used again. A server that closes an idle
 * connection in the moment a write leaves on it takes the write with it, and nobody may repeat that write; the
 * usual server waits five seconds, and no write starts on a connection that has idled for nearly as long.
 */
const idleBeforeWrite = 1_000

/** Connections of each pool at most. */
const mostConnections = 256

/**
 * Opens two pools of HTTP/1.1 connections, one for reads and one for writes. TLS is verified, HTTP/2 is off:
 * one lost connection must lose one call.
 */
export function openPools({ origin, connectTimeout, ca, proxy }: PoolOptions): Pools {
  const connectTo = buildConnector({
    timeout: connectTimeout,
    allowH2: false,
    ...(ca === undefined ? {} : { ca }),
  })
  const connect: buildConnector.connector = (target, done) => {
    const finish: buildConnector.Callback = (...[error, socket]) => {
      if (error) done(error, null)
      else if (socket) done(null, skipInterimResponses(socket.on('error', tellReset)))
    }
    if (!proxy) return connectTo(target, finish)
    openTunnel(proxy, target, connectTimeout).then(
      (httpSocket) =>
        target.protocol === 'https:'
          ? connectTo({ ...target, httpSocket }, finish)
          : finish(null, httpSocket),
      (error: Error) => finish(error, null),
    )
  }
  const common = {
    allowH2: false,
    headersTimeout: 0,
    bodyTimeout: 0,
    pipelining: 1,
    connections: mostConnections,
    connect,
  }
  const short = { keepAliveTimeout: idleBeforeWrite, keepAliveMaxTimeout: idleBeforeWrite }
  return { reads: new Pool(origin, common), writes: new Pool(origin, { ...common, ...short }) }
}

/**
 * Closes pools when their requests have ended; after a limit, in milliseconds, whatever is left of them fails.
 */
export async function closePools({ reads, writes }: Pools, limit: number): Promise<void> {
  const both = [reads, writes]
  const late = Promise.withResolvers<void>()
  const timer = setTimeout(late.resolve, limit)
  await Promise.race([Promise.all(both.map((pool) => pool.close())), late.promise])
  clearTimeout(timer)
  await Promise.all(both.map((pool) => pool.destroy()))
}
