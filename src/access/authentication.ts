import { timingSafeEqual } from 'node:crypto'
import { type GatewayKey, hashKey } from '../config/gateway-keys.ts'
import { type ErrorCode, GatewayError } from '../errors/gateway-error.ts'
import type { TokenVerifier } from './access-tokens.ts'
import { type Grant, openGrant } from './grant.ts'

/**
 * Finds what the sender of an `Authorization` header may do. Throws or rejects with `unauthenticated`,
 * `invalid_token` or `issuer_unavailable`; the first two carry a challenge (RFC 6750 §3).
 */
export type Authenticator = (authorization: string | undefined) => Grant | Promise<Grant>

/** Who is let in. */
export interface AuthenticationOptions {
  readonly keys: readonly GatewayKey[]
  /** Undefined where no access tokens are taken. */
  readonly verifyToken?: TokenVerifier | undefined
  /** Where a client learns how to get an access token (RFC 9728 §5.1). */
  readonly metadataUrl?: string | undefined
  /** The scopes to ask the issuer for (RFC 6750 §3). */
  readonly scopes?: readonly string[] | undefined
}

const bearer = /^bearer +([\x21-\x7e]+) *$/i

/** Asks every caller for a key or an access token; lets everybody in where there are neither. */
export function createAuthenticator(options: AuthenticationOptions): Authenticator {
  const { verifyToken, metadataUrl, scopes = [] } = options
  const keys = options.keys.map(({ name, hash, scopes }) => ({
    hash,
    grant: { caller: name, scopes: new Set(scopes) },
  }))
  if (keys.length === 0 && !verifyToken) return () => openGrant
  const refuse = (code: ErrorCode, error: readonly string[], cause?: unknown) => {
    const source = metadataUrl ? [`resource_metadata="${metadataUrl}"`, `scope="${scopes.join(' ')}"`] : []
    const parameters = [...error, ...source]
    const challenge = ['Bearer', parameters.join(', ')].join(' ').trim()
    return new GatewayError(code, { headers: { 'www-authenticate': challenge }, cause })
  }
  const refuseToken = (cause: unknown) => {
    if (cause instanceof GatewayError && cause.code !== 'invalid_token') return cause
    return refuse('invalid_token', ['error="invalid_token"'], cause)
  }
  return (authorization) => {
    const credential = bearer.exec(authorization ?? '')?.[1]
    if (credential === undefined) throw refuse('unauthenticated', [])
    const known = findKey(keys, credential)
    if (known) return known.grant
    if (!verifyToken) throw refuseToken(undefined)
    return verifyToken(credential).catch((cause: unknown) => {
      throw refuseToken(cause)
    })
  }
}

/** Compares with every key in the same time, so that nobody learns how much of a guess is right. */
function findKey<Key extends { readonly hash: Buffer }>(keys: readonly Key[], key: string): Key | undefined {
  const hash = hashKey(key)
  return keys.filter((one) => timingSafeEqual(one.hash, hash))[0]
}
