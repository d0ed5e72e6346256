import type { FastifyInstance } from 'fastify'
import type { Config } from '../config/config.ts'
import type { Operation } from '../document/operations.ts'
import { type AccessTokenOptions, createTokenVerifier } from './access-tokens.ts'
import { type Authenticator, createAuthenticator } from './authentication.ts'
import { checkScopes, listScopes } from './grant.ts'
import { locateMetadata, registerResourceMetadata } from './resource-metadata.ts'

/** How the keys of access tokens are had. */
export type IssuerKeys = Pick<AccessTokenOptions, 'fetch' | 'now' | 'cooldown'>

/** Who stands at the doors: whoever wants in is asked here. */
export interface Guard {
  readonly authenticate: Authenticator
  /** False where everybody is let in. */
  readonly isGuarded: boolean
  /** Serves what a client needs to find the issuer of access tokens, where there is one. */
  registerMetadata(app: FastifyInstance): void
}

/** Posts a guard. Throws a `ConfigError` for a key with a scope that no operation takes. */
export function createGuard(
  { keys, oauth }: Pick<Config, 'keys' | 'oauth'>,
  operations: readonly Operation[],
  issuerKeys: IssuerKeys,
): Guard {
  const scopes = listScopes(operations)
  checkScopes(keys, scopes)
  return {
    authenticate: createAuthenticator({
      keys,
      verifyToken: oauth && createTokenVerifier({ ...oauth, ...issuerKeys }),
      metadataUrl: oauth && locateMetadata(oauth),
      scopes,
    }),
    isGuarded: keys.length > 0 || oauth !== undefined,
    registerMetadata(app) {
      if (oauth) registerResourceMetadata(app, oauth, scopes)
    },
  }
}
