import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import type { Metrics } from './metrics.ts'
import type { ReadinessCheck } from './readiness.ts'

/** What the control port tells of. */
export interface ControlOptions {
  readonly logger: FastifyBaseLogger
  readonly readiness: ReadinessCheck
  readonly metrics: Pick<Metrics, 'contentType' | 'render'>
}

/**
 * Builds the control port for orchestrators: `/health/live` as long as the process answers at all, `/health/ready`
 * (200 or 503) while requests should come, `/metrics` for Prometheus. It stays open while the gateway drains.
 */
export function createControlServer({ logger, readiness, metrics }: ControlOptions): FastifyInstance {
  const app = Fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    forceCloseConnections: true,
  })
  app.addHook('onSend', async (_request, reply) => {
    reply.header('cache-control', 'no-store')
  })
  app.get('/health/live', async () => ({ status: 'live' }))
  app.get('/health/ready', async (_request, reply) => {
    const status = await readiness.read()
    return reply.code(status === 'ready' ? 200 : 503).send({ status })
  })
  app.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.render()))
  // The usual answer repeats the path.
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ status: 'unknown' }))
  return app
}
