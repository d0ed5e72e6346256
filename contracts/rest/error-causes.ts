import type { ErrorCode } from '../../src/errors/gateway-error.ts'
import { accessToken, findWeakKey, type Guard } from './access-rules.ts'
import { keyUnderWay, type Past, usedKey } from './prior-calls.ts'
import type { Fault } from './upstream-faults.ts'
import type { ValidRequest } from './valid-request.ts'

/** How to spoil a valid request, and before which upstream, so that the gateway responds with one error. */
export interface Cause {
  readonly upstream: 'mock' | 'dead' | Fault | Past | Guard
  readonly method?: string
  readonly url?: string
  /** An empty text takes a header away. */
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

const json = { 'content-type': 'application/json' }

/**
 * The errors of the gateway that a well-formed request of its own can cause, and how. Those that need a broken
 * TCP stream, or a broken gateway, are not here.
 */
const causes = {
  malformed_json: () => ({ upstream: 'mock', headers: json, body: '{"name":"Ada","name":"Bo"}' }),
  invalid_argument: ({ url }) => ({ upstream: 'mock', url: `${url}${url.includes('?') ? '&' : '?'}page=2` }),
  missing_credentials: () => ({ upstream: 'mock', headers: { 'x-cal-secret-key': '' } }),
  unauthenticated: () => ({ upstream: 'a guard' }),
  invalid_token: () => ({ upstream: 'a guard', headers: { authorization: 'Bearer contract-unknown-key' } }),
  insufficient_scope: ({ method }) => ({
    upstream: 'a guard',
    headers: { authorization: `Bearer ${findWeakKey(method)}` },
  }),
  value_not_served: () => ({ upstream: 'another client' }),
  deletion_disabled: () => ({ upstream: 'no deletions' }),
  issuer_unavailable: () => ({
    upstream: 'an issuer out of reach',
    headers: { authorization: `Bearer ${accessToken}` },
  }),
  state_unavailable: () => ({ upstream: 'a store out of reach' }),
  host_not_allowed: () => ({ upstream: 'mock', headers: { host: 'gateway.example.org' } }),
  origin_not_allowed: () => ({ upstream: 'mock', headers: { origin: 'https://page.example.org' } }),
  route_not_found: ({ url }) => ({ upstream: 'mock', url: url.replace(/(?=\?|$)/, '/unknown') }),
  method_not_allowed: () => ({ upstream: 'mock', method: 'PUT' }),
  body_too_large: () => ({
    upstream: 'mock',
    headers: json,
    body: JSON.stringify({ name: 'a'.repeat(102_400) }),
  }),
  uri_too_long: ({ url }) => ({ upstream: 'mock', url: url.replace(/cm\w+/, 'c'.repeat(3_000)) }),
  unsupported_media_type: () => ({
    upstream: 'mock',
    headers: { 'content-type': 'text/plain' },
    body: 'name=Ada',
  }),
  upstream_unreachable: () => ({ upstream: 'dead' }),
  upstream_connection_lost: () => ({ upstream: 'a cut response' }),
  upstream_invalid_response: () => ({ upstream: 'a response that is no JSON' }),
  upstream_timeout: () => ({ upstream: 'silence' }),
  upstream_unavailable: () => ({ upstream: 'many failures' }),
  upstream_rate_limited: () => ({ upstream: 'a refusal for now' }),
  rate_limited: () => ({ upstream: 'too many calls' }),
  overloaded: () => ({ upstream: 'more calls than places' }),
  // What takes no key has no call of that name under way either: the silent upstream responds to it in the end.
  idempotency_key_in_use: ({ method }) => ({
    upstream: method === 'POST' ? 'calls under way' : 'silence',
    headers: { 'idempotency-key': keyUnderWay },
  }),
  idempotency_key_reused: () => ({ upstream: 'other calls', headers: { 'idempotency-key': usedKey } }),
} as const satisfies Partial<Record<ErrorCode, (request: ValidRequest) => Cause>>

/** An error this contract knows how to cause. */
export type CausedCode = keyof typeof causes

/** All errors this contract knows how to cause. */
export const causedCodes = Object.keys(causes).filter(isCaused)

/** Returns whether `findCause` knows a code. */
export function isCaused(code: unknown): code is CausedCode {
  return typeof code === 'string' && Object.hasOwn(causes, code)
}

/** Says how to make the gateway respond to a valid request with the error of that code. */
export function findCause(code: CausedCode, request: ValidRequest): Cause {
  return causes[code](request)
}

/** Returns the request with a cause applied. */
export function spoil(request: ValidRequest, cause: Cause): ValidRequest {
  const headers = Object.entries({ ...request.headers, ...cause.headers }).filter(([, value]) => value !== '')
  return {
    method: cause.method ?? request.method,
    url: cause.url ?? request.url,
    headers: Object.fromEntries(headers),
    body: cause.body ?? request.body,
  }
}
