import { isObject } from '../document/json.ts'

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
