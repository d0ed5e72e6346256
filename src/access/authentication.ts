import { timingSafeEqual } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { FastifyInstance } from 'fastify'
import type { Config, OAuthConfig } from '../config/config.ts'
import { type GatewayKey, hashKey } from '../config/gateway-keys.ts'
import type { Operation } from '../document/operations.ts'
import { type ErrorCode, GatewayError } from '../errors/gateway-error.ts'
import type { AccessTokenOptions, TokenVerifier } from './access-tokens.ts'
import { checkScopes, type Grant, listScopes } from './authorization.ts'
import { locateMetadata, registerResourceMetadata } from './resource-metadata.ts'

/**
 * Finds what the sender of an `Authorization` header may do. Throws or rejects with `unauthenticated`,
 * `invalid_token` or `issuer_unavailable`; the first two carry a challenge (RFC 6750 §3).
 */
export type Authenticator = (authorization: string | undefined) => Grant | Promise<Grant>

/** How access tokens are taken. */
interface TokenAccess {
  readonly verify: TokenVerifier
  /** Where a client learns how to get one (RFC 9728 §5.1). */
  readonly metadataUrl: string
  /** The scopes to ask the issuer for (RFC 6750 §3). */
  readonly scopes: readonly string[]
}

const bearer = /^bearer +([\x21-\x7e]+) *$/i

/** Asks every client for a key or an access token, as far as these are taken. */
function createAuthenticator(
  keys: readonly GatewayKey[] | undefined,
  tokens: TokenAccess | undefined,
): Authenticator {
  const known = keys?.map(({ name, hash, scopes }) => ({
    hash,
    grant: { caller: name, scopes: new Set(scopes) },
  }))
  const source = tokens
    ? [`resource_metadata="${tokens.metadataUrl}"`, `scope="${tokens.scopes.join(' ')}"`]
    : []
  const refuse = (code: ErrorCode, error: readonly string[], cause?: unknown) => {
    const challenge = `Bearer ${[...error, ...source].join(', ')}`.trim()
    return new GatewayError(code, { headers: { 'www-authenticate': challenge }, cause })
  }
  const refuseToken = (cause: unknown) => {
    if (cause instanceof GatewayError && cause.code !== 'invalid_token') return cause
    return refuse('invalid_token', ['error="invalid_token"'], cause)
  }
  return (authorization) => {
    const credential = bearer.exec(authorization ?? '')?.[1]
    if (credential === undefined) throw refuse('unauthenticated', [])
    const key = known && findKey(known, credential)
    if (key) return key.grant
    if (!tokens) throw refuseToken(undefined)
    return tokens.verify(credential).then(
      (grant) => ({ ...grant, metadataUrl: tokens.metadataUrl }),
      (cause: unknown) => {
        throw refuseToken(cause)
      },
    )
  }
}

/** Compares with every key in the same time, so that nobody learns how much of a guess is right. */
function findKey<Key extends { readonly hash: Buffer }>(keys: readonly Key[], key: string): Key | undefined {
  const hash = hashKey(key)
  return keys.filter((one) => timingSafeEqual(one.hash, hash))[0]
}

/** How the keys of access tokens are fetched, where it is not as usual. */
export type IssuerKeys = Pick<AccessTokenOptions, 'fetch' | 'now' | 'cooldown'>

/** Loads what verifies the access tokens of an issuer. */
export type VerifierLoader = (oauth: OAuthConfig) => Promise<TokenVerifier>

/**
 * Creates the loader of a gateway. The keys that were fetched are kept as long as the same is loaded: the issuer may be
 * down when a gateway is composed anew.
 */
export function createVerifierLoader(issuerKeys: IssuerKeys = {}): VerifierLoader {
  let latest: { readonly oauth: OAuthConfig; readonly verify: TokenVerifier } | undefined
  return async (oauth) => {
    const { createTokenVerifier } = await import('./access-tokens.ts')
    if (!latest || !isDeepStrictEqual(oauth, latest.oauth))
      latest = { oauth, verify: createTokenVerifier({ ...oauth, ...issuerKeys }) }
    return latest.verify
  }
}

/** Authenticates the clients of both servers. */
export interface Guard {
  /** Undefined where everybody is let in. */
  readonly authenticate: Authenticator | undefined
  /** Serves the metadata by which a client finds the issuer of access tokens, where there is one. */
  registerMetadata(app: FastifyInstance): void
}

/** Returns true where clients need a key or an access token of the gateway's own. */
export function authenticatesClients({ keys, oauth }: Pick<Config, 'keys' | 'oauth'>): boolean {
  return keys !== undefined || oauth !== undefined
}

/**
 * Creates the guard of a gateway. The library for tokens is loaded only where tokens are taken. Rejects with a
 * `ConfigError` for a key with a scope that no operation has.
 */
export async function createGuard(
  { keys, oauth }: Pick<Config, 'keys' | 'oauth'>,
  operations: readonly Operation[],
  loadVerifier: VerifierLoader,
): Promise<Guard> {
  const scopes = listScopes(operations)
  checkScopes(keys ?? [], scopes)
  const tokens = oauth && { verify: await loadVerifier(oauth), metadataUrl: locateMetadata(oauth), scopes }
  return {
    authenticate: keys || tokens ? createAuthenticator(keys, tokens) : undefined,
    registerMetadata(app) {
      if (oauth) registerResourceMetadata(app, oauth, scopes)
    },
  }
}
