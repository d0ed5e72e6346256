import { type CallContext, nobody } from './tools.ts'

/** A JSON-RPC request as far as it must be known to hand it on. */
export interface RpcRequest {
  readonly jsonrpc: '2.0'
  readonly id: string | number
  readonly method: string
  readonly params?: Readonly<Record<string, unknown>> | undefined
}

/** A JSON-RPC response, whatever it holds. */
export interface RpcResponse {
  readonly jsonrpc: '2.0'
  readonly id?: string | number | undefined
  readonly result?: unknown
  readonly error?: unknown
}

interface PendingCall {
  readonly id: string | number
  readonly context: CallContext
  readonly settle: (response: RpcResponse) => void
}

/**
 * The calls under way on one long-lived SDK server that many HTTP requests share. Each gets an id of its own,
 * because callers choose theirs without knowing each other; the response gets the caller's id back.
 */
export class PendingCalls {
  readonly #calls = new Map<string | number, PendingCall>()
  #last = 0

  /** Hands a request on under its own id and resolves with the response that `settle` receives for it. */
  open<T extends RpcRequest>(
    request: T,
    context: CallContext,
    deliver: (own: T) => void,
  ): Promise<RpcResponse> {
    this.#last += 1
    const own = this.#last
    return new Promise((settle) => {
      this.#calls.set(own, { id: request.id, context, settle })
      deliver({ ...request, id: own })
    })
  }

  /** What the call under this own id came with. */
  contextOf(own: string | number): CallContext {
    return this.#calls.get(own)?.context ?? nobody
  }

  /** Settles the call that a message of the server answers; anything else it sends has no receiver. */
  settle(message: RpcResponse | { readonly method: string }): void {
    if ('method' in message || message.id === undefined) return
    const { id: own } = message
    const call = this.#calls.get(own)
    this.#calls.delete(own)
    call?.settle({ ...message, id: call.id })
  }
}
