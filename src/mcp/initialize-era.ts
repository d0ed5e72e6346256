import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import {
  isInitializeRequest,
  type JSONRPCMessage,
  type JSONRPCRequest,
  type Result,
  SUPPORTED_PROTOCOL_VERSIONS,
} from '@modelcontextprotocol/sdk/types.js'
import { type EraOptions, type Post, type Reply, RpcError, refuse, respond, rpcCodes } from './era.ts'
import { PendingCalls, type RpcResponse } from './pending-calls.ts'
import type { PlainRequest } from './plain-request.ts'
import { answerToolRequest } from './tool-requests.ts'

/** Batches came with JSON-RPC and went with 2025-06-18; no more messages than this in one. */
const lastVersionWithBatches = '2025-03-26'
const longestBatch = 100

/** The protocol revisions that begin with `initialize`: 2024-11-05 … 2025-11-25. */
export interface InitializeEra {
  /** The body must be valid JSON-RPC, one message or a batch: whoever tells the eras apart has seen to it. */
  answer(post: Post): Promise<Reply>
}

/**
 * Serves the era without sessions from one long-lived SDK server: callers share it through a transport that
 * tells their requests apart by ids of its own. A server for each request costs five to ten times as much. What is
 * plainly a request for the tools is answered past it, since all that it would do is pass the request on.
 */
export async function createInitializeEra({ tools, identity }: EraOptions): Promise<InitializeEra> {
  const { instructions, ...implementation } = identity
  const pending = new PendingCalls()
  const transport = new SharedTransport(pending)
  const server = new Server(implementation, { capabilities: { tools: {} }, instructions })
  // Below the SDK's own schemas, which would answer a malformed call with their raw findings.
  server.fallbackRequestHandler = async ({ method, params }, { requestId }): Promise<Result> => {
    return { ...(await answerToolRequest(tools, method, params, pending.contextOf(requestId))) }
  }
  await server.connect(transport)
  const ask = (request: JSONRPCRequest, { context }: Post) =>
    pending.open(withoutTask(request), context, (own) => transport.onmessage?.(own))
  const askPlainly = ({ id, method, params }: PlainRequest, { context }: Post) =>
    respond(id, () => answerToolRequest(tools, method, params, context))
  return {
    answer(post) {
      const { plain } = post
      const isPlain = plain && !('_meta' in plain.params) && isServed(post)
      return isPlain ? askPlainly(plain, post) : answer(post, ask)
    },
  }
}

class SharedTransport implements Transport {
  onmessage?: Transport['onmessage']
  readonly #pending: PendingCalls

  constructor(pending: PendingCalls) {
    this.#pending = pending
  }

  async start(): Promise<void> {}

  async send(message: JSONRPCMessage): Promise<void> {
    this.#pending.settle(message)
  }

  async close(): Promise<void> {}
}

type Ask = (request: JSONRPCRequest, post: Post) => Promise<RpcResponse>

/**
 * Notifications and responses are accepted and dropped: there is no session they could belong to, so that a
 * `notifications/cancelled` could only hit another caller's request.
 */
async function answer(post: Post, ask: Ask): Promise<Reply> {
  const { body } = post
  const messages: unknown[] = Array.isArray(body) ? body : [body]
  const requests = messages.filter(isRequest)
  const fault = findFault(post, messages)
  if (fault !== undefined)
    return refuse(400, fault.code, fault.message, Array.isArray(body) ? null : requests[0]?.id)
  if (requests.length === 0) return { status: 202 }
  const responses = await Promise.all(requests.map((request) => ask(request, post)))
  return { status: 200, body: JSON.stringify(Array.isArray(body) ? responses : responses[0]) }
}

/** True when a request names a revision of this era, or none. */
function isServed({ headers }: Post): boolean {
  const version = headers['mcp-protocol-version']
  return version === undefined || SUPPORTED_PROTOCOL_VERSIONS.includes(String(version))
}

function findFault(post: Post, messages: readonly unknown[]): RpcError | undefined {
  const { headers, body } = post
  const version = headers['mcp-protocol-version']
  const initializes = messages.some((message) => Object(message).method === 'initialize')
  if (!initializes && !isServed(post))
    return new RpcError(
      rpcCodes.refused,
      `Unsupported protocol version; supported: ${SUPPORTED_PROTOCOL_VERSIONS.join(', ')}`,
    )
  if (!Array.isArray(body))
    return initializes && !isInitializeRequest(body)
      ? new RpcError(rpcCodes.invalidParams, 'The parameters of initialize are not complete')
      : undefined
  if (initializes) return new RpcError(rpcCodes.invalidRequest, 'An initialize request stands alone')
  if (String(version ?? lastVersionWithBatches) > lastVersionWithBatches)
    return new RpcError(
      rpcCodes.invalidRequest,
      `Batches ended with protocol version ${lastVersionWithBatches}`,
    )
  if (messages.length > longestBatch)
    return new RpcError(rpcCodes.invalidRequest, `A batch holds at most ${longestBatch} messages`)
  return undefined
}

/** Tells a request from the other valid messages. */
function isRequest(message: unknown): message is JSONRPCRequest {
  return typeof message === 'object' && message !== null && 'id' in message && 'method' in message
}

/** A server without the tasks capability ignores a request to run as a task (2025-11-25, "Tasks"); the SDK fails on it. */
function withoutTask(request: JSONRPCRequest): JSONRPCRequest {
  if (request.params?.task === undefined) return request
  const { task: _, ...params } = request.params
  return { ...request, params }
}
