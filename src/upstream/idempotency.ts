import { Readable } from 'node:stream'
import { decodeJson, isJsonType } from '../document/json.ts'
import type { Operation } from '../document/operations.ts'
import { type ErrorCode, GatewayError } from '../errors/gateway-error.ts'
import type { Fingerprint } from '../state/fingerprint.ts'
import type { Store } from '../state/store.ts'
import { currentCall, type Interceptor, type UpstreamRequest, type UpstreamResponse } from './call.ts'

/** Milliseconds for which a key is remembered. */
const memory = 600_000

/** A response as it is stored. */
export interface StoredResponse {
  readonly status: number
  readonly headers: UpstreamResponse['headers']
  /** Base64. */
  readonly body: string
}

/** What is remembered of a key: the call it belongs to and, once there is one, how that ended. */
export interface IdempotencyRecord {
  /** Fingerprint of the exact call. */
  readonly call: string
  readonly response?: StoredResponse
  readonly error?: {
    readonly code: ErrorCode
    readonly recovery?: string | undefined
    readonly detail?: string
  }
}

/**
 * Runs a call with an idempotency key (draft-ietf-httpapi-idempotency-key-header) at most once: the same call gets the
 * same response again, another call with that key is refused, and so is the same call while the first is running. What
 * had no effect for certain is forgotten.
 * Rejects with `idempotency_key_in_use`, `idempotency_key_reused`, or `overloaded` when a client has too many keys.
 */
export function idempotency(store: Store<IdempotencyRecord>, fingerprint: Fingerprint): Interceptor {
  return (send) => async (request) => {
    const { idempotencyKey, operation, principal, identify } = currentCall()
    if (idempotencyKey === undefined) return send(request)
    const identity = identify()
    const key = fingerprint.nameClient(identity, principal, operation.id, idempotencyKey)
    const call = fingerprint.nameCall({ ...requireWhole(request), principal })
    const owner = fingerprint.nameLimited(principal, identity)
    const record = { call }
    const known = await store.claim(key, record, memory, owner)
    if (known) return repeat(known, call)
    try {
      const response = await send(request)
      if (mayRepeat(response)) await store.delete(key, record)
      else await store.set(key, { call, response: encodeResponse(response) }, memory, bare(call, operation))
      return response
    } catch (error) {
      await recordError(store, key, record, error)
      throw error
    }
  }
}

/** What is left of a response where there is no room for it: the call is not sent again. */
function bare(call: string, { recovery }: Operation): IdempotencyRecord {
  const detail =
    'The call was sent once, and there was no room to keep its response. Read the state before repeating it.'
  return { call, error: { code: 'upstream_invalid_response', recovery, detail } }
}

/** Returns a request whose body names its call. Throws a `TypeError` on a stream, which such a call never has. */
export function requireWhole(
  request: UpstreamRequest,
): UpstreamRequest & { readonly body?: string | Uint8Array | null | undefined } {
  const { body, ...rest } = request
  if (body instanceof Readable) throw new TypeError('a call that may be sent again has a body that streams')
  return { ...rest, body }
}

/** A refusal had no effect that a repetition would double, and strangers could fill the memory with them. */
function mayRepeat({ status }: UpstreamResponse): boolean {
  return status >= 400 && status < 500
}

async function recordError(
  store: Store<IdempotencyRecord>,
  key: string,
  record: IdempotencyRecord,
  error: unknown,
): Promise<void> {
  const { code, recovery } = error instanceof GatewayError ? error : new GatewayError('internal_error')
  if (mayHaveEffect(error)) await store.set(key, { ...record, error: { code, recovery } }, memory)
  else await store.delete(key, record)
}

/** Returns whether a call may have had an effect that ended with an error. */
export function mayHaveEffect(error: unknown): boolean {
  return !(error instanceof GatewayError) || error.toProblem().outcome === 'unknown'
}

function repeat(known: IdempotencyRecord, call: string): UpstreamResponse {
  const { response, error } = known
  if (known.call !== call) throw new GatewayError('idempotency_key_reused')
  if (error) throw new GatewayError(error.code, error)
  if (!response) throw new GatewayError('idempotency_key_in_use', { headers: { 'retry-after': '1' } })
  return decodeResponse(response)
}

/** Writes a response as JSON has it. */
export function encodeResponse({ status, headers, body }: UpstreamResponse): StoredResponse {
  return { status, headers, body: body.toString('base64') }
}

/** Reads a response that was stored, with its JSON as it was when it came, which is parsed for who reads it. */
export function decodeResponse({ status, headers, body }: StoredResponse): UpstreamResponse {
  const bytes = Buffer.from(body, 'base64')
  const isJson = status < 400 && bytes.length > 0 && isJsonType(String(headers['content-type'] ?? ''))
  if (!isJson) return { status, headers, body: bytes }
  return {
    status,
    headers,
    body: bytes,
    get json() {
      const text = decodeJson(bytes)
      const value: unknown = JSON.parse(text)
      return { text, value }
    },
  }
}
