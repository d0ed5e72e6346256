import type { ServerResponse } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { asksForToken, type Grant } from '../access/authorization.ts'
import { parseExactly } from '../document/exact-numbers.ts'
import { beyondAscii, readHeader } from '../document/header-text.ts'
import { parseJson, RefusedJson, readOwn } from '../document/json.ts'
import type { Operation } from '../document/operations.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import { holdSlot } from '../http/admission.ts'
import { parseBodies } from '../http/listener.ts'
import { acceptsHtml } from '../http/page.ts'
import { recordProblem, toGatewayError } from '../http/problem-response.ts'
import type { CallCounter } from '../http/rate-limit.ts'
import { redactForRequest } from '../http/secret-listing.ts'
import { describeError } from '../observability/logger.ts'
import type { ToolCallRecord } from '../observability/requests.ts'
import { type ClientConnection, HttpConnection } from '../upstream/call.ts'
import type { CredentialSource } from './arguments.ts'
import { readIds, readProtocolVersion } from './batch.ts'
import { createFastPath } from './fast-path.ts'
import { type Reply, RpcError, readId, refuse, rpcCodes } from './json-rpc.ts'
import { messageLimits } from './messages.ts'
import { createSdkResponder, loadSdk } from './post.ts'
import type { ProtocolOptions } from './protocol.ts'
import type { CallContext } from './tool-call.ts'
import {
  createSelectionReader,
  type OperationFilter,
  type SelectionReader,
  selectionHeader,
} from './tool-selection.ts'
import { sendToolsPage, type ToolsPage } from './tools-page.ts'

/** What the endpoint serves. */
export interface EndpointOptions extends ProtocolOptions {
  /** Those that clients select tools of. */
  readonly operations: readonly Operation[]
  readonly page?: PageOptions | undefined
}

/**
 * Registers the MCP endpoint (Streamable HTTP, without sessions, every response one JSON text) at `/mcp` and `/`
 * of an app whose hooks have already checked Host and Origin. Register it as a plugin of its own scope.
 */
export async function registerMcp(
  app: FastifyInstance,
  { page, operations, ...options }: EndpointOptions,
): Promise<void> {
  const readSelection = createSelectionReader(operations)
  const respondFast = createFastPath(options)
  const respondBySdk = createSdkResponder(options)
  app.addHook('onListen', async () => {
    await loadSdk()
  })
  parseBodies(app, (bytes) => parseJson(bytes, messageLimits, parseExactly))
  app.setErrorHandler((error, request, reply) => {
    const known = redactForRequest(toGatewayError(error, request.routeOptions.bodyLimit), request)
    recordProblem(request, known)
    if (known.code === 'internal_error')
      request.log.error({ err: describeError(error), requestId: request.id }, 'failed')
    const body = error instanceof RefusedJson ? error.value : request.body
    return send(
      reply.headers(known.headers),
      refuse(known, readIds(body, readProtocolVersion(request.headers))),
    )
  })
  for (const url of ['/mcp', '/']) {
    app.route({
      url,
      method: ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
      onRequest: async (request) => {
        if (!page || !isPage(request)) refuseMethod()
      },
      handler: (request, reply) => {
        if (!page) return refuseMethod()
        const tools = options.tools.list(new HttpContext(request, reply.raw, readSelection))
        return sendToolsPage(request, reply, { ...page, tools })
      },
    })
    // Returns neither the reply nor a promise, since Fastify then watches the stream of the response to its end.
    app.post(url, (request, reply) => {
      const { headers, body } = request
      if (!acceptsJson(headers.accept ?? '*/*')) {
        send(reply, refuse(notAcceptable, null))
        return
      }
      if (body === undefined) throw new GatewayError('unsupported_media_type')
      const context = new HttpContext(request, reply.raw, readSelection)
      void deliver(
        reply,
        respondFast(body, headers, context) ?? respondBySdk(body, headers, context),
        context,
      )
    })
  }
}

/** What the page for browsers shows beside the tools of the client. */
export type PageOptions = Omit<ToolsPage, 'tools'>

function isPage(request: FastifyRequest): boolean {
  return request.method === 'GET' && request.routeOptions.url === '/' && acceptsHtml(request)
}

const notAcceptable = new RpcError(rpcCodes.refused, 'Responses are application/json: accept it', 406)

/** What an HTTP request brings to a call. */
class HttpContext implements CallContext {
  readonly connection: ClientConnection
  readonly grant: Grant
  readonly selects: OperationFilter | undefined
  readonly requestId: string
  readonly traceparent: string | undefined
  readonly countCall: CallCounter | undefined
  /** The refusal of a call for which the client can get another token. */
  challenge: GatewayError | undefined
  readonly #request: FastifyRequest

  constructor(request: FastifyRequest, response: ServerResponse, readSelection: SelectionReader) {
    this.grant = request.grant
    const { url, headers } = request
    this.selects = url.includes('?') || selectionHeader in headers ? readSelection(url, headers) : undefined
    this.requestId = request.id
    this.countCall = request.countCall
    this.traceparent = request.trace?.traceparent
    this.#request = request
    this.connection = new HttpConnection(response, () => holdSlot(request))
  }

  credential: CredentialSource = ({ header }) => {
    const value = header === undefined ? undefined : readOwn(this.#request.headers, header)
    if (header === undefined || typeof value !== 'string') return undefined
    return beyondAscii.test(value) ? readHeader({ in: 'header', name: header }, value) : value
  }

  listSecrets = (): readonly string[] => this.#request.listSecrets()

  onFailure = (error: GatewayError): void => {
    recordProblem(this.#request, error)
    if (asksForToken(error)) this.challenge = error
  }

  onCall = (call: ToolCallRecord): void => {
    this.#request.toolCalls ??= []
    this.#request.toolCalls.push(call)
  }
}

/** A stateless server has no stream to open and no session to end (Streamable HTTP, all revisions). */
function refuseMethod(): never {
  throw new GatewayError('method_not_allowed', { headers: { allow: 'POST' } })
}

/**
 * Refuses what the router has nothing for: a method it does not know by name, or another path. An `onRequest` hook;
 * throws `method_not_allowed` or `route_not_found`.
 */
export function refuseUnrouted({ url }: FastifyRequest): never {
  if (/^\/(mcp)?(\?|$)/.test(url)) refuseMethod()
  throw new GatewayError('route_not_found', { detail: 'The endpoint is POST /mcp.' })
}

/** Returns whether a client takes JSON. The older revisions want both JSON and an event stream in the list. */
function acceptsJson(accept: string): boolean {
  return /(^|,)\s*(application\/json|application\/\*|\*\/\*)\s*([;,]|$)/i.test(accept)
}

/** A client gets another token for a challenge, which is no result (MCP, "Runtime Insufficient Scope Errors"). */
async function deliver(reply: FastifyReply, response: Promise<Reply>, context: HttpContext): Promise<void> {
  try {
    const done = await response
    const { challenge } = context
    const { body } = reply.request
    // Other calls of a batch may have had their effect.
    if (challenge === undefined || Array.isArray(body)) send(reply, done)
    else send(reply.headers(challenge.headers), refuse(challenge, readId(body)))
  } catch (error) {
    reply.send(error)
  }
}

function send(reply: FastifyReply, { status, body }: Reply): FastifyReply {
  reply.code(status).headers({ 'cache-control': 'no-store', 'x-request-id': reply.request.id })
  return body ? reply.type('application/json').send(body) : reply.send()
}
