import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import type { Metrics } from '../observability/metrics.ts'
import { isServing, type ReadinessCheck } from '../observability/readiness.ts'
import { refuseConnect } from './broken-request.ts'
import { watchConnections } from './connection.ts'
import { sendProblem, toGatewayError } from './problem-response.ts'
import { createSourceCheck } from './request-check.ts'

/** What the control server serves. */
export interface ControlOptions {
  readonly logger: FastifyBaseLogger
  readonly readiness: ReadinessCheck
  readonly metrics: Pick<Metrics, 'contentType' | 'render'>
  /** Lower-case names that are served beside the loopback names and addresses. */
  readonly allowedHosts: readonly string[]
}

/**
 * Creates the control server for orchestrators: `/health/live` returns 200 as long as the process responds,
 * `/health/ready` 200 while requests should come, else 503, `/metrics` the metrics for Prometheus. It stays open while the gateway drains. Host is
 * checked as on the other servers; an IP address is allowed too, since orchestrators probe a pod by its address.
 */
export function createControlServer(options: ControlOptions): FastifyInstance {
  const { logger, readiness, metrics, allowedHosts } = options
  const app = Fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    forceCloseConnections: true,
  })
  watchConnections(app.server)
  refuseConnect(app.server)
  const checkSource = createSourceCheck({ allowedHosts, allowedOrigins: [], allowAddresses: true })
  app.addHook('onRequest', async (request) => checkSource(request.raw))
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
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ status: 'unknown' }))
  return app
}
