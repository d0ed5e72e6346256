import type { FastifyInstance, FastifyRequest } from 'fastify'
import { parseJson } from '../contract/json.ts'
import { GatewayError } from '../errors.ts'
import { checkEncoding } from '../framing.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether the operation of this route has a body. */
    takesBody?: boolean
  }
  interface FastifyRequest {
    /** The body's bytes as they came; absent when there is none. */
    rawBody: Buffer | undefined
  }
}

/**
 * Reads JSON bodies twice: once as the bytes that go upstream, once as the value that is validated. An empty
 * body is none, since many clients send a content type without one.
 */
export function registerBodyParser(app: FastifyInstance): void {
  app.decorateRequest('rawBody', undefined)
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    (request: FastifyRequest, bytes: Buffer, done) => {
      if (bytes.length === 0) return done(null)
      checkEncoding(request)
      request.rawBody = bytes
      done(null, parseJson(bytes))
    },
  )
}

/**
 * Refuses a body on an operation that takes none, unread and whatever its type: it could only get lost. Throws
 * `invalid_argument`.
 */
export function refuseUnwantedBody({ headers, route }: FastifyRequest): void {
  const announced = headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0'
  if (route.config.takesBody !== false || !announced) return
  const violation = { location: 'body', rule: 'body', message: 'is not taken by this operation' }
  throw new GatewayError('invalid_argument', {
    detail: 'body is not taken by this operation',
    violations: [violation],
  })
}
