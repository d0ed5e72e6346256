import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyServerOptions,
  LogController,
} from 'fastify'
import type { TlsConfig } from '../config/network.ts'
import type { ErrorCode } from '../errors/gateway-error.ts'
import { refuseConnect, refuseExpectation, respondToBrokenRequest } from './broken-request.ts'
import { watchConnections } from './connection.ts'
import { watchEnds } from './connection-end.ts'

/** Time limits of a connection, in milliseconds. */
export interface ServerTimeouts {
  /** For the headers of a request. */
  readonly headers: number
  /** For a request as a whole. */
  readonly request: number
  /** Without a request. */
  readonly keepAlive: number
}

/** The time limits unless told otherwise. */
export const usualTimeouts: ServerTimeouts = { headers: 10_000, request: 30_000, keepAlive: 72_000 }

/** What clients must speak (RFC 9325), and the milliseconds that they have to agree on it. */
const handshake = { minVersion: 'TLSv1.2', handshakeTimeout: 10_000 } as const

/** Most connections to one server; each costs memory even when it sends nothing. */
const mostConnections = 4_096

/** What every HTTP server of the gateway needs. */
export interface HttpServerOptions {
  readonly logger: FastifyBaseLogger
  readonly timeouts: ServerTimeouts
  /** By what the server speaks TLS; plain HTTP without. */
  readonly tls?: TlsConfig | undefined
  /** Told of each request that is refused before the app knows of it. */
  readonly onRefused?: ((code: ErrorCode) => void) | undefined
}

/**
 * Creates a Fastify app whose server ends slow connections and responds to broken requests with a problem. It has no
 * body parser, and logs nothing of requests.
 */
export function createHttpServer(
  { logger, timeouts, tls, onRefused = () => {} }: HttpServerOptions,
  own: FastifyServerOptions,
): FastifyInstance {
  const http = {
    headersTimeout: timeouts.headers,
    // Refused by checkFraming instead, with a problem.
    requireHostHeader: false,
    // Node looks for late connections every 30 seconds by default, which would triple every limit.
    connectionsCheckingInterval: Math.min(1_000, timeouts.headers),
  }
  // To Fastify's types, an app of an HTTPS server would be of another kind.
  const https: object = tls ? { https: { ...http, ...tls, ...handshake } } : {}
  const app = Fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    clientErrorHandler: (error, socket) => {
      const code = respondToBrokenRequest(error, socket)
      if (code) onRefused(code)
    },
    requestTimeout: timeouts.request,
    keepAliveTimeout: timeouts.keepAlive,
    http,
    ...https,
    ...own,
  })
  app.server.maxConnections = mostConnections
  watchConnections(app.server)
  watchEnds(app.server)
  refuseConnect(app.server, onRefused)
  refuseExpectation(app.server, onRefused)
  app.removeAllContentTypeParsers()
  return app
}
