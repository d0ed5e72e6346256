import { isAscii } from 'node:buffer'
import httpProxy from '@fastify/http-proxy'
import type { FastifyInstance, FastifyReply } from 'fastify'
import fp from 'fastify-plugin'
import type { Dispatcher } from 'undici'
import type { Operation } from '../document/operations.ts'
import { writeTarget } from '../document/request-writing.ts'
import type { CallInput } from '../document/validation.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { UpstreamCall } from './call.ts'
import { HttpCaller } from './caller.ts'
import { collectSecrets, type HeldCredentials } from './credentials.ts'
import type { Exchange } from './exchange.ts'
import { idempotencyHeader } from './idempotency.ts'
import { toHeaders } from './request.ts'
import type { UpstreamResponse } from './response-collector.ts'

/**
 * Gives replies of the app their `from`. Registered without routes: only what the document describes is
 * forwarded, each by a call of `forward`. `fp` lifts the decoration out of the plugin's own scope, and
 * `proxyPayloads: false` keeps the plugin's hands off the body parsers.
 */
export async function registerProxy(app: FastifyInstance, exchange: Exchange): Promise<void> {
  await app.register(fp(httpProxy), {
    upstream: exchange.origin,
    routes: [],
    proxyPayloads: false,
    disableRequestLogging: true,
    undici: adaptExchange(exchange),
  })
}

/** A checked call on its way upstream. */
export interface ForwardedCall {
  readonly operation: Operation
  readonly input: CallInput
  /** The body's bytes as the caller sent them; they go up unchanged. */
  readonly rawBody: Buffer | undefined
  readonly held: HeldCredentials
  /** Who makes the call, where the gateway asks; empty where it does not. */
  readonly principal: string
  /** The trace that the call is a part of. */
  readonly traceparent?: string | undefined
}

/** Sends a call upstream and answers the reply with the response's status, safe headers and bytes. */
export function forward(
  reply: FastifyReply,
  { operation, input, rawBody, held, principal, traceparent }: ForwardedCall,
): void {
  const call: UpstreamCall = {
    method: operation.method,
    path: writeTarget(operation, input),
    headers: toHeaders(operation, input, held, traceparent),
    body: rawBody,
    operation,
    caller: new HttpCaller(reply.raw),
    principal,
    listSecrets: () => collectSecrets(operation, input, held),
    idempotencyKey: readIdempotencyKey(operation, input),
  }
  reply.from('/', {
    queryString: withoutQuery,
    body: null,
    rewriteRequestHeaders: () => ({ [callKey]: call }),
    retryDelay: withoutRetry,
    onResponse: (_request, _reply, { stream }) => sendWhole(reply, takeAnswer(stream)),
    onError: (_reply, { error }) => reply.send(error.cause instanceof GatewayError ? error.cause : error),
  })
}

const withoutQuery = () => ''
const withoutRetry = () => null

/** Bytes of an answer up to which a copy of it costs less than a second piece to write. */
const longestText = 16_384

/**
 * Sends the bytes of an answer as they are. Node writes a text together with the head, but bytes beside it, which costs
 * more; what is ASCII is the same either way. The serializer keeps Fastify from adding a charset.
 */
function sendWhole(reply: FastifyReply, { body, json }: UpstreamResponse): FastifyReply {
  const asBytes = body.length > longestText || !reply.hasHeader('content-type') || !isAscii(body)
  if (asBytes) return reply.send(body)
  return reply.serializer(asItIs).send(json?.text ?? body.toString('latin1'))
}

function asItIs(text: string): string {
  return text
}

/** The complete answer in the place of the body stream that `reply.from` expects and may destroy. */
class WholeAnswer {
  readonly answer: UpstreamResponse

  constructor(answer: UpstreamResponse) {
    this.answer = answer
  }

  destroy(): void {}
}

function takeAnswer(stream: unknown): UpstreamResponse {
  if (!(stream instanceof WholeAnswer)) throw new TypeError('reply.from answered with a stream of its own')
  return stream.answer
}

/**
 * `reply.from` makes a request of its own, of the caller's, and hands that on with its headers alone. The call travels
 * in their place, whole, so that nothing of the caller's request can get into it.
 */
const callKey = Symbol('call')

interface ProxyRequest {
  readonly headers: { readonly [callKey]: UpstreamCall }
}

/** `reply.from` asks for an object with undici's callback-style `request`; that is all it uses. */
function adaptExchange(exchange: Exchange): { request: Dispatcher['request'] } {
  const request: unknown = (
    { headers: { [callKey]: call } }: ProxyRequest,
    done: (error: Error | null, data?: object) => void,
  ) =>
    exchange.send(call, (error, answer) => {
      if (!answer) return done(error)
      done(null, { statusCode: answer.status, headers: answer.headers, body: new WholeAnswer(answer) })
    })
  return { request: request as Dispatcher['request'] }
}

/** Only for operations whose document has the header; a structured string and its bare text are the same key. */
function readIdempotencyKey({ method, parameters }: Operation, { header }: CallInput): string | undefined {
  if (method === 'GET') return undefined
  const name = parameters.find((one) => one.name.toLowerCase() === idempotencyHeader)?.name
  const value = name === undefined ? undefined : header[name]
  return typeof value === 'string' ? value.replace(/^"(.*)"$/, '$1') : undefined
}
