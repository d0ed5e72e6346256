import type { IncomingHttpHeaders } from 'node:http'
import {
  CLIENT_CAPABILITIES_META_KEY,
  createMcpHandler,
  isInitializeRequest,
  isJSONRPCNotification,
  isJSONRPCRequest,
  isJSONRPCResponse,
  isLegacyRequest,
  type JSONRPCMessage,
  Server,
  type ServerCapabilities,
  type ServerContext,
  type StandardSchemaV1,
  SUPPORTED_PROTOCOL_VERSIONS,
  type Transport,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server'
import { type StdioServerHandle, serveStdio } from '@modelcontextprotocol/server/stdio'
import { AjvJsonSchemaValidator } from '@modelcontextprotocol/server/validators/ajv'
import { asRecord } from '../document/json.ts'
import { askPerson, type Elicitation, type Question, readElicitation } from './confirmation.ts'
import { type Reply, RpcError, readId, redactEcho, refuse, rpcCodes } from './json-rpc.ts'
import { hasEnvelope, readCallParams, readListParams, trimMessage } from './messages.ts'
import { cacheHint, initializeVersions, statelessVersion } from './revisions.ts'
import type { CallContext } from './tool-call.ts'
import { callTool, type Tools } from './tools.ts'

/** A JSON-RPC message that the SDK takes. */
export type Message = JSONRPCMessage

/** What the server says of itself in `initialize` and `server/discover`. */
export interface ServerIdentity {
  readonly name: string
  readonly title: string
  readonly version: string
  /** What a model should know before its first call. */
  readonly instructions: string
}

/** What is served: the tools, and who serves them. */
export interface ProtocolOptions {
  readonly tools: Tools
  readonly identity: ServerIdentity
}

const supported = [statelessVersion, ...SUPPORTED_PROTOCOL_VERSIONS]
const unsupportedVersion = `Unsupported protocol version; supported: ${supported.join(', ')}`

/** Reads one message of a client. Throws an `RpcError` for what is none, and for parameters that no tool takes. */
export function readMessage(value: unknown): Message {
  const message = trimMessage(value)
  if (isJSONRPCRequest(message)) {
    if (message.method === 'initialize' && !hasEnvelope(message) && !isInitializeRequest(message))
      throw new RpcError(rpcCodes.invalidParams, 'The parameters of initialize are not complete', 400)
    // The SDK would respond with the findings of its schema library.
    if (message.method === 'tools/call') readCallParams(message.params)
    if (message.method === 'tools/list') readListParams(message.params)
    return message
  }
  if (isJSONRPCNotification(message) || isJSONRPCResponse(message)) return message
  throw new RpcError(rpcCodes.invalidRequest, 'This is no valid JSON-RPC message', 400)
}

/** Responds to one message of a POST. */
export type Responder = (
  message: unknown,
  headers: IncomingHttpHeaders,
  context: CallContext,
) => Promise<Reply>

/**
 * Creates the SDK path: each message has an SDK server of its own, as the SDK wants it without sessions. There is no
 * stream to send anything on, so that responses are JSON texts in both eras.
 */
export function createSdkPath(options: ProtocolOptions): Responder {
  const respond = async (message: Message, headers: IncomingHttpHeaders, context: CallContext) => {
    const request = toWebRequest(headers)
    const method = 'method' in message ? message.method : undefined
    if (await isLegacyRequest(request, message)) {
      if (method !== 'initialize' && !initializeVersions.has(headers['mcp-protocol-version']))
        throw new RpcError(rpcCodes.refused, unsupportedVersion, 400)
      const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true })
      const server = createServer(options, () => context)
      await server.connect(transport)
      const response = await transport.handleRequest(request, { parsedBody: message })
      await server.close()
      return readReply(response, context)
    }
    // Without a stream nobody can be told of a reload: a client lists the tools again when its list is too old.
    if (method === 'subscriptions/listen')
      throw new RpcError(rpcCodes.methodNotFound, 'Method not found', 404)
    const handler = createMcpHandler(() => createServer(options, () => context), { legacy: 'reject' })
    return readReply(await handler.fetch(request, { parsedBody: message }), context)
  }
  return async (value, headers, context) => {
    try {
      return await respond(readMessage(value), headers, context)
    } catch (error) {
      return refuse(error, readId(value))
    }
  }
}

/** A connection that carries one client. */
export interface Connection extends StdioServerHandle {
  /** Tells the client that the list of tools has changed: at once in the earlier era, if it listens in the stateless one. */
  announceTools(): Promise<void>
}

/** Connects the tools to a transport that carries one client, in the era that its first message chooses. */
export function connectTransport(
  options: ProtocolOptions,
  context: CallContext,
  transport: Transport,
): Connection {
  let server: Server | undefined
  const factory = () => {
    server = createServer(options, ({ mcpReq }) => ({ ...context, signal: mcpReq.signal }), {
      listChanged: true,
    })
    return server
  }
  const handle = serveStdio(factory, { transport })
  return {
    close: () => handle.close(),
    async announceTools() {
      if (server?.transport) await server.sendToolListChanged()
    },
  }
}

/** Our own parts of a request are checked already, and the SDK's checks want to see their headers. */
function toWebRequest(headers: IncomingHttpHeaders): Request {
  const web = new Headers({
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
  })
  for (const [name, value] of Object.entries(headers))
    if (name.startsWith('mcp-') && typeof value === 'string') web.set(name, value)
  return new Request('http://localhost/mcp', { method: 'POST', headers: web })
}

async function readReply(response: Response, context: CallContext): Promise<Reply> {
  const body = await response.text()
  return {
    status: response.status,
    body: response.ok ? body : JSON.stringify(redactEcho(asRecord(JSON.parse(body)), context)),
  }
}

/** Milliseconds for a person to reply to a question. */
const longestReply = 10 * 60_000

const jsonSchemaValidator = new AjvJsonSchemaValidator()

function createServer(
  { tools, identity }: ProtocolOptions,
  contextOf: (call: ServerContext) => CallContext,
  toolCapabilities: ServerCapabilities['tools'] = {},
): Server {
  const { instructions, ...implementation } = identity
  const server = new Server(implementation, {
    capabilities: { tools: toolCapabilities },
    instructions,
    jsonSchemaValidator,
    cacheHints: { 'tools/list': cacheHint, 'server/discover': cacheHint },
  })
  server.setRequestHandler('tools/list', { params: toSchema(readListParams) }, (_, call) => ({
    tools: tools.list(contextOf(call)),
  }))
  server.setRequestHandler('tools/call', { params: toSchema(readCallParams) }, async (params, call) => {
    const { envelope, inputResponses, requestState, id, signal } = call.mcpReq
    // A request of the stateless era says what its client can do; an earlier client has said so on its connection.
    const capabilities = envelope
      ? asRecord(envelope)[CLIENT_CAPABILITIES_META_KEY]
      : server.getClientCapabilities()
    const context = contextOf(call)
    const answer = (elicitation?: Elicitation) => callTool(tools, params, context, elicitation)
    const send = (question: Question['inputRequests']['confirm']) =>
      server.request(question, { relatedRequestId: id, timeout: longestReply, signal })
    let result = await answer(readElicitation(capabilities, inputResponses, requestState()))
    while (!envelope && 'inputRequests' in result)
      result = await answer(await askPerson(result, send, signal))
    return { ...result }
  })
  return server
}

function toSchema<Value>(read: (params: unknown) => Value): StandardSchemaV1<unknown, Value> {
  return {
    '~standard': { version: 1, vendor: 'calgate', validate: (params) => ({ value: read(params) }) },
  }
}
