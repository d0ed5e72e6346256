import { isObject } from '../document/json.ts'
import { readTraceparent } from '../observability/requests.ts'
import type { ToolArguments } from './arguments.ts'
import { RpcError, rpcCodes } from './json-rpc.ts'

type JsonObject = Readonly<Record<string, unknown>>

/** Bounds on what a client sends at once; clients send far less. */
export const messageLimits = { depth: 64, elements: 2_000 } as const

/**
 * Returns a message without the details that no part of the server reads, and that clients of other revisions spell
 * in other ways: of a client its name and version count, of its capabilities `elicitation`. A wish to run as a task
 * is ignored, as a server without that capability must (MCP 2025-11-25, "Tasks").
 */
export function trimMessage(message: unknown): unknown {
  if (!isObject(message) || !isObject(message.params)) return message
  const { task: _, ...params } = message.params
  if (message.method === 'initialize' && !hasEnvelope(message))
    return { ...message, params: trimInitialize(params) }
  return {
    ...message,
    params: isObject(params._meta) ? { ...params, _meta: trimMeta(params._meta) } : params,
  }
}

/** Returns whether a message says of itself that it belongs to the stateless era, in which nothing is initialized. */
export function hasEnvelope({ params }: JsonObject): boolean {
  return (
    isObject(params) && isObject(params._meta) && 'io.modelcontextprotocol/protocolVersion' in params._meta
  )
}

function trimInitialize({ protocolVersion, capabilities, clientInfo }: JsonObject): JsonObject {
  const { name, version } = isObject(clientInfo) ? clientInfo : {}
  return { protocolVersion, capabilities: trimCapabilities(capabilities), clientInfo: { name, version } }
}

function trimMeta({ 'io.modelcontextprotocol/clientInfo': _, ...meta }: JsonObject): JsonObject {
  const name = 'io.modelcontextprotocol/clientCapabilities'
  return name in meta ? { ...meta, [name]: trimCapabilities(meta[name]) } : meta
}

function trimCapabilities(capabilities: unknown): unknown {
  if (!isObject(capabilities)) return capabilities ?? undefined
  return isObject(capabilities.elicitation) ? { elicitation: withoutNulls(capabilities.elicitation) } : {}
}

function withoutNulls(value: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== null))
}

/** What `tools/call` asks for. */
export interface ToolCallParams {
  readonly name: string
  readonly values: ToolArguments
  /** The trace that the client makes the call a part of, in `_meta` (MCP, "_meta"). */
  readonly traceparent?: string | undefined
}

/** Reads the parameters of `tools/call`. Throws an `RpcError` for those that name no tool or bring no arguments. */
export function readCallParams(params: unknown): ToolCallParams {
  const { name, arguments: values = {} } = isObject(params) ? params : {}
  if (typeof name !== 'string') throw new RpcError(rpcCodes.invalidParams, 'The call names no tool')
  if (!isObject(values)) throw new RpcError(rpcCodes.invalidParams, 'The arguments of a call are one object')
  return { name, values, traceparent: readMetaTraceparent(params) }
}

/** Reads the `traceparent` of a message's `_meta`; undefined for one that is not valid. */
export function readMetaTraceparent(params: unknown): string | undefined {
  const { _meta } = isObject(params) ? params : {}
  return isObject(_meta) ? readTraceparent(_meta.traceparent)?.traceparent : undefined
}

/** Reads the parameters of `tools/list`, of which there are none. Throws an `RpcError` for a cursor. */
export function readListParams(params: unknown): void {
  if (isObject(params) && params.cursor !== undefined)
    throw new RpcError(rpcCodes.invalidParams, 'Unknown cursor; the list has one page')
}
