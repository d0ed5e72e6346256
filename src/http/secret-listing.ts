import type { FastifyInstance, FastifyRequest } from 'fastify'
import { findMediaType } from '../document/media-types.ts'
import type { SecurityScheme } from '../document/security.ts'
import type { GatewayError } from '../errors/gateway-error.ts'
import { redactNames } from '../upstream/secret-search.ts'
import { listBrought } from '../upstream/secrets.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Lists the secrets that the request brings, and those that the operator configured. */
    listSecrets: () => readonly string[]
  }
}

/** The secrets that a gateway knows of. */
export interface KnownSecrets {
  /** Where clients bring credentials. */
  readonly schemes: readonly SecurityScheme[]
  /** As they stand in requests. */
  readonly configured: readonly string[]
}

/** Gives each request of a server the list of its secrets. */
export function registerSecrets(app: FastifyInstance, { schemes, configured }: KnownSecrets): void {
  app.decorateRequest('listSecrets', function (this: FastifyRequest) {
    const { headers, body, url } = this
    const query = parseUrlQuery(url)
    const described = this.routeOptions.config.operation?.body?.content ?? []
    const mediaType = findMediaType(described, headers['content-type'] ?? '')
    return [...configured, ...listBrought({ headers, query, body }, schemes, mediaType?.schema)]
  })
}

/** Reads the query of a request's target, before it is known which operation it is for. */
export function parseUrlQuery(url: string): URLSearchParams {
  const mark = url.indexOf('?')
  return new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1))
}

/** Returns an error without the secrets of its request, which a client may have used as the name of something. */
export function redactForRequest(error: GatewayError, request: FastifyRequest): GatewayError {
  const repeats = error.code === 'invalid_argument' || error.code === 'malformed_json'
  return repeats ? redactNames(error, request.listSecrets()) : error
}
