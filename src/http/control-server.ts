import type { FastifyInstance, FastifyReply } from 'fastify'
import type { Metrics } from '../observability/metrics.ts'
import { isServing, type ReadinessCheck } from '../observability/readiness.ts'
import { createHttpServer, type HttpServerOptions } from './http-server.ts'
import { sendProblem, toGatewayError } from './problem-response.ts'
import { checkFraming, createSourceCheck } from './request-check.ts'

/** What the control server serves. */
export interface ControlOptions extends Pick<HttpServerOptions, 'logger' | 'timeouts'> {
  readonly readiness: ReadinessCheck
  readonly metrics: Pick<Metrics, 'contentType' | 'render'>
  /** Lower-case names that are served beside the loopback names and addresses. */
  readonly allowedHosts: readonly string[]
}

/**
 * Creates the control server for orchestrators: `/health/live` returns 200 as long as the process responds,
 * `/health/ready` 200 while requests should come, else 503, `/metrics` the metrics for Prometheus. It stays open while the
 * gateway drains. Host is checked as on the other servers; an IP address is allowed too, since orchestrators probe a pod
 * by its address.
 */
export function createControlServer(options: ControlOptions): FastifyInstance {
  const { readiness, metrics, allowedHosts } = options
  const app = createHttpServer(options, {
    forceCloseConnections: true,
    // Fastify's own response repeats path and query.
    frameworkErrors: (error, _request, reply) => void sendProblem(reply, toGatewayError(error)),
  })
  const allowed = { allowedHosts, allowedOrigins: [], allowAddresses: true, allowLinks: true }
  const checkSource = createSourceCheck(allowed)
  app.addHook('onRequest', async ({ raw, is404 }, reply) => {
    checkFraming(raw)
    checkSource(raw)
    // Before Fastify asks for the type of a body.
    if (is404) return sendUnknown(reply)
  })
  app.addHook('onSend', async (_request, reply) => {
    reply.header('cache-control', 'no-store')
  })
  app.get('/health/live', async () => ({ status: 'live' }))
  app.get('/health/ready', async (_request, reply) => {
    const status = await readiness.read()
    return reply.code(isServing(status) ? 200 : 503).send({ status })
  })
  app.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.render()))
  app.setErrorHandler((error, _request, reply) => sendProblem(reply, toGatewayError(error)))
  // Fastify's own response repeats the path.
  app.setNotFoundHandler((_request, reply) => sendUnknown(reply))
  return app
}

function sendUnknown(reply: FastifyReply): FastifyReply {
  return reply.code(404).send({ status: 'unknown' })
}
