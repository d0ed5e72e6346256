import createFetchClient from 'openapi-fetch'
import type { Operation } from '../contract/operations.ts'
import type { CallInput } from '../contract/validation.ts'
import { checkAnswer, selectHeaders } from './answer.ts'
import { collectSecrets, type HeldCredentials } from './credentials.ts'
import type { UpstreamAnswer, UpstreamDispatcher } from './dispatcher.ts'
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

/** Calls any operation of the document. Throws a `GatewayError` when there is no complete answer. */
export interface UpstreamClient {
  call(operation: Operation, input: CallInput): Promise<Answer>
}

interface ClientOptions {
  readonly dispatcher: UpstreamDispatcher
  readonly held: HeldCredentials
}

interface AnyOperation {
  parameters: { path?: Record<string, unknown>; query?: Record<string, unknown> }
  requestBody?: { content: { 'application/json': unknown } }
  responses: { 200: { content: { 'application/json': unknown } } }
}
type Method = 'get' | 'put' | 'post' | 'delete' | 'patch' | 'options' | 'head' | 'trace'

/** Opens the client that calls operations by the document, over the gateway's own sockets and headers. */
export function createClient({ dispatcher, held }: ClientOptions): UpstreamClient {
  const client = createFetchClient<Record<string, Record<Method, AnyOperation>>>({
    baseUrl: dispatcher.origin,
    pathSerializer: toPath,
  })
  return {
    async call(operation, input) {
      let answer: UpstreamAnswer | undefined
      const { data } = await client.request(methods[operation.method], operation.path, {
        params: { path: input.path, query: input.query },
        body: input.body,
        headers: toHeaders(operation, input, held),
        querySerializer: (query: CallInput['query']) => toQuery(operation.parameters, query),
        fetch: async (request: Request) => {
          answer = checkAnswer(await send(dispatcher, request), collectSecrets(operation, input, held))
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

/** A `fetch` in miniature: no redirects, no decoding, no retries, the answer whole. */
async function send(dispatcher: UpstreamDispatcher, request: Request): Promise<UpstreamAnswer> {
  const { pathname, search } = new URL(request.url)
  const body = request.body === null ? undefined : await request.text()
  const headers = Object.fromEntries(request.headers)
  return new Promise((resolve, reject) => {
    dispatcher.send({ method: request.method, path: pathname + search, headers, body }, (error, answer) => {
      if (answer) resolve(answer)
      else reject(error)
    })
  })
}
