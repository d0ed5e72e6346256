import type { FastifyInstance, FastifyRequest } from 'fastify'
import { readBody } from '../document/body-reading.ts'
import { findMediaType, type MediaType, type RequestBody } from '../document/media-types.ts'
import type { Operation } from '../document/operations.ts'
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
    /** What the body is written in. */
    bodyType: MediaType | undefined
  }
}

/**
 * Reads bodies twice: once as the bytes that go upstream, once as the value that is validated, by the media type that
 * the client chose. An empty body is none, since many clients send a content type without one. Throws
 * `unsupported_media_type` on a type that the operation does not take.
 */
export function registerBodyParser(app: FastifyInstance, operations: ReadonlyMap<string, Operation>): void {
  app.decorateRequest('rawBody', undefined)
  app.decorateRequest('bodyType', undefined)
  const parse = (bytes: Buffer, request: FastifyRequest) => {
    if (bytes.length === 0) return undefined
    const { body } = operations.get(request.route.config.operationId ?? '') ?? {}
    const contentType = request.headers['content-type'] ?? ''
    const mediaType = body && findMediaType(body.content, contentType)
    if (!mediaType) throw refuseType(body)
    request.rawBody = bytes
    request.bodyType = mediaType
    const value = readBody(mediaType, bytes, contentType)
    return value instanceof Promise ? value.catch(refuseForm) : value
  }
  // Of the two, Fastify takes the one without a search.
  parseBodies(app, parse, ['application/json', '*'])
}

function refuseType(body: RequestBody | undefined): GatewayError {
  const types = body?.content.map(({ type }) => type).join(' or ')
  const detail = types === undefined ? undefined : `Send the body as ${types} without a content encoding.`
  return new GatewayError('unsupported_media_type', { detail })
}

function refuseForm(cause: unknown): never {
  const violation = { location: 'body', rule: 'body', message: 'must be a whole multipart form' }
  throw new GatewayError('invalid_argument', {
    detail: 'body must be a whole multipart form',
    violations: [violation],
    cause,
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
