import { STATUS_CODES } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { findCauseCode } from '../errors/cause.ts'
import { type ErrorCode, GatewayError } from '../errors/gateway-error.ts'

const frameworkCodes: Readonly<Record<string, ErrorCode>> = {
  // The client disconnected within its body.
  ECONNRESET: 'bad_request',
  FST_ERR_BAD_URL: 'bad_request',
  FST_ERR_CTP_BODY_TOO_LARGE: 'body_too_large',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'bad_request',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  // QUERY has no meaning without a type (RFC 10008 §2).
  FST_ERR_ROUTE_MISSING_CONTENT_TYPE: 'unsupported_media_type',
  FST_ERR_MAX_PARAM_LENGTH: 'uri_too_long',
}

/**
 * Converts what was thrown to an error of the catalogue; what is unknown becomes an `internal_error`. The limit is that
 * of the request's body, which no error of Fastify names.
 */
export function toGatewayError(error: unknown, bodyLimit?: number): GatewayError {
  if (error instanceof GatewayError) return error
  const code = frameworkCodes[readCode(error)]
  if (code === 'body_too_large' && bodyLimit !== undefined) return refuseSize(bodyLimit, error)
  return new GatewayError(code ?? 'internal_error', { cause: error })
}

/** Returns the refusal of a body, or of a message, of more bytes than the limit. */
export function refuseSize(limit: number, cause?: unknown): GatewayError {
  const detail = `The limit is ${limit.toLocaleString('en')} bytes: send a smaller body.`
  return new GatewayError('body_too_large', { detail, cause })
}

/**
 * Sends an error of the gateway as `application/problem+json` (RFC 9457), as bytes: to a text Fastify would add a
 * charset, a parameter that this media type does not have.
 */
export function sendProblem(reply: FastifyReply, error: GatewayError): FastifyReply {
  recordProblem(reply.request, error)
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

/** Notes the error for the log line of its request. */
export function recordProblem(request: FastifyRequest, error: GatewayError): void {
  request.problem = { code: error.code, cause: findCauseCode(error) }
}

function readCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

/** Describes the last response of a connection: headers and body of a problem. */
export function describeProblem(problem: GatewayError) {
  const body = JSON.stringify(problem.toProblem())
  const headers = {
    ...problem.headers,
    connection: 'close',
    'content-type': 'application/problem+json',
    'content-length': String(Buffer.byteLength(body)),
  }
  return { headers, body }
}

/** Writes a problem as a whole response, for a connection that no request of Node stands for. */
export function writeProblem(problem: GatewayError): string {
  const { headers, body } = describeProblem(problem)
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\n${lines.join('')}\r\n${body}`
}
