import createFetchClient from 'openapi-fetch'
import type { Operation } from '../contract/operations.ts'
import type { CallInput } from '../contract/validation.ts'
import { selectHeaders } from './answer.ts'
import type { UpstreamAnswer } from './answer-collector.ts'
import type { UpstreamCall } from './call.ts'
import { type Caller, unwatchedCaller } from './caller.ts'
import { collectSecrets, type HeldCredentials } from './credentials.ts'
import type { Exchange } from './exchange.ts'
import { toHeaders, toPath, toQuery } from './request.ts'

/** A complete upstream answer: the JSON text as it came, errors without what they echoed of the request. */
export interface Answer<Data = unknown> {
  readonly status: number
  /** The safe headers only, lower-case names. */
  readonly headers: Readonly<Record<string, string | string[]>>
  readonly text: string
  /** The decoded body of a successful answer; absent on an error. */
  readonly data?: Data | undefined
}

/** Who waits for an answer. */
export interface CallOptions {
  /** Fires when nobody waits any longer; only reads are given up for it. */
  readonly signal?: AbortSignal | undefined
  readonly caller?: Caller | undefined
  /** Who makes the call, where the gateway asks. */
  readonly principal?: string | undefined
  /** The trace that the call is a part of. */
  readonly traceparent?: string | undefined
}

/** Calls any operation of the document. Throws a `GatewayError` when there is no complete answer. */
export interface UpstreamClient {
  call(operation: Operation, input: CallInput, options?: CallOptions): Promise<Answer>
}

interface ClientOptions {
  readonly exchange: Exchange
  readonly held: HeldCredentials
}

interface AnyOperation {
  parameters: { path?: Record<string, unknown>; query?: Record<string, unknown> }
  requestBody?: { content: { 'application/json': unknown } }
  responses: { 200: { content: { 'application/json': unknown } } }
}
type Method = 'get' | 'put' | 'post' | 'delete' | 'patch' | 'options' | 'head' | 'trace'

/** Opens the client that calls operations by the document, over the gateway's own sockets and headers. */
export function createClient({ exchange, held }: ClientOptions): UpstreamClient {
  const client = createFetchClient<Record<string, Record<Method, AnyOperation>>>({
    baseUrl: exchange.origin,
    pathSerializer: toPath,
  })
  return {
    async call(operation, input, options = {}) {
      let answer: UpstreamAnswer | undefined
      const { data } = await client.request(methods[operation.method], operation.path, {
        params: { path: input.path, query: input.query },
        body: input.body,
        headers: toHeaders(operation, input, held, options.traceparent),
        querySerializer: (query: CallInput['query']) => toQuery(operation.parameters, query),
        fetch: async (request: Request) => {
          const secrets = collectSecrets(operation, input, held)
          const { principal = '' } = options
          const caller = findCaller(options)
          const call = { ...(await readRequest(request)), operation, secrets, caller, principal }
          answer = await send(exchange, call)
          return new Response(answer.status === 204 ? null : answer.body, { status: answer.status })
        },
      })
      if (answer === undefined) throw new TypeError('openapi-fetch answered without calling fetch')
      return {
        status: answer.status,
        headers: selectHeaders(answer.headers),
        text: answer.body.toString('utf8'),
        data,
      }
    },
  }
}

const methods = { GET: 'get', PUT: 'put', POST: 'post', DELETE: 'delete', PATCH: 'patch' } as const

async function readRequest(request: Request) {
  const { pathname, search } = new URL(request.url)
  const body = request.body === null ? undefined : await request.text()
  return {
    method: request.method,
    path: pathname + search,
    headers: Object.fromEntries(request.headers),
    body,
  }
}

/** A `fetch` in miniature: no redirects, no decoding, the answer whole. */
function send(exchange: Exchange, call: UpstreamCall): Promise<UpstreamAnswer> {
  return new Promise((resolve, reject) => {
    exchange.send(call, (error, answer) => {
      if (answer) resolve(answer)
      else reject(error)
    })
  })
}

function findCaller({ caller = unwatchedCaller, signal }: CallOptions): Caller {
  if (!signal) return caller
  const onGone = (listener: () => void) => {
    if (signal.aborted) listener()
    else signal.addEventListener('abort', listener, { once: true })
  }
  return { gone: signal.aborted, onGone, onArrival: (listener) => caller.onArrival(listener) }
}
