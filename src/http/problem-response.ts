import type { FastifyReply } from 'fastify'
import { type ErrorCode, GatewayError } from '../errors/gateway-error.ts'

const frameworkCodes: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_BAD_URL: 'bad_request',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  FST_ERR_MAX_PARAM_LENGTH: 'uri_too_long',
}

/** Finds the catalogue's name for whatever was thrown; what is not known is an `internal_error`. */
export function toGatewayError(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error
  const code = frameworkCodes[readCode(error)]
  return new GatewayError(code ?? 'internal_error', { cause: error })
}

/**
 * Answers with an error of the gateway as `application/problem+json` (RFC 9457), as bytes: to a text Fastify
 * would add a charset, a parameter this media type does not have.
 */
export function sendProblem(reply: FastifyReply, error: GatewayError): FastifyReply {
  reply.request.errorCode = error.code
  return reply
    .code(error.status)
    .headers({
      'cache-control': 'no-store',
      'x-request-id': reply.request.id,
      ...error.headers,
      'content-type': 'application/problem+json',
    })
    .send(Buffer.from(JSON.stringify(error.toProblem())))
}

function readCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
