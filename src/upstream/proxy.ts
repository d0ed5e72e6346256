import { isAscii } from 'node:buffer'
import { Readable } from 'node:stream'
import httpProxy from '@fastify/http-proxy'
import type { FastifyInstance, FastifyReply } from 'fastify'
import fp from 'fastify-plugin'
import type { Dispatcher } from 'undici'
import type { Operation } from '../document/operations.ts'
import type { CallInput } from '../document/validation.ts'
import { currentCall, runInCall, type UpstreamRequest } from './call.ts'
import { HttpConnection } from './client-connection.ts'
import { collectSecrets, type HeldCredentials } from './credentials.ts'
import { idempotencyHeader } from './idempotency.ts'
import { toHeaders, toTarget } from './pipeline.ts'
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

/** A checked call on its way upstream. */
export interface ForwardedCall {
  readonly operation: Operation
  readonly input: CallInput
  /** The body's bytes as the client sent them; they go up unchanged. */
  readonly rawBody: Buffer | undefined
  readonly held: HeldCredentials
  /** The authenticated user or program; empty where the gateway authenticates nobody. */
  readonly principal: string
  /** The trace that the call is a part of. */
  readonly traceparent?: string | undefined
  /** Keeps the slot of the request until the result is called. */
  readonly hold: () => () => void
}

/** Sends a call upstream, and its response, or the error in its place, to the client. */
export function forward(reply: FastifyReply, call: ForwardedCall): void {
  const { operation, input, rawBody = null, held, principal } = call
  const target = toTarget(operation, input, held)
  const end = target.search(/\?|$/)
  const context = {
    operation,
    connection: new HttpConnection(reply.raw, call.hold),
    principal,
    listSecrets: () => collectSecrets(operation, input, held),
    idempotencyKey: readIdempotencyKey(operation, input),
  }
  runInCall(context, () =>
    reply.from(target.slice(0, end), {
      queryString: () => target.slice(end + 1),
      rewriteRequestHeaders: () => toHeaders(operation, input, held, call.traceparent),
      body: rawBody,
      contentType: input.contentType ?? 'application/json',
      retryDelay: () => null,
      onResponse: (_request, _reply, { stream }) => sendBody(reply, stream),
    }),
  )
}

/** Bytes of a body up to which a copy of it costs less than a second piece to write. */
const longestText = 16_384

/**
 * Sends a body as it is. Node writes a text together with the head, but bytes beside it, which costs
 * more; what is ASCII is the same either way. The serializer keeps Fastify from adding a charset.
 */
function sendBody(reply: FastifyReply, body: unknown): FastifyReply {
  if (!(body instanceof Buffer)) return reply.send(body)
  if (body.length === 0) return reply.send()
  // Fastify gives bytes a content type, a stream none.
  if (!reply.hasHeader('content-type'))
    return reply.header('content-length', body.length).send(Readable.from(body))
  if (body.length > longestText || !isAscii(body)) return reply.send(body)
  return reply.serializer((text: string) => text).send(body.toString('latin1'))
}

interface ProxyRequest extends UpstreamRequest {
  readonly body: Buffer | undefined
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
  const request: unknown = ({ method, path, headers, body }: ProxyRequest, respond: Respond) => {
    const { connection } = currentCall()
    const answer = (statusCode: number, fields: object, content: unknown) => {
      if (!connection.disconnected) respond(null, { statusCode, headers: { ...fields }, body: content })
    }
    send({ method, path, headers, body }).then(
      (response) => answer(response.status, response.headers, response.body),
      (error: unknown) => answer(500, {}, error),
    )
  }
  return { request: request as Dispatcher['request'] }
}

/** Only for operations whose document has the header; a structured string and its bare text are the same key. */
function readIdempotencyKey({ method, parameters }: Operation, { header }: CallInput): string | undefined {
  if (method === 'GET') return undefined
  const name = parameters.find((one) => one.name.toLowerCase() === idempotencyHeader)?.name
  const value = name === undefined ? undefined : header[name]
  return typeof value === 'string' ? value.replace(/^"(.*)"$/, '$1') : undefined
}
