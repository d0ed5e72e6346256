import createFetchClient, { type ClientOptions as FetchClientOptions } from 'openapi-fetch'
import { chooseMediaType, writeBody } from '../document/body-writing.ts'
import type { Operation } from '../document/operations.ts'
import type { CallInput } from '../document/validation.ts'
import {
  type ClientConnection,
  runInCall,
  type Send,
  type UpstreamRequest,
  type UpstreamResponse,
} from './call.ts'
import {
  bringsCredential,
  type CallCredentials,
  type ConfiguredCredentials,
  findCredentials,
  listCredentialParts,
  listPrefixes,
  noCredentials,
} from './credentials.ts'
import { createCallWriter } from './request.ts'
import { redactBrought } from './response-check.ts'
import { decodeText } from './wide-text.ts'

/**
 * A complete response of the API: the JSON text as it came but for the credentials of its connection, errors without what
 * they echoed of the request.
 */
export interface ApiResponse<Data = unknown> {
  readonly status: number
  /** The safe headers only, lower-case names. */
  readonly headers: UpstreamResponse['headers']
  readonly text: string
  readonly body: Buffer
  /** The decoded body of a success; absent on an error. */
  readonly data?: Data | undefined
}

/** What a call comes with beside its arguments. */
export interface CallOptions {
  /** Fires when nobody waits for the response any longer. */
  readonly signal?: AbortSignal | undefined
  readonly connection?: ClientConnection | undefined
  /** Those of the call itself; without them the client finds them. */
  readonly credentials?: CallCredentials | undefined
  /** The authenticated user or program, where the gateway authenticates. */
  readonly principal?: string | undefined
  /** Whether the client is shown only a part of the response. */
  readonly isCut?: boolean | undefined
  /** The trace that the call is a part of. */
  readonly traceparent?: string | undefined
}

/** Calls any operation of the document. Rejects with a `GatewayError` where there is no complete response. */
export interface UpstreamClient {
  call(operation: Operation, input: CallInput, options?: CallOptions): Promise<ApiResponse>
}

interface ClientOptions {
  readonly requester: { readonly send: Send }
  readonly configured: ConfiguredCredentials
}

interface AnyOperation {
  parameters: { path?: Record<string, unknown>; query?: Record<string, unknown> }
  requestBody?: { content: { 'application/json': unknown } }
  responses: { 200: { content: { 'application/json': unknown } } }
}

/** Opens the client that calls operations by the document: openapi-fetch over the requester. */
export function createClient({ requester, configured }: ClientOptions): UpstreamClient {
  const fetch = async (request: FetchRequest) => new FetchResponse(await requester.send(request))
  const options: unknown = { Request: FetchRequest, fetch }
  // What openapi-fetch asks of a request and a response is a small part of what the types of the web promise.
  const client = createFetchClient<Record<string, { get: AnyOperation }>>(options as FetchClientOptions)
  const open = (operation: Operation) => ({
    write: createCallWriter(operation, configured),
    prefixes: listPrefixes(operation.security),
  })
  const opened = new Map<Operation, ReturnType<typeof open>>()
  const prepare = (operation: Operation) => {
    const prepared = opened.get(operation) ?? open(operation)
    opened.set(operation, prepared)
    return prepared
  }
  return {
    async call(operation, input, { principal = '', isCut, traceparent, ...options } = {}) {
      const { credentials = findCredentials(operation, input, configured) ?? noCredentials } = options
      const { body, mediaType = body === undefined ? undefined : chooseMediaType(operation, body) } = input
      const written = body === undefined || !mediaType ? undefined : writeBody(mediaType, body)
      const { write, prefixes } = prepare(operation)
      const { context, path, headers } = write({
        ...{ credentials, principal, isCut, traceparent, connection: findConnection(options) },
        input: { ...input, contentType: written?.contentType },
      })
      const parts = {
        params: { path: input.path, query: input.query },
        body: written?.bytes,
        bodySerializer: (bytes: unknown) => bytes,
        pathSerializer: () => path,
        querySerializer: () => '',
        parseAs: 'stream' as const,
        fields: headers,
        // The types of openapi-fetch know the methods of OpenAPI 3.1 alone.
        operationMethod: operation.method,
      }
      const { response } = await runInCall(context, () => client.request('get', operation.path, parts))
      const brings = bringsCredential(operation.security, input)
      return readResponse(response, brings ? listCredentialParts(credentials, prefixes) : [])
    },
  }
}

/**
 * What openapi-fetch makes of a call. A `Request` of the web would copy every header and stream the body, which costs
 * more than the call.
 */
class FetchRequest implements UpstreamRequest {
  readonly method: string
  /** Without an origin: openapi-fetch is given none. */
  readonly path: string
  readonly headers: UpstreamRequest['headers']
  readonly body: string | Buffer | undefined

  constructor(
    path: string,
    init: Pick<FetchRequest, 'body'> & { operationMethod: string; fields: FetchRequest['headers'] },
  ) {
    this.path = path
    this.method = init.operationMethod
    this.headers = init.fields
    this.body = init.body
  }
}

/** What openapi-fetch asks of a response, which it hands back. */
class FetchResponse {
  readonly status: number
  readonly ok: boolean
  readonly headers: { get(name: string): string | null }
  readonly upstream: UpstreamResponse

  constructor(upstream: UpstreamResponse) {
    const isEmpty = upstream.body.length === 0
    this.upstream = upstream
    this.status = upstream.status
    this.ok = upstream.status < 300
    this.headers = { get: (name) => (name === 'Content-Length' && isEmpty ? '0' : null) }
  }

  /** Errors are read from the response itself, with their own text. */
  async text(): Promise<string> {
    return ''
  }
}

/**
 * Reads a response without the credentials that the connection brought: a model is shown it, to which they are unknown. An
 * error is without them already, and so is what is kept of it; a success is kept for REST clients, too.
 */
function readResponse(response: unknown, brought: readonly string[]): ApiResponse {
  if (!(response instanceof FetchResponse)) throw new TypeError('openapi-fetch made a response of its own')
  const { upstream, ok } = response
  const mayRepeat = ok && brought.length > 0
  const { status, headers, body, json } = mayRepeat ? redactBrought(upstream, brought) : upstream
  const text = json?.text ?? decodeText(body, String(headers['content-type'] ?? ''))
  return { status, headers, body, text, data: json?.value }
}

/** A client without a connection that could be watched: its responses count as delivered. */
export const unwatchedConnection: ClientConnection = {
  disconnected: false,
  onDisconnect() {},
  onDelivery: (listener) => listener('delivered'),
  hold: () => () => {},
}

function findConnection({ connection = unwatchedConnection, signal }: CallOptions): ClientConnection {
  if (!signal) return connection
  const onDisconnect = (listener: () => void) => {
    if (signal.aborted) listener()
    else signal.addEventListener('abort', listener, { once: true })
  }
  return {
    get disconnected() {
      return signal.aborted
    },
    onDisconnect,
    onDelivery: (listener) => connection.onDelivery(listener),
    hold: () => connection.hold(),
  }
}
