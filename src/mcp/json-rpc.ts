import { isObject } from '../document/json.ts'
import type { GatewayError } from '../errors/gateway-error.ts'
import { toGatewayError } from '../http/problem-response.ts'
import { redactText } from '../upstream/redaction.ts'
import { spellSecrets } from '../upstream/secret-spellings.ts'
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

/** Writes an error as the response to the message of an id, a JSON text; the id is null where no message can be told. */
export function writeError({ code, message, known }: RpcError, id: string | number | null): string {
  const error = known ? { code, message, data: known.toProblem() } : { code, message }
  return JSON.stringify({ jsonrpc: '2.0', id, error })
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
  const spellings = spellSecrets(listSecrets())
  const error: unknown = JSON.parse(JSON.stringify(response.error), (_, value: unknown) =>
    typeof value === 'string' ? redactText(value, spellings) : value,
  )
  return { ...response, error }
}

/** Refuses a message that came by HTTP. */
export function refuse(error: unknown, id: string | number | null): Reply {
  const known = toRpcError(error)
  return { status: known.status, body: writeError(known, id) }
}

/** Returns the id of a request as it stands there, to be repeated in a refusal; null where it has none. */
export function readId(message: unknown): string | number | null {
  const { id, method } = isObject(message) ? message : {}
  return typeof method === 'string' && (typeof id === 'string' || typeof id === 'number') ? id : null
}
