import type { Readable, Writable } from 'node:stream'
import {
  CLIENT_CAPABILITIES_META_KEY,
  classifyInboundRequest,
  createMcpHandler,
  type JSONRPCMessage,
  type JSONRPCRequest,
  type McpRequestContext,
  PerRequestHTTPServerTransport,
  SERVER_INFO_META_KEY,
  Server,
  type ServerContext,
  type StandardSchemaV1,
} from '@modelcontextprotocol/server'
import * as stdio from '@modelcontextprotocol/server/stdio'
import { AjvJsonSchemaValidator } from '@modelcontextprotocol/server/validators/ajv'
import { asRecord, isObject } from '../document/json.ts'
import { readElicitation } from './confirmation.ts'
import { Envelopes } from './envelopes.ts'
import { type EraOptions, type Post, type Reply, refuse, respond, rpcCodes } from './era.ts'
import { PendingCalls } from './pending-calls.ts'
import type { PlainRequest } from './plain-request.ts'
import { writeResult } from './results.ts'
import { agrees, namesEarlierEra, readStandardHeaders, toWebRequest, version } from './standard-headers.ts'
import { answerToolRequest } from './tool-requests.ts'
import { type CallContext, nobody } from './tools.ts'

const classification = { era: 'modern', revision: version } as const

/** How long a client may keep what `tools/list` and `server/discover` say: a deployment may change it. */
const cacheHint = { ttlMs: 300_000, cacheScope: 'private' } as const

/** The protocol revision without `initialize`: every request says all there is to know about it. */
export interface StatelessEra {
  /** Undefined when the message belongs to an earlier era. */
  answer(post: Post): Promise<Reply> | undefined
}

/**
 * Serves the era from one long-lived SDK server for the requests whose headers and body agree in every part,
 * and through the SDK's own handler, with a server for each request, for all that it might have to refuse. A plain
 * request for the tools goes past both once the server has taken one that says the very same of its client.
 */
export async function createStatelessEra(options: EraOptions): Promise<StatelessEra> {
  const { instructions: _, ...implementation } = options.identity
  const envelopes = new Envelopes()
  const pending = new PendingCalls()
  const transport = new SharedTransport(pending)
  const shared = createServer(options, ({ mcpReq }) => pending.contextOf(mcpReq.id), [version])
  await shared.connect(transport)
  const contexts = new WeakMap<Request, CallContext>()
  const careful = createMcpHandler(
    ({ requestInfo }: McpRequestContext) =>
      createServer(options, () => (requestInfo && contexts.get(requestInfo)) ?? nobody),
    { legacy: 'reject' },
  )
  const askShared = async (request: JSONRPCRequest, { context }: Post): Promise<Reply> => {
    const deliver = (own: JSONRPCRequest) => transport.onmessage?.(own, { classification })
    const response = await pending.open(request, context, deliver)
    if (response.error === undefined) envelopes.add(request.params?._meta)
    return { status: 200, body: JSON.stringify(response) }
  }
  // What an SDK server adds to a result of the gateway's own.
  const meta = { _meta: { [SERVER_INFO_META_KEY]: implementation } }
  const additions = {
    question: writeMembers(meta),
    'tools/call': writeMembers({ resultType: 'complete', ...meta }),
    'tools/list': writeMembers({ resultType: 'complete', ...cacheHint, ...meta }),
  }
  const askPlainly = ({ id, method, params }: PlainRequest, { context }: Post): Promise<Reply> => {
    const capabilities = isObject(params._meta) && params._meta[CLIENT_CAPABILITIES_META_KEY]
    const elicitation = readElicitation(capabilities)
    return respond(
      id,
      () => answerToolRequest(options.tools, method, params, context, elicitation),
      (result) => writeResult(result, additions['resultType' in result ? 'question' : method]),
    )
  }
  const askCarefully = async (post: Post): Promise<Reply> => {
    const request = toWebRequest(post)
    contexts.set(request, post.context)
    const response = await careful.fetch(request, { parsedBody: post.body })
    return { status: response.status, body: await response.text() }
  }
  return {
    answer(post) {
      const { plain } = post
      if (plain && namesEarlierEra(post) && !('_meta' in plain.params)) return undefined
      if (plain && agrees(post, plain) && envelopes.has(plain.params._meta)) return askPlainly(plain, post)
      const outcome = classifyInboundRequest({
        httpMethod: 'POST',
        ...readStandardHeaders(post),
        body: post.body,
      })
      if (outcome.kind === 'legacy') return undefined
      if (outcome.kind === 'reject' || outcome.messageKind === 'notification') return askCarefully(post)
      const { message } = outcome
      // No capability of ours changes while we run, so there is nothing to listen to.
      if (message.method === 'subscriptions/listen')
        return Promise.resolve(refuse(404, rpcCodes.methodNotFound, 'Method not found', message.id))
      return agrees(post, message) ? askShared(message, post) : askCarefully(post)
    },
  }
}

/** A connection over two streams. */
export interface StdioConnection {
  /** Resolves when the SDK has given the connection up: the output broke, or a message was endless. */
  readonly closed: Promise<void>
  close(): Promise<void>
}

/** Connects the tools to two streams, in both eras: the client's first message decides which it is. */
export function connectStdio(
  options: EraOptions,
  context: CallContext,
  input: Readable,
  output: Writable,
): StdioConnection {
  const transport = new ObservedTransport(input, output)
  const server = () => createServer(options, ({ mcpReq }) => ({ ...context, signal: mcpReq.signal }))
  const { close } = stdio.serveStdio(server, { transport })
  return { closed: transport.closed.promise, close }
}

/** Bytes of a message over streams. The SDK takes ten times that, and copies all it has with every piece that comes. */
const messageLimit = 1024 * 1024

class ObservedTransport extends stdio.StdioServerTransport {
  readonly closed = Promise.withResolvers<void>()

  constructor(input: Readable, output: Writable) {
    super(input, output, { maxBufferSize: messageLimit })
  }

  override async close(): Promise<void> {
    await super.close()
    this.closed.resolve()
  }
}

/** Bound to the era by what it inherits, it carries the requests of all callers instead of a single one. */
class SharedTransport extends PerRequestHTTPServerTransport {
  readonly #pending: PendingCalls

  constructor(pending: PendingCalls) {
    super({ classification })
    this.#pending = pending
  }

  override async send(message: JSONRPCMessage): Promise<void> {
    this.#pending.settle(message)
  }
}

/** The members of an object as a JSON text, without the braces. */
function writeMembers(members: object): string {
  return JSON.stringify(members).slice(1, -1)
}

const jsonSchemaValidator = new AjvJsonSchemaValidator()

/** The gateway checks the parameters itself, in the same words for both eras. */
const unchecked: StandardSchemaV1<unknown> = {
  '~standard': { version: 1, vendor: 'calgate', validate: (value) => ({ value }) },
}

function createServer(
  { tools, identity }: EraOptions,
  contextOf: (call: ServerContext) => CallContext,
  supportedProtocolVersions?: string[],
): Server {
  const { instructions, ...implementation } = identity
  const server = new Server(implementation, {
    capabilities: { tools: {} },
    instructions,
    jsonSchemaValidator,
    cacheHints: { 'tools/list': cacheHint, 'server/discover': cacheHint },
    ...(supportedProtocolVersions ? { supportedProtocolVersions } : {}),
  })
  for (const method of ['tools/list', 'tools/call'])
    server.setRequestHandler(method, { params: unchecked }, async (params, call) => {
      const { envelope, inputResponses, requestState } = call.mcpReq
      // A request of this era says what its client can do; one of an earlier era has said so on its connection.
      const capabilities = envelope
        ? asRecord(envelope)[CLIENT_CAPABILITIES_META_KEY]
        : server.getClientCapabilities()
      const elicitation = readElicitation(capabilities, inputResponses, requestState())
      return { ...(await answerToolRequest(tools, method, params, contextOf(call), elicitation)) }
    })
  return server
}
