import createFetchClient, { type ClientOptions as FetchClientOptions } from 'openapi-fetch'
import type { Operation } from '../document/operations.ts'
import { writeTarget } from '../document/request-writing.ts'
import type { CallInput } from '../document/validation.ts'
import type { UpstreamCall } from './call.ts'
import { type Caller, unwatchedCaller } from './caller.ts'
import { collectSecrets, type HeldCredentials } from './credentials.ts'
import type { ResponseCallback, UpstreamRequest } from './dispatcher.ts'
import type { Exchange } from './exchange.ts'
import { toHeaders } from './request.ts'
import type { UpstreamResponse } from './response-collector.ts'

/** A complete upstream answer: the JSON text as it came, errors without what they echoed of the request. */
export interface Answer<Data = unknown> {
  readonly status: number
  /** The safe headers only, lower-case names. */
  readonly headers: UpstreamResponse['headers']
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
  const options: unknown = { Request: PlainRequest, fetch: answerPlainly }
  // What openapi-fetch asks of a request and a response is a small part of what the types of the web promise.
  const client = createFetchClient<Record<string, Record<Method, AnyOperation>>>(
    options as FetchClientOptions,
  )
  return {
    async call(operation, input, options = {}) {
      const send: Send = ({ method, path, body }, done) => {
        const call: UpstreamCall = {
          method,
          path,
          body,
          headers: toHeaders(operation, input, held, options.traceparent),
          operation,
          listSecrets: () => collectSecrets(operation, input, held),
          caller: findCaller(options),
          principal: options.principal ?? '',
        }
        exchange.send(call, done)
      }
      const parts = {
        params: { path: input.path, query: input.query },
        body: input.body,
        pathSerializer: () => writeTarget(operation, input),
        querySerializer: () => '',
        parseAs: 'stream' as const,
        send,
      }
      const { data, response } = await client.request(methods[operation.method], operation.path, parts)
      const { status, headers, body, json } = readAnswer(response)
      return { status, headers, text: json?.text ?? body.toString('utf8'), data }
    },
  }
}

const methods = { GET: 'get', PUT: 'put', POST: 'post', DELETE: 'delete', PATCH: 'patch' } as const

type Send = (request: Pick<UpstreamRequest, 'method' | 'path' | 'body'>, done: ResponseCallback) => void

/**
 * What openapi-fetch makes of a call. A `Request` of the web would copy every header and stream the body; this costs
 * nothing, and what openapi-fetch does not know comes with it.
 */
class PlainRequest {
  readonly method: string
  /** Without an origin: openapi-fetch is given none. */
  readonly path: string
  readonly body: string | undefined
  readonly send: Send

  constructor(path: string, { method, body, send }: Pick<PlainRequest, 'method' | 'body' | 'send'>) {
    this.path = path
    this.method = method
    this.body = body
    this.send = send
  }
}

/** A `fetch` in miniature: no redirects, and the answer whole, with what it says in the place of a stream. */
function answerPlainly(request: PlainRequest): Promise<object> {
  return new Promise((resolve, reject) => {
    request.send(request, (error, answer) => (answer ? resolve(new PlainResponse(answer)) : reject(error)))
  })
}

/** What openapi-fetch asks of a response. */
class PlainResponse {
  readonly status: number
  readonly ok: boolean
  readonly body: unknown
  readonly headers: { get(name: string): string | null }
  readonly answer: UpstreamResponse

  constructor(answer: UpstreamResponse) {
    const { status, body, json } = answer
    const isEmpty = body.length === 0
    this.answer = answer
    this.status = status
    this.ok = status < 300
    this.body = json?.value
    this.headers = { get: (name) => (name === 'Content-Length' && isEmpty ? '0' : null) }
  }

  /** Errors are read elsewhere, with their own text. */
  async text(): Promise<string> {
    return ''
  }
}

/** Finds the answer in what openapi-fetch hands back, which is what `answerPlainly` gave it. */
function readAnswer(response: unknown): UpstreamResponse {
  if (!(response instanceof PlainResponse)) throw new TypeError('openapi-fetch made an answer of its own')
  return response.answer
}

function findCaller({ caller = unwatchedCaller, signal }: Pick<CallOptions, 'caller' | 'signal'>): Caller {
  if (!signal) return caller
  const onGone = (listener: () => void) => {
    if (signal.aborted) listener()
    else signal.addEventListener('abort', listener, { once: true })
  }
  return { gone: signal.aborted, onGone, onArrival: (listener) => caller.onArrival(listener) }
}
