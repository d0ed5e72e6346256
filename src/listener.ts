import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyRequest,
  LogController,
} from 'fastify'
import { isLoopback } from './config.ts'
import { GatewayError } from './errors.ts'
import { answerBrokenRequest, sendProblem, toGatewayError } from './problems.ts'

/** What both ports have in common. */
export interface ListenerOptions {
  readonly logger: FastifyBaseLogger
  /** Largest request body, in bytes. */
  readonly bodyLimit: number
  /** Lower-case names beside the loopback ones, with a port where only that port is meant. */
  readonly allowedHosts: readonly string[]
  readonly allowedOrigins: readonly string[]
}

/**
 * Creates the Fastify app of one port: Host and Origin are checked before a body is read (DNS rebinding, see
 * MCP 2025-11-25 "Transports", Security Warning), every error is an RFC 9457 problem, no body parser is
 * registered yet, and a request leaves one log line without anything the caller wrote.
 */
export function createListener(options: ListenerOptions): FastifyInstance {
  const app = Fastify({
    loggerInstance: options.logger,
    bodyLimit: options.bodyLimit,
    logController: new LogController({ disableRequestLogging: true }),
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: 256 },
    frameworkErrors: (error, _request, reply) => sendProblem(reply, toGatewayError(error)),
    clientErrorHandler: answerBrokenRequest,
    requestTimeout: 30_000,
    http: { headersTimeout: 15_000, connectionsCheckingInterval: 1_000 },
  })
  app.removeAllContentTypeParsers()
  app.addHook('onRequest', async (request) => checkSource(request, options))
  app.addHook('onResponse', async (request, reply) => {
    const { method, routeOptions } = request
    const route = routeOptions.url ?? 'none'
    request.log.info(
      { method, route, status: reply.statusCode, ms: Math.round(reply.elapsedTime) },
      'answered',
    )
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

function checkSource(request: FastifyRequest, { allowedHosts, allowedOrigins }: ListenerOptions): void {
  const { host = '', origin } = request.headers
  const name = host.toLowerCase()
  const bare = name.replace(/:\d*$/, '')
  if (!isLoopback(bare) && !allowedHosts.includes(name) && !allowedHosts.includes(bare))
    throw new GatewayError('host_not_allowed')
  if (origin !== undefined && !isLoopbackOrigin(origin) && !allowedOrigins.includes(origin.toLowerCase()))
    throw new GatewayError('origin_not_allowed')
}

function isLoopbackOrigin(origin: string): boolean {
  return (
    URL.canParse(origin) && /^https?:$/.test(new URL(origin).protocol) && isLoopback(new URL(origin).hostname)
  )
}
