import type { FastifyInstance } from 'fastify'
import type { Config } from '../config/config.ts'
import type { Operation } from '../document/operations.ts'
import { type AccessTokenOptions, createTokenVerifier } from './access-tokens.ts'
import { type Authenticator, createAuthenticator } from './authentication.ts'
import { checkScopes, listScopes } from './grant.ts'
import { locateMetadata, registerResourceMetadata } from './resource-metadata.ts'

/** How the keys of access tokens are fetched, where it is not as usual. */
export type IssuerKeys = Pick<AccessTokenOptions, 'fetch' | 'now' | 'cooldown'>

/** Authenticates the clients of both servers. */
export interface Guard {
  readonly authenticate: Authenticator
  /** Serves the metadata by which a client finds the issuer of access tokens, where there is one. */
  registerMetadata(app: FastifyInstance): void
}

/** Returns true where clients need a key or an access token of the gateway's own. */
export function authenticatesClients({ keys, oauth }: Pick<Config, 'keys' | 'oauth'>): boolean {
  return keys.length > 0 || oauth !== undefined
}

/** Creates the guard of a gateway. Throws a `ConfigError` for a key with a scope that no operation has. */
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
    registerMetadata(app) {
      if (oauth) registerResourceMetadata(app, oauth, scopes)
    },
  }
}
