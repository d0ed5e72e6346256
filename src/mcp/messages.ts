import { isObject } from '../document/json.ts'

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
