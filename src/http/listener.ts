import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import type { Authenticator } from '../access/authentication.ts'
import { type Grant, noGrant } from '../access/grant.ts'
import { isLoopback } from '../config/config.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import {
  type RequestRecorder,
  recordRequest,
  recordRequests,
  type Surface,
} from '../observability/request-log.ts'
import type { Admission } from './admission.ts'
import { answerBrokenRequest, checkFraming, watchRequests } from './framing.ts'
import { sendProblem, toGatewayError } from './problem-response.ts'
import { type RateLimitOptions, registerRateLimit } from './rate-limit.ts'
import { createWriteBatch } from './write-batch.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether the route is for callers that nobody has let in yet. */
    isOpen?: boolean
  }
  interface FastifyRequest {
    /** What the caller may do; nothing before it is known. */
    grant: Grant
  }
}

/** What both ports have in common. */
export interface ListenerOptions {
  readonly surface: Surface
  readonly recorder?: RequestRecorder | undefined
  readonly logger: FastifyBaseLogger
  /** Largest request body, in bytes. */
  readonly bodyLimit: number
  /** Lower-case names beside the loopback ones, with a port where only that port is meant. */
  readonly allowedHosts: readonly string[]
  readonly allowedOrigins: readonly string[]
  /** Asked who a caller is before a body is read. */
  readonly authenticate: Authenticator
  readonly admission: Admission
  /** Asked for at every answer; once true, connections end with it. */
  readonly isDraining: () => boolean
  readonly timeouts: ListenerTimeouts
  /** How often a caller may call; unlimited without. */
  readonly rateLimit?: RateLimitOptions | undefined
}

/** How long a connection may take for what it does, in milliseconds. */
export interface ListenerTimeouts {
  /** For the headers of a request. */
  readonly headers: number
  /** For a request as a whole. */
  readonly request: number
  /** Without a request. */
  readonly keepAlive: number
}

/** What a slow but honest caller needs, and no more. */
export const usualTimeouts: ListenerTimeouts = { headers: 10_000, request: 30_000, keepAlive: 72_000 }

/** Connections to one port; each costs memory even when it sends nothing. */
const mostConnections = 4_096

/**
 * Creates the Fastify app of one port: Host and Origin are checked before a body is read (DNS rebinding, see
 * MCP 2025-11-25 "Transports", Security Warning), every error is an RFC 9457 problem, no body parser is
 * registered yet, and a request leaves one log line without anything the caller wrote.
 */
export function createListener(options: ListenerOptions): FastifyInstance {
  const { surface, recorder, admission, authenticate, isDraining, timeouts, rateLimit } = options
  const app = Fastify({
    loggerInstance: options.logger,
    genReqId: () => randomUUID(),
    // With the options that Fastify would pass on, and no route has, pino takes half as long again.
    childLoggerFactory: (logger, bindings) => logger.child(bindings),
    bodyLimit: options.bodyLimit,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: 256 },
    // No hook is run for these.
    frameworkErrors: (error, request, reply) => {
      recordRequest(surface, request, reply, recorder)
      sendProblem(reply, toGatewayError(error))
    },
    clientErrorHandler: (error, socket) => {
      const code = answerBrokenRequest(error, socket)
      if (!code) return
      options.logger.info({ surface, code }, 'refused')
      recorder?.recordError(surface, code)
    },
    return503OnClosing: false,
    requestTimeout: timeouts.request,
    keepAliveTimeout: timeouts.keepAlive,
    // Node looks for late connections every 30 seconds by default, which would triple every limit.
    http: {
      headersTimeout: timeouts.headers,
      // Refused here instead, by an answer that the watch knows of.
      requireHostHeader: false,
      connectionsCheckingInterval: Math.min(1_000, timeouts.headers),
    },
  })
  app.server.maxConnections = mostConnections
  watchRequests(app.server)
  app.removeAllContentTypeParsers()
  recordRequests(app, surface, recorder)
  const countRequest = registerRateLimit(app, rateLimit)
  const checkSource = createSourceCheck(options)
  app.decorateRequest('grant')
  app.addHook('onRequest', async (request, reply) => {
    request.grant = noGrant
    checkFraming(request.raw)
    checkSource(request.raw)
    if (request.route.config.isOpen !== true) {
      const grant = authenticate(request.headers.authorization)
      // To wait for what is known already takes a turn of the promises.
      request.grant = grant instanceof Promise ? await grant : grant
    }
    await countRequest?.(request)
    const release = admission.tryEnter() ?? (await admission.enter())
    // A caller may have left while it waited for its place.
    if (reply.raw.destroyed) release()
    else reply.raw.on('close', release)
  })
  const awaitEnd = createWriteBatch()
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (isDraining()) reply.header('connection', 'close')
    // Whoever closes the connection for what is broken in it may have answered before the turn was over.
    awaitEnd(() => {
      if (!reply.raw.headersSent) done()
    })
  })
  app.setErrorHandler((error, request, reply) => {
    const problem = toGatewayError(error)
    if (problem.code === 'internal_error') request.log.error({ err: error }, 'failed')
    sendProblem(reply, problem)
  })
  app.setNotFoundHandler(() => {
    throw new GatewayError('route_not_found')
  })
  return app
}

function createSourceCheck({ allowedHosts, allowedOrigins }: ListenerOptions) {
  const isHostAllowed = (host: string) => {
    const name = host.toLowerCase()
    const bare = name.replace(/:\d*$/, '')
    return isLoopback(bare) || allowedHosts.includes(name) || allowedHosts.includes(bare)
  }
  return ({ headers, url = '/' }: IncomingMessage): void => {
    const { host = '', origin } = headers
    // The authority of a target in absolute form stands in for Host (RFC 9112 §3.2.2).
    const authority = url.startsWith('/') ? undefined : /^https?:\/\/([^/?#]*)/i.exec(url)?.[1]
    if (!isHostAllowed(authority ?? host)) throw new GatewayError('host_not_allowed')
    if (origin !== undefined && !isLoopbackOrigin(origin) && !allowedOrigins.includes(origin.toLowerCase()))
      throw new GatewayError('origin_not_allowed')
  }
}

function isLoopbackOrigin(origin: string): boolean {
  return (
    URL.canParse(origin) && /^https?:$/.test(new URL(origin).protocol) && isLoopback(new URL(origin).hostname)
  )
}
