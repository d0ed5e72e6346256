import type { FastifyInstance, FastifyRequest } from 'fastify'
import { parseJson } from '../document/json.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import { parseBodies } from '../http/request-body.ts'

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
  parseBodies(app, (bytes, request) => {
    if (bytes.length === 0) return undefined
    request.rawBody = bytes
    return parseJson(bytes)
  })
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
