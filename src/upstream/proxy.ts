import httpProxy from '@fastify/http-proxy'
import type { FastifyInstance, FastifyReply } from 'fastify'
import fp from 'fastify-plugin'
import type { Dispatcher } from 'undici'
import type { Operation } from '../contract/operations.ts'
import type { CallInput } from '../contract/validation.ts'
import { GatewayError } from '../errors.ts'
import { checkAnswer, selectHeaders } from './answer.ts'
import { collectSecrets, type HeldCredentials } from './credentials.ts'
import type { UpstreamAnswer, UpstreamDispatcher, UpstreamRequest } from './dispatcher.ts'
import { toHeaders, toPath, toQuery } from './request.ts'

/**
 * Gives replies of the app their `from`. Registered without routes: only what the document describes is
 * forwarded, each by a call of `forward`. `fp` lifts the decoration out of the plugin's own scope, and
 * `proxyPayloads: false` keeps the plugin's hands off the body parsers.
 */
export async function registerProxy(app: FastifyInstance, dispatcher: UpstreamDispatcher): Promise<void> {
  await app.register(fp(httpProxy), {
    upstream: dispatcher.origin,
    routes: [],
    proxyPayloads: false,
    disableRequestLogging: true,
    undici: adaptDispatcher(dispatcher),
  })
}

/** A checked call on its way upstream. */
export interface ForwardedCall {
  readonly operation: Operation
  readonly input: CallInput
  /** The body's bytes as the caller sent them; they go up unchanged. */
  readonly rawBody: Buffer | undefined
  readonly held: HeldCredentials
}

/** Sends a call upstream and answers the reply with Cal.com's status, safe headers and bytes. */
export function forward(
  reply: FastifyReply,
  { operation, input, rawBody, held }: ForwardedCall,
): FastifyReply {
  return reply.from(toPath(operation.path, input.path), {
    method: operation.method,
    queryString: () => toQuery(operation.parameters, input.query),
    body: rawBody ?? null,
    ...(rawBody && { contentType: 'application/json' }),
    rewriteRequestHeaders: () => toHeaders(operation, input, held),
    rewriteHeaders: selectHeaders,
    retryDelay: () => null,
    onResponse: (_request, _reply, { stream }) =>
      reply.send(takeAnswer(stream, collectSecrets(operation, input, held))),
    onError: (_reply, { error }) => reply.send(error.cause instanceof GatewayError ? error.cause : error),
  })
}

/** The complete answer in the place of the body stream that `reply.from` expects and may destroy. */
class WholeAnswer {
  readonly answer: UpstreamAnswer

  constructor(answer: UpstreamAnswer) {
    this.answer = answer
  }

  destroy(): void {}
}

function takeAnswer(stream: unknown, secrets: readonly string[]): Buffer | GatewayError {
  if (!(stream instanceof WholeAnswer)) throw new TypeError('reply.from answered with a stream of its own')
  try {
    return checkAnswer(stream.answer, secrets).body
  } catch (error) {
    return error instanceof GatewayError ? error : new GatewayError('internal_error', { cause: error })
  }
}

/** `reply.from` asks for an object with undici's callback-style `request`; the dispatcher's is all it uses. */
function adaptDispatcher(dispatcher: UpstreamDispatcher): { request: Dispatcher['request'] } {
  const request = (options: UpstreamRequest, done: (error: Error | null, data?: object) => void) =>
    dispatcher.send(options, (error, answer) =>
      answer
        ? done(null, {
            statusCode: answer.status,
            headers: { ...answer.headers },
            body: new WholeAnswer(answer),
          })
        : done(error),
    )
  return { request: request as Dispatcher['request'] }
}
