import cors from '@fastify/cors'
import type { FastifyInstance } from 'fastify'
import { isOriginAllowed, type SourceOptions } from './source-check.ts'

/** Response headers that a web page may read beside the usual ones. */
const exposedHeaders = ['x-request-id', 'retry-after', 'www-authenticate']

/** Seconds for which a browser may remember a preflight. */
const maxAge = 600

/**
 * Registers CORS for the origins that may call, and for every origin on public routes. Await it before the hooks that
 * authenticate are added: a preflight brings no credential. `OPTIONS` of any path that is no preflight reaches the
 * handler for what is not found.
 */
export async function registerCors(app: FastifyInstance, options: SourceOptions): Promise<void> {
  await app.register(cors, {
    delegator: ({ headers, routeOptions }, done) => {
      const isAllowed = headers.origin !== undefined && isOriginAllowed(headers.origin, options)
      done(null, {
        origin: routeOptions.config.isPublic === true ? '*' : isAllowed,
        methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
        exposedHeaders,
        maxAge,
      })
    },
  })
}
