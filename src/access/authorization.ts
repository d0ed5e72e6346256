import { ConfigError } from '../config/config.ts'
import type { GatewayKey } from '../config/gateway-keys.ts'
import type { Operation } from '../document/operations.ts'
import { GatewayError } from '../errors/gateway-error.ts'

/** Who a client is, and what it may do here. */
export interface Grant {
  /** Name of a key, or issuer and subject of an access token; empty where nobody is asked. */
  readonly caller: string
  /** The scopes it has; all there are where nobody is asked. */
  readonly scopes: ReadonlySet<string> | 'all'
  /** Where the client learns how to get a token with other scopes; undefined for what is no access token. */
  readonly metadataUrl?: string | undefined
}

/** What everybody may do who reaches a gateway without inbound authentication. */
export const openGrant: Grant = { caller: '', scopes: 'all' }

/** What nobody in particular may do: nothing. */
export const noGrant: Grant = { caller: '', scopes: new Set() }

/** Returns whether a grant covers an operation. One that names no scope is covered by no list of scopes. */
export function covers({ scopes }: Grant, { scope }: Operation): boolean {
  return scopes === 'all' || (scope !== undefined && scopes.has(scope))
}

/**
 * Makes the refusal of an operation that a grant does not cover; its challenge names the scope where there is one
 * (RFC 6750 §3.1), and to a token where to get it (RFC 9728 §5.1).
 */
function refuseScope({ scope }: Operation, { metadataUrl }: Grant): GatewayError {
  const challenge = 'Bearer error="insufficient_scope"'
  if (scope === undefined) {
    const detail = 'No client with a list of scopes may call this: the operation has no scope.'
    return new GatewayError('insufficient_scope', { detail, headers: { 'www-authenticate': challenge } })
  }
  const source = metadataUrl === undefined ? [] : [`resource_metadata="${metadataUrl}"`]
  return new GatewayError('insufficient_scope', {
    detail: `This call takes the scope ${scope}, which this client has not been given.`,
    headers: { 'www-authenticate': [challenge, `scope="${scope}"`, ...source].join(', ') },
  })
}

/** Returns whether a refusal tells a client where to get an access token that would be enough. */
export function asksForToken({ code, headers }: GatewayError): boolean {
  return code === 'insufficient_scope' && headers['www-authenticate']?.includes('resource_metadata=') === true
}

/** Lists the scopes that the operations name, in their order, each once. */
export function listScopes(operations: readonly Operation[]): string[] {
  return [...new Set(operations.flatMap(({ scope }) => scope ?? []))]
}

/** Makes sure that no key has a scope that lets nobody in anywhere. Throws a `ConfigError` that names the key. */
export function checkScopes(keys: readonly GatewayKey[], known: readonly string[]): void {
  const listed =
    known.length === 0
      ? 'no operation that is served has one, which an overlay gives it by x-scope'
      : `there are ${known.join(', ')}`
  const problems = keys.flatMap(({ name, scopes }) =>
    scopes
      .filter((scope) => !known.includes(scope))
      .map((scope) => `GATEWAY_KEYS_FILE: the key ${name} has the scope ${scope}; ${listed}`),
  )
  if (problems.length > 0) throw new ConfigError(problems)
}

/** What the operator allows no client to do. */
export interface Policy {
  readonly allowDelete: boolean
}

/** Returns the refusal of an operation that nobody may call here; undefined when somebody may. */
export function findBan({ method }: Operation, { allowDelete }: Policy): GatewayError | undefined {
  return method === 'DELETE' && !allowDelete ? new GatewayError('deletion_disabled') : undefined
}

/** Returns the refusal of an operation that a client may not call; undefined when it may. */
export function findRefusal(operation: Operation, policy: Policy, grant: Grant): GatewayError | undefined {
  return findBan(operation, policy) ?? (covers(grant, operation) ? undefined : refuseScope(operation, grant))
}
