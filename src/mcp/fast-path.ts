import type { IncomingHttpHeaders } from 'node:http'
import { isObject } from '../document/json.ts'
import { readElicitation } from './confirmation.ts'
import { type Reply, refuse } from './json-rpc.ts'
import { readMetaTraceparent } from './messages.ts'
import type { ProtocolOptions } from './protocol.ts'
import { cacheHint, initializeVersions, statelessVersion } from './revisions.ts'
import type { CallContext } from './tool-call.ts'
import { callTool } from './tools.ts'

type JsonObject = Readonly<Record<string, unknown>>

/** A `tools/list` or `tools/call` in which there is nothing that an SDK would have to interpret. */
interface FastRequest {
  readonly id: string | number
  readonly name: string | undefined
  readonly values: JsonObject
  readonly traceparent: string | undefined
  /** What a client of the stateless era can do; undefined for one of the initialize era. */
  readonly capabilities?: JsonObject
}

/** Responds to one message of a POST at once; undefined where the message is one for the SDK. */
export type FastPath = (
  message: unknown,
  headers: IncomingHttpHeaders,
  context: CallContext,
) => Promise<Reply> | undefined

/**
 * Creates the fast path for `tools/list` and `tools/call`, most of what clients send. It costs two fifths of the SDK
 * path and writes the very same bytes. Whatever is unusual about a message, it leaves to the SDK.
 */
export function createFastPath({ tools, identity }: ProtocolOptions): FastPath {
  const { instructions: _, ...serverInfo } = identity
  const _meta = { 'io.modelcontextprotocol/serverInfo': serverInfo }
  // What the SDK adds to results of the stateless era.
  const additions = { resultType: 'complete', _meta }
  const additionsToList = { resultType: 'complete', ...cacheHint, _meta }
  const respond = async (
    { id, name, values, traceparent, capabilities }: FastRequest,
    context: CallContext,
  ) => {
    const isStateless = capabilities !== undefined
    try {
      if (name === undefined) {
        const list = { tools: tools.list(context) }
        return write(id, isStateless ? { ...list, ...additionsToList } : list)
      }
      const elicitation = isStateless ? readElicitation(capabilities) : undefined
      const result = await callTool(tools, { name, values, traceparent }, context, elicitation)
      if (!isStateless) return write(id, result)
      return write(id, { ...result, ...('resultType' in result ? { _meta } : additions) })
    } catch (error) {
      return refuse(error, id)
    }
  }
  return (message, headers, context) => {
    const request = readFastRequest(message, headers)
    return request && respond(request, context)
  }
}

function write(id: string | number, result: object): Reply {
  return { status: 200, body: JSON.stringify({ result, jsonrpc: '2.0', id }) }
}

const members = new Set(['jsonrpc', 'id', 'method', 'params'])
const parameters = {
  'tools/call': new Set(['name', 'arguments', '_meta']),
  'tools/list': new Set(['_meta']),
}
/** Members of `_meta` that the SDK reads, and that the fast path reads as it does. */
const envelope = new Set([
  'io.modelcontextprotocol/protocolVersion',
  'io.modelcontextprotocol/clientInfo',
  'io.modelcontextprotocol/clientCapabilities',
])
const noEnvelope = new Set<string>()

function readFastRequest(message: unknown, headers: IncomingHttpHeaders): FastRequest | undefined {
  if (!isObject(message) || !hasOnly(message, members)) return undefined
  const { jsonrpc, id, method, params = {} } = message
  if (jsonrpc !== '2.0' || (typeof id !== 'string' && !isInteger(id))) return undefined
  if (method !== 'tools/call' && method !== 'tools/list') return undefined
  if (!isObject(params) || !hasOnly(params, parameters[method])) return undefined
  const { name, arguments: values = {}, _meta } = params
  if (!isObject(values) || (method === 'tools/call') !== (typeof name === 'string')) return undefined
  const traceparent = _meta === undefined ? undefined : readMetaTraceparent(params)
  const request = { id, name: typeof name === 'string' ? name : undefined, values, traceparent }
  if (initializeVersions.has(headers['mcp-protocol-version']))
    return _meta === undefined || isPlain(_meta, noEnvelope) ? request : undefined
  const capabilities = readCapabilities(_meta)
  const isTold = headers['mcp-protocol-version'] === statelessVersion && headers['mcp-method'] === method
  const isNamed = name === undefined || headers['mcp-name'] === name
  return capabilities && isTold && isNamed ? { ...request, capabilities } : undefined
}

function isInteger(id: unknown): id is number {
  return Number.isSafeInteger(id)
}

function hasOnly(value: object, names: ReadonlySet<string>): boolean {
  for (const name in value) if (!names.has(name)) return false
  return true
}

/**
 * Returns whether `_meta` has only members of clients' own, a token for progress, which is never reported, and those
 * named.
 */
function isPlain(meta: unknown, names: ReadonlySet<string>): meta is JsonObject {
  if (!isObject(meta)) return false
  for (const name in meta) if (name.startsWith('io.modelcontextprotocol/') && !names.has(name)) return false
  const { progressToken } = meta
  return progressToken === undefined || typeof progressToken === 'string' || isInteger(progressToken)
}

/** Reads the capabilities of an envelope that the SDK would take, whatever its client's name is. */
function readCapabilities(meta: unknown): JsonObject | undefined {
  if (!isPlain(meta, envelope)) return undefined
  if (meta['io.modelcontextprotocol/protocolVersion'] !== statelessVersion) return undefined
  const capabilities = meta['io.modelcontextprotocol/clientCapabilities']
  if (!isObject(capabilities)) return undefined
  const { elicitation = {} } = capabilities
  return isObject(elicitation) && Object.values(elicitation).every(isObject) ? capabilities : undefined
}
