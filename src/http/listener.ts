import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Authenticator } from '../access/authentication.ts'
import { type Grant, noGrant, openGrant } from '../access/authorization.ts'
import { type ErrorCode, GatewayError } from '../errors/gateway-error.ts'
import { describeError } from '../observability/logger.ts'
import {
  type RequestRecorder,
  recordRequest,
  recordRequests,
  type Surface,
} from '../observability/requests.ts'
import { type Admission, registerAdmission } from './admission.ts'
import { awaitEarlierRequests, claimResponse, createWriteBatch, type UnreadResponses } from './connection.ts'
import { createHttpServer, type HttpServerOptions } from './http-server.ts'
import { sendProblem, toGatewayError } from './problem-response.ts'
import { type RateLimitOptions, registerRateLimit } from './rate-limit.ts'
import {
  type CorsOptions,
  checkEncoding,
  checkFraming,
  createSourceCheck,
  registerCors,
} from './request-check.ts'
import { type KnownSecrets, redactForRequest, registerSecrets } from './secret-listing.ts'

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
  /** Whether the app tells clients apart: then `Authorization` is its own, and never goes upstream. */
  readonly authenticates: boolean
  /** Returns what the client of a request may do. */
  grant(request: IncomingMessage): Grant
}

/** What both servers have in common. */
export interface ListenerOptions extends CorsOptions, Omit<HttpServerOptions, 'onRefused'> {
  readonly surface: Surface
  readonly recorder?: RequestRecorder | undefined
  /** Largest request body, in bytes. */
  readonly bodyLimit: number
  /** Returns the limit of a request whose body has another one. */
  readonly findBodyLimit?: ((request: FastifyRequest) => number) | undefined
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
  /** What no refusal repeats. */
  readonly secrets: KnownSecrets
  /** How often a client may call; unlimited without. */
  readonly rateLimit?: RateLimitOptions | undefined
}

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
  const { refuseUnrouted = refuseRoute, findBodyLimit = () => options.bodyLimit } = options
  const recordRefusal = (code: ErrorCode) => {
    options.logger.info({ surface, code }, 'request refused')
    recorder?.recordError(surface, code)
  }
  const http = { logger: options.logger, timeouts, tls: options.tls, onRefused: recordRefusal }
  const app = createHttpServer(http, {
    genReqId: () => randomUUID(),
    // A logger for each request costs more than its one line, which names the request itself.
    childLoggerFactory: (logger) => logger,
    bodyLimit: options.bodyLimit,
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: longestVariable },
    // No hook is run for these.
    frameworkErrors: (error, request, reply) => {
      recordRequest(surface, request, reply, recorder)
      sendProblem(reply, toGatewayError(error))
    },
    return503OnClosing: false,
  })
  recordRequests(app, surface, recorder)
  registerSecrets(app, options.secrets)
  const checkSource = createSourceCheck(options)
  app.decorateRequest('grant')
  // The hooks call back and are not async: a promise for each would cost every request several microtasks.
  app.addHook('onRequest', (request, reply, done) => {
    request.grant = noGrant
    reply.raw.on('prefinish', () => unread.follow(reply.raw))
    const check = () => {
      if (reply.raw.destroyed || reply.raw.headersSent) return void reply.hijack()
      checkFraming(request.raw)
      if (!embedding) checkSource(request.raw, request.route.config.isPublic)
      done()
    }
    const earlier = awaitEarlierRequests(reply.raw)
    if (earlier) earlier.then(check).catch(done)
    else check()
  })
  app.setErrorHandler((error, request, reply) => {
    const problem = toGatewayError(error, findBodyLimit(request))
    if (problem.code === 'internal_error')
      request.log.error({ err: describeError(error), requestId: request.id }, 'failed')
    sendProblem(reply, redactForRequest(problem, request))
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

/** Turns the bytes of a body into `request.body`. Throws or rejects with the `GatewayError` to respond with. */
export type BodyParser = (bytes: Buffer, request: FastifyRequest) => unknown

/** Registers the parser of bodies of the given types, up to a limit in bytes, by default the app's `bodyLimit`. */
export function parseBodies(
  app: FastifyInstance,
  parse: BodyParser,
  types: string | RegExp | string[] = 'application/json',
  bodyLimit = app.initialConfig.bodyLimit ?? 0,
): void {
  app.addContentTypeParser(
    types,
    { parseAs: 'buffer', bodyLimit },
    async (request: FastifyRequest, bytes: Buffer) => {
      if (bytes.length > 0) checkEncoding(request)
      return parse(bytes, request)
    },
  )
}
