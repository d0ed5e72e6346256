import type { IncomingHttpHeaders } from 'node:http'
import type { PlainRequest } from './plain-request.ts'
import { writeResult } from './results.ts'
import type { CallContext, Tools } from './tools.ts'

/** One POST to the MCP endpoint, its body already parsed. */
export interface Post {
  readonly headers: IncomingHttpHeaders
  readonly body: unknown
  /** The body, if it is a request that no SDK has to interpret. */
  readonly plain: PlainRequest | undefined
  readonly context: CallContext
}

/** The HTTP answer to a POST; without a body it is an acknowledgement. */
export interface Reply {
  readonly status: number
  /** A JSON text. */
  readonly body?: string
}

/** Who answers, in the words of `initialize` and `server/discover`. */
export interface Identity {
  readonly name: string
  readonly title: string
  readonly version: string
  /** What a model should know before its first call. */
  readonly instructions: string
}

/** What an era needs to serve its half of the traffic. */
export interface EraOptions {
  readonly tools: Tools
  readonly identity: Identity
}

/** An error that reaches the caller as a JSON-RPC error; both SDKs read `code`. */
export class RpcError extends Error {
  override readonly name = 'RpcError'
  readonly code: number

  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

/** JSON-RPC's and MCP's error codes, as far as the gateway itself answers with them. */
export const rpcCodes = {
  parseError: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  /** Refused by the server before JSON-RPC began. */
  refused: -32000,
} as const

/** A reply that carries a JSON-RPC error; the id is null where no request can be told. */
export function refuse(
  status: number,
  code: number,
  message: string,
  id: unknown = null,
  data?: unknown,
): Reply {
  const error = data === undefined ? { code, message } : { code, message, data }
  return { status, body: JSON.stringify({ jsonrpc: '2.0', id, error }) }
}

/** Answers a request as both SDKs do: with a result, or with the error in its place. */
export async function respond(
  id: string | number,
  ask: () => object | Promise<object>,
  write: (result: object) => string = writeResult,
): Promise<Reply> {
  try {
    return {
      status: 200,
      body: `{"result":${write(await ask())},"jsonrpc":"2.0","id":${JSON.stringify(id)}}`,
    }
  } catch (error) {
    if (!(error instanceof RpcError)) throw error
    return refuse(200, error.code, error.message, id)
  }
}
