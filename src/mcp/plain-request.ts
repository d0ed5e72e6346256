import { isObject } from '../contract/json.ts'
import { type Reply, RpcError, refuse } from './era.ts'

/** A request for a tool or for the list of tools with nothing beside it that an SDK would have to interpret. */
export interface PlainRequest {
  readonly id: string | number
  readonly method: 'tools/call' | 'tools/list'
  readonly params: Readonly<Record<string, unknown>>
}

const members = new Set(['jsonrpc', 'id', 'method', 'params'])
const parameters = new Set(['name', 'arguments', 'cursor', '_meta'])

/**
 * Reads a message as a plain request. Undefined for every other message, however valid: an SDK has been told all that
 * there is to know about those.
 */
export function readPlainRequest(message: unknown): PlainRequest | undefined {
  if (!isObject(message) || !hasOnly(message, members)) return undefined
  const { jsonrpc, id, method, params = {} } = message
  if (jsonrpc !== '2.0' || (typeof id !== 'string' && !Number.isSafeInteger(id))) return undefined
  if (method !== 'tools/call' && method !== 'tools/list') return undefined
  if (!isObject(params) || !hasOnly(params, parameters)) return undefined
  return { id: typeof id === 'string' ? id : Number(id), method, params }
}

function hasOnly(value: object, names: ReadonlySet<string>): boolean {
  for (const name in value) if (!names.has(name)) return false
  return true
}

/** Answers a request as both SDKs do: with a result, or with the error in its place. */
export async function respond(
  id: PlainRequest['id'],
  ask: () => object | Promise<object>,
  complete: (result: object) => object = (result) => result,
): Promise<Reply> {
  try {
    return { status: 200, body: JSON.stringify({ result: complete(await ask()), jsonrpc: '2.0', id }) }
  } catch (error) {
    if (!(error instanceof RpcError)) throw error
    return refuse(200, error.code, error.message, id)
  }
}
