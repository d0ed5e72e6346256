import {
  createRemoteJWKSet,
  customFetch,
  errors,
  type JWTPayload,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
  jwtVerify,
} from 'jose'
import type { OAuthConfig } from '../config/config.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { Grant } from './authorization.ts'

/** Signatures that are taken: only those of a private key, so that no public key can be passed off as a secret. */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA']

/** Seconds that the clocks of issuer and gateway may be apart. */
const clockTolerance = 5

/** Keys that a token which names none is checked with, at most: anybody can make one, and each check costs. */
const mostKeys = 8

/** What checking tokens depends on. */
export interface AccessTokenOptions extends OAuthConfig {
  /** Gets the issuer's keys. */
  readonly fetch?: typeof fetch | undefined
  /** The time, for `exp` and `nbf`. */
  readonly now?: (() => Date) | undefined
  /** Milliseconds between two times of asking for keys that are not known. */
  readonly cooldown?: number | undefined
}

/** Milliseconds between two times of asking for keys that could not be had, at least. */
const pause = 1_000

/** Finds what the bearer of a JWT access token may do. Rejects with `invalid_token` or `issuer_unavailable`. */
export type TokenVerifier = (token: string) => Promise<Grant>

/**
 * Verifies OAuth 2.1 access tokens (RFC 9068 claims): issuer, audience and expiry are mandatory, the algorithm is one
 * of a list, and keys are those the issuer publishes, asked for again when one is not known.
 */
export function createTokenVerifier(options: AccessTokenOptions): TokenVerifier {
  const { issuer, audience, jwksUrl, cooldown = 30_000, now = () => new Date() } = options
  const keys = createRemoteJWKSet(new URL(jwksUrl), {
    timeoutDuration: 5_000,
    cooldownDuration: cooldown,
    [customFetch]: paceRequests(options.fetch ?? fetch, Math.min(pause, cooldown)),
  })
  return async (token) => {
    const rules = {
      issuer,
      audience,
      algorithms,
      clockTolerance,
      currentDate: now(),
      requiredClaims: ['exp', 'sub'],
    }
    try {
      return toGrant(await verify(token, keys, rules))
    } catch (cause) {
      throw new GatewayError(isCallersFault(cause) ? 'invalid_token' : 'issuer_unavailable', { cause })
    }
  }
}

/** A token need not name its key (RFC 7515 §4.1.4), and an issuer that changes keys has several for a while. */
async function verify(token: string, keys: JWTVerifyGetKey, rules: JWTVerifyOptions): Promise<JWTPayload> {
  try {
    return (await jwtVerify(token, keys, rules)).payload
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error
    return verifyWithAny(token, error, rules)
  }
}

async function verifyWithAny(
  token: string,
  matching: errors.JWKSMultipleMatchingKeys,
  rules: JWTVerifyOptions,
): Promise<JWTPayload> {
  let tried = 0
  for await (const key of matching) {
    try {
      return (await jwtVerify(token, key, rules)).payload
    } catch (error) {
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error
    }
    tried += 1
    if (tried === mostKeys) break
  }
  throw new errors.JWSSignatureVerificationFailed()
}

/** The library counts from the last success, so that anybody with a token could have a failing issuer asked again. */
function paceRequests(get: typeof fetch, interval: number): typeof fetch {
  let next = Number.NEGATIVE_INFINITY
  return async (...request) => {
    const now = performance.now()
    if (now < next) throw new Error('the keys were asked for a moment ago')
    next = now + interval
    return get(...request)
  }
}

/**
 * Scopes are one text with blanks between them (RFC 8693 §4.2). A client without a subject could not be told from others
 * that have none.
 */
function toGrant(payload: JWTPayload): Grant {
  const { iss = '', sub, scope } = payload
  if (typeof sub !== 'string' || sub === '')
    throw new errors.JWTClaimValidationFailed('sub must be a text', payload, 'sub', 'invalid')
  const scopes = typeof scope === 'string' ? scope.split(' ').filter(Boolean) : []
  return { caller: `${iss}#${sub}`, scopes: new Set(scopes) }
}

/**
 * Returns whether an error is the client's fault: what else fails is the way to the issuer's keys, or the keys
 * themselves.
 */
function isCallersFault(error: unknown): boolean {
  const faults = [
    errors.JWTClaimValidationFailed,
    errors.JWTExpired,
    errors.JWTInvalid,
    errors.JWSInvalid,
    errors.JWSSignatureVerificationFailed,
    errors.JOSEAlgNotAllowed,
    errors.JOSENotSupported,
    errors.JWKSNoMatchingKey,
  ]
  return faults.some((fault) => error instanceof fault)
}
