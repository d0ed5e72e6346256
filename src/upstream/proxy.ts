import { isAscii } from 'node:buffer'
import type { IncomingHttpHeaders } from 'node:http'
import { Readable } from 'node:stream'
import httpProxy from '@fastify/http-proxy'
import type { FastifyInstance, FastifyReply } from 'fastify'
import fp from 'fastify-plugin'
import type { Dispatcher } from 'undici'
import { isJsonType } from '../document/json.ts'
import { findCauseCode } from '../errors/cause.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import { currentCall, runInCall, type UpstreamRequest, type UpstreamResponse } from './call.ts'
import type { WrittenCall } from './request.ts'
import type { Requester } from './requester.ts'

/**
 * Gives replies of the app their `from`. Registered without routes: only what the document describes is
 * forwarded, each by a call of `forward`. `fp` lifts the decoration out of the plugin's own scope, and
 * `proxyPayloads: false` keeps the plugin's hands off the body parsers.
 */
export async function registerProxy(app: FastifyInstance, requester: Requester): Promise<void> {
  await app.register(fp(httpProxy), {
    upstream: requester.origin,
    routes: [],
    proxyPayloads: false,
    disableRequestLogging: true,
    undici: adaptRequester(requester),
  })
}

/** Sends a call upstream, and its response, or the error in its place, to the client. The body's bytes are sent unchanged. */
export function forward(
  reply: FastifyReply,
  { context, path, headers }: WrittenCall,
  body: Buffer | Readable | undefined,
): void {
  const { 'content-length': size } = reply.request.headers
  const length = size === undefined ? {} : { 'content-length': size }
  const { operation, idempotencyKey } = context
  // A response that may be sent again is kept whole; one to HEAD has no body.
  const isWhole = idempotencyKey !== undefined || operation.redeliver || operation.singleUse
  const takesStream = isWhole || operation.method === 'HEAD' ? undefined : mayStream
  const end = path.search(/\?|$/)
  const isTaken = isPlainPath(path.slice(0, end)) && isPlainBody(operation.method, body)
  const forwarded = isTaken ? {} : { forwarded: { path, body } }
  runInCall({ ...context, takesStream, ...forwarded }, () =>
    reply.from(isTaken ? path.slice(0, end) : '/', {
      queryString: () => path.slice(end + 1),
      rewriteRequestHeaders: () => (body instanceof Readable ? { ...headers, ...length } : headers),
      body: isTaken ? (body ?? null) : null,
      contentType: headers['content-type'] ?? 'application/octet-stream',
      rewriteHeaders: (fields) => joinVary(reply, fields),
      // `retry.ts` decides, by whether bytes were sent.
      retryDelay: () => null,
      onResponse: ({ raw }, _reply, { stream }) => {
        // What is left of the upload is read within its limit, and the next request is behind it.
        if (!raw.complete && !(stream instanceof Error)) reply.removeHeader('connection')
        return sendBody(reply, stream)
      },
    }),
  )
}

/**
 * Returns whether `reply.from` sends a path as it is. It refuses `..` beside a slash, and its URL parser changes dot
 * segments and characters that stand in some documents' paths; such a path travels in the call's context.
 */
function isPlainPath(path: string): boolean {
  return /^\/(?:[\w~!$&()*+,;=:@/-]|\.(?!\.)|%(?!2e|2f)[0-7][0-9a-f])*$/i.test(path) && !/\/[./]/.test(path)
}

/**
 * Returns whether `reply.from` takes a body: none of a read, and no stream; the others travel in the call's context.
 */
function isPlainBody(method: string, body: Buffer | Readable | undefined): boolean {
  return body === undefined || (body instanceof Buffer && method !== 'GET' && method !== 'HEAD')
}

/**
 * Returns whether the body of a response may stream: an error and a redirect are redacted and JSON is checked, which
 * takes the whole of it; a body that is empty has nothing to stream.
 */
function mayStream({ status, headers }: Pick<UpstreamResponse, 'status' | 'headers'>): boolean {
  if (status < 200 || status >= 300 || status === 204) return false
  const { 'content-type': type, 'content-length': length } = headers
  return length !== '0' && !isJsonType(String(type ?? ''))
}

/** Adds to what the API varies a response by what the gateway does: the origin, where CORS is. */
function joinVary(reply: FastifyReply, fields: IncomingHttpHeaders): IncomingHttpHeaders {
  if (fields.vary === undefined) return fields
  return { ...fields, vary: [reply.getHeader('vary') ?? [], fields.vary].flat().join(', ') }
}

/** Bytes of a body up to which a copy of it costs less than a second piece to write. */
const longestText = 16_384

/**
 * Returns a body in the form that costs least to send. Node writes a text together with the head, but bytes beside it;
 * where both are ASCII that is the same, and of JSON the text has been made already.
 */
function readContent({ headers, body, json, stream }: UpstreamResponse): unknown {
  if (stream) return stream
  if (body.length === 0) return undefined
  // Fastify would give a text a content type.
  if (headers['content-type'] === undefined || body.length > longestText || !isAscii(body)) return body
  // Of a head beside a text Node would write each byte above 0x7F as two.
  for (const name in headers) if (/[\x80-\xff]/.test(String(headers[name]))) return body
  return json?.text ?? body.toString('latin1')
}

/** Sends a body as it is. The serializer keeps Fastify from adding a charset. */
function sendBody(reply: FastifyReply, body: unknown): FastifyReply {
  if (body instanceof Readable) body.once('error', (error) => recordFailure(reply, error))
  if (typeof body === 'string') return reply.serializer((text: string) => text).send(body)
  // Fastify gives bytes a content type, a stream none.
  if (body instanceof Buffer && !reply.hasHeader('content-type'))
    return reply.header('content-length', body.length).send(Readable.from(body))
  return reply.send(body)
}

/** Notes for the log line of the request why its response did not end well. */
function recordFailure({ request }: FastifyReply, error: Error): void {
  if (error instanceof GatewayError) request.problem = { code: error.code, cause: findCauseCode(error) }
}

type Respond = (
  error: Error | null,
  response: { statusCode: number; headers: Record<string, unknown>; body: unknown },
) => void

/**
 * Adapts the requester to what `reply.from` asks of undici: an object with `request`. An error goes back as a body, which
 * Fastify's `reply.send` takes for what it is; `reply.from` would log it once more. A client that has disconnected is
 * sent nothing.
 */
function adaptRequester({ send }: Requester): { request: Dispatcher['request'] } {
  const request: unknown = ({ method, path, headers, body }: UpstreamRequest, respond: Respond) => {
    const { connection, forwarded } = currentCall()
    const deliver = (statusCode: number, fields: object, content: unknown) => {
      if (!connection.disconnected) respond(null, { statusCode, headers: { ...fields }, body: content })
      else if (content instanceof Readable) content.destroy()
    }
    send({ method, path, headers, body, ...forwarded }).then(
      (response) => deliver(response.status, response.headers, readContent(response)),
      (error: unknown) => {
        if (!(error instanceof GatewayError && error.code === 'client_disconnected')) deliver(500, {}, error)
      },
    )
  }
  return { request: request as Dispatcher['request'] }
}
