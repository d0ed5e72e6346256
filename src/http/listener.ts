import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyRequest,
  LogController,
} from 'fastify'
import type { Authenticator } from '../access/authentication.ts'
import { type Grant, noGrant, openGrant } from '../access/authorization.ts'
import type { TlsConfig } from '../config/network.ts'
import { type ErrorCode, GatewayError } from '../errors/gateway-error.ts'
import {
  type RequestRecorder,
  recordRequest,
  recordRequests,
  type Surface,
} from '../observability/requests.ts'
import { type Admission, registerAdmission } from './admission.ts'
import { refuseConnect, respondToBrokenRequest } from './broken-request.ts'
import {
  awaitEarlierRequests,
  claimResponse,
  createWriteBatch,
  type UnreadResponses,
  watchConnections,
} from './connection.ts'
import { sendProblem, toGatewayError } from './problem-response.ts'
import { type RateLimitOptions, registerRateLimit } from './rate-limit.ts'
import { checkFraming, createSourceCheck, registerCors, type SourceOptions } from './request-check.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether the route is for everybody: without authentication, and from every origin. */
    isPublic?: boolean
  }
  interface FastifyRequest {
    /** What the client may do; nothing before it is known. */
    grant: Grant
  }
}

/** How a gateway works inside another Fastify app, which has checked the host and authenticated the client. */
export interface Embedding {
  /** Returns what the client of a request may do. */
  grant(request: IncomingMessage): Grant
}

/** What both servers have in common. */
export interface ListenerOptions extends SourceOptions {
  readonly surface: Surface
  readonly recorder?: RequestRecorder | undefined
  readonly logger: FastifyBaseLogger
  /** Largest request body, in bytes. */
  readonly bodyLimit: number
  /** Throws the error for a request that no route matches; `route_not_found` by default. */
  readonly refuseUnrouted?: ((request: FastifyRequest) => never) | undefined
  /** Called before a body is read; undefined where everybody is let in. */
  readonly authenticate: Authenticator | undefined
  /** Present where another app has checked the host and authenticated the client. */
  readonly embedding?: Embedding | undefined
  readonly admission: Admission
  readonly unread: UnreadResponses
  /** Connections end with their next response once it is draining. */
  readonly readiness: { readonly draining: boolean }
  readonly timeouts: ListenerTimeouts
  /** By what the server speaks TLS; plain HTTP without. */
  readonly tls?: TlsConfig | undefined
  /** How often a client may call; unlimited without. */
  readonly rateLimit?: RateLimitOptions | undefined
}

/** Time limits of a connection, in milliseconds. */
export interface ListenerTimeouts {
  /** For the headers of a request. */
  readonly headers: number
  /** For a request as a whole. */
  readonly request: number
  /** Without a request. */
  readonly keepAlive: number
}

/** The time limits unless told otherwise. */
export const usualTimeouts: ListenerTimeouts = { headers: 10_000, request: 30_000, keepAlive: 72_000 }

/** What clients must speak (RFC 9325), and the milliseconds that they have to agree on it. */
const handshake = { minVersion: 'TLSv1.2', handshakeTimeout: 10_000 } as const

/** Most connections to one server; each costs memory even when it sends nothing. */
const mostConnections = 4_096

/** Most characters in a variable of a path; Amazon's resource names have up to 2,048. */
const longestVariable = 2_048

/**
 * Creates the Fastify app of one server: checks Host and Origin and authenticates before a body is read, takes a slot
 * of the concurrency limit when the body is complete, turns every error into an RFC 9457 problem, and logs one line a
 * request without anything that the client wrote. No body parser is registered yet.
 */
export async function createListener(options: ListenerOptions): Promise<FastifyInstance> {
  const { surface, recorder, admission, unread, authenticate, readiness, timeouts, rateLimit } = options
  const { embedding } = options
  const { refuseUnrouted = refuseRoute } = options
  const recordRefusal = (code: ErrorCode) => {
    options.logger.info({ surface, code }, 'request refused')
    recorder?.recordError(surface, code)
  }
  const http = {
    headersTimeout: timeouts.headers,
    // Refused by checkFraming instead, with a problem.
    requireHostHeader: false,
    // Node looks for late connections every 30 seconds by default, which would triple every limit.
    connectionsCheckingInterval: Math.min(1_000, timeouts.headers),
  }
  // To Fastify's types, an app of an HTTPS server would be of another kind.
  const https: object = options.tls ? { https: { ...http, ...options.tls, ...handshake } } : {}
  const app = Fastify({
    loggerInstance: options.logger,
    genReqId: () => randomUUID(),
    // A logger for each request costs more than its one line, which names the request itself.
    childLoggerFactory: (logger) => logger,
    bodyLimit: options.bodyLimit,
    logController: new LogController({ disableRequestLogging: true }),
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: longestVariable },
    // No hook is run for these.
    frameworkErrors: (error, request, reply) => {
      recordRequest(surface, request, reply, recorder)
      sendProblem(reply, toGatewayError(error))
    },
    clientErrorHandler: (error, socket) => {
      const code = respondToBrokenRequest(error, socket)
      if (code) recordRefusal(code)
    },
    return503OnClosing: false,
    requestTimeout: timeouts.request,
    keepAliveTimeout: timeouts.keepAlive,
    http,
    ...https,
  })
  app.server.maxConnections = mostConnections
  watchConnections(app.server)
  refuseConnect(app.server, recordRefusal)
  app.removeAllContentTypeParsers()
  recordRequests(app, surface, recorder)
  const checkSource = createSourceCheck(options)
  app.decorateRequest('grant')
  // The hooks call back and are not async: a promise for each would cost every request several microtasks.
  app.addHook('onRequest', (request, reply, done) => {
    request.grant = noGrant
    reply.raw.once('prefinish', () => unread.follow(reply.raw))
    const check = () => {
      if (reply.raw.destroyed || reply.raw.headersSent) return void reply.hijack()
      checkFraming(request.raw)
      if (!embedding) checkSource(request.raw, request.route.config.isPublic)
      done()
    }
    const earlier = awaitEarlierRequests(request.raw, reply.raw)
    if (earlier) earlier.then(check).catch(done)
    else check()
  })
  app.setErrorHandler((error, request, reply) => {
    const problem = toGatewayError(error)
    if (problem.code === 'internal_error') request.log.error({ err: error, requestId: request.id }, 'failed')
    sendProblem(reply, problem)
  })
  app.setNotFoundHandler(refuseUnrouted)
  await registerCors(app, options)
  app.addHook('onRequest', (request, _reply, done) => {
    const isPublic = request.route.config.isPublic === true
    const grant = isPublic
      ? noGrant
      : (embedding?.grant(request.raw) ?? authenticate?.(request.headers.authorization) ?? openGrant)
    const admit = (known: Grant) => {
      request.grant = known
      done()
    }
    if (grant instanceof Promise) grant.then(admit).catch(done)
    else admit(grant)
  })
  registerRateLimit(app, rateLimit)
  app.addHook('onRequest', (request, _reply, done) => {
    if (request.is404) refuseUnrouted(request)
    done()
  })
  registerAdmission(app, admission)
  const joinBatch = createWriteBatch()
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (readiness.draining) reply.header('connection', 'close')
    // Without a claim the response to what is broken in the request has been written.
    if (claimResponse(reply.raw, 'reply')) joinBatch(done)
  })
  return app
}

function refuseRoute(): never {
  throw new GatewayError('route_not_found')
}
