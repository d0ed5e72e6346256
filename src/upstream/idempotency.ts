import { type ErrorCode, GatewayError } from '../errors/gateway-error.ts'
import type { Store } from '../state/store.ts'
import type { ResponseCallback } from './dispatcher.ts'
import type { UpstreamResponse } from './response-collector.ts'

/** The header by which a caller names a call (draft-ietf-httpapi-idempotency-key-header), in lower case. */
export const idempotencyHeader = 'idempotency-key'

/** Milliseconds for which a key is remembered. */
const memory = 600_000

/** What is remembered of a key: the call it belongs to and, once there is one, how that ended. */
export interface IdempotencyRecord {
  /** Fingerprint of the exact call. */
  readonly call: string
  readonly answer?: {
    readonly status: number
    readonly headers: UpstreamResponse['headers']
    /** Base64. */
    readonly body: string
  }
  readonly error?: { readonly code: ErrorCode; readonly recovery?: string | undefined }
}

/** A call with an idempotency key. */
export interface KeyedCall {
  /** Fingerprint of caller, operation and key. */
  readonly key: string
  /** Fingerprint of the exact call. */
  readonly call: string
}

/**
 * Runs a call at most once a key: the same call gets the same answer again, another call with that key is
 * refused, and so is the same call while the first is under way. What had no effect for certain is forgotten.
 */
export class IdempotencyKeys {
  readonly #store: Store<IdempotencyRecord>

  constructor(store: Store<IdempotencyRecord>) {
    this.#store = store
  }

  /** Answers the call by its record, or starts it and records how it ends. */
  async run(
    keyed: KeyedCall,
    start: (done: ResponseCallback) => unknown,
    done: ResponseCallback,
  ): Promise<void> {
    const held = await this.#store.claim(keyed.key, { call: keyed.call }, memory)
    if (held) replay(held, keyed, done)
    else
      start((error, answer) => {
        const finish = () => done(error, answer)
        this.#record(keyed, error, answer).then(finish, finish)
      })
  }

  async #record(
    { key, call }: KeyedCall,
    error: GatewayError | null,
    answer?: UpstreamResponse,
  ): Promise<void> {
    // A refusal had no effect that a repetition would double, and strangers could fill the memory with them.
    if (answer && (answer.status < 400 || answer.status >= 500)) {
      const { status, headers, body } = answer
      return this.#store.set(
        key,
        { call, answer: { status, headers, body: body.toString('base64') } },
        memory,
      )
    }
    if (error?.toProblem().outcome !== 'unknown') return this.#store.delete(key)
    return this.#store.set(key, { call, error: { code: error.code, recovery: error.recovery } }, memory)
  }
}

function replay(held: IdempotencyRecord, { call }: KeyedCall, done: ResponseCallback): void {
  const { answer, error } = held
  if (held.call !== call) done(new GatewayError('idempotency_key_reused'))
  else if (error) done(new GatewayError(error.code, { recovery: error.recovery }))
  else if (answer) done(null, { ...answer, body: Buffer.from(answer.body, 'base64') })
  else done(new GatewayError('idempotency_key_in_use', { headers: { 'retry-after': '1' } }))
}
