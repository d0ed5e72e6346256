import { isObject } from '../document/json.ts'
import type { GatewayError } from '../errors/gateway-error.ts'
import { toGatewayError } from '../http/problem-response.ts'
import { redactText } from '../upstream/redaction.ts'
import { SecretSearch } from '../upstream/secret-search.ts'
import type { CallContext } from './tool-call.ts'

/** The error codes of JSON-RPC 2.0 and MCP that the gateway itself responds with. */
export const rpcCodes = {
  parseError: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  /** Refused by the server before JSON-RPC began. */
  refused: -32000,
} as const

/** An error that reaches the client as a JSON-RPC error. The SDK reads `code` and `message`. */
export class RpcError extends Error {
  override readonly name = 'RpcError'
  readonly code: number
  /** Status of the HTTP response. */
  readonly status: number
  /** The error of the gateway that it stands for. */
  readonly known: GatewayError | undefined

  constructor(code: number, message: string, status = 200, known?: GatewayError) {
    super(message)
    this.code = code
    this.status = status
    this.known = known
  }
}

/** Returns an error as a JSON-RPC error. What nobody foresaw becomes an `internal_error`. */
export function toRpcError(error: unknown): RpcError {
  if (error instanceof RpcError) return error
  const known = toGatewayError(error)
  const code = known.code === 'malformed_json' ? rpcCodes.parseError : rpcCodes.refused
  return new RpcError(code, known.message, known.status, known)
}

/** The HTTP response to a POST. Without a body it acknowledges notifications. */
export interface Reply {
  readonly status: number
  /** A JSON text. */
  readonly body?: string
}

/** The id of a request: a text, a number, or raw JSON for one with more digits than JavaScript keeps; null for none. */
export type Id = string | number | object | null

/** Writes an error as the response to a request, or to each of a batch, by their ids: a JSON text. */
export function writeError({ code, message, known }: RpcError, id: Id | readonly Id[]): string {
  const data = known?.toHeaderlessProblem()
  const error = data ? { code, message: data.detail, data } : { code, message }
  const respond = (one: unknown) => ({ jsonrpc: '2.0', id: one, error })
  return JSON.stringify(Array.isArray(id) ? id.map(respond) : respond(id))
}

/**
 * Returns a response without the secrets, tokens and e-mail addresses that its error repeats: the SDK's errors name the
 * headers and members that a client chose. The id stays.
 */
export function redactEcho<Response extends object>(
  response: Response,
  { listSecrets }: Pick<CallContext, 'listSecrets'>,
): Response {
  if (!('error' in response)) return response
  const search = new SecretSearch(listSecrets())
  const error: unknown = JSON.parse(JSON.stringify(response.error), (_, value: unknown) =>
    typeof value === 'string' ? redactText(value, search) : value,
  )
  return { ...response, error }
}

/** Refuses a message that came by HTTP. */
export function refuse(error: unknown, id: Id | readonly Id[]): Reply {
  const known = toRpcError(error)
  return { status: known.status, body: writeError(known, id) }
}

/** Returns the id of a request as it stands there, to be repeated in a refusal; null where it has none. */
export function readId(message: unknown): Id {
  const { id, method } = isObject(message) ? message : {}
  if (typeof method !== 'string') return null
  return typeof id === 'string' || typeof id === 'number' || JSON.isRawJSON(id) ? id : null
}
