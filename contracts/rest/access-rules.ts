import { createKey } from '../../src/config/gateway-keys.ts'
import { writeKeys } from '../../test/support/key-file.ts'

/** Who stands at the server of a gateway, and what its operator wants. */
export type Guard =
  | 'a guard'
  | 'an issuer out of reach'
  | 'a store out of reach'
  | 'another client'
  | 'no deletions'

const reader = createKey('reader', ['managed-users:read'])
const writer = createKey('writer', ['managed-users:write'])

/** Returns a key without the scope that a method takes. */
export function findWeakKey(method: string): string {
  return method === 'GET' ? writer.key : reader.key
}

/** An access token that its issuer's keys would have to be asked about. */
export const accessToken = [{ alg: 'RS256', kid: 'none' }, { iss: 'https://issuer.example.org' }, {}]
  .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
  .join('.')

/** Files that guards read. */
export interface GuardFiles {
  /** The keys of the gateway. */
  readonly keys: string
  /** The secret that replicas share. */
  readonly stateKey: string
}

/** Describes the variables that put each guard at the server; `deadUrl` is a place where nobody listens. */
export function describeGuards(
  { keys, stateKey }: GuardFiles,
  deadUrl: string,
): Record<Guard, Record<string, string>> {
  return {
    'a guard': { GATEWAY_KEYS_FILE: keys },
    'an issuer out of reach': {
      OAUTH_ISSUER: 'https://issuer.example.org',
      OAUTH_JWKS_URL: `${deadUrl}/keys`,
      OAUTH_AUDIENCE: 'https://mcp.example.org/mcp',
    },
    'a store out of reach': {
      REDIS_URL: deadUrl.replace('http:', 'redis:'),
      STATE_KEY_FILE: stateKey,
      RATE_LIMIT: '1000/min',
      LIMITS_WITHOUT_REDIS: 'refuse',
    },
    'another client': { CAL_COM_CLIENT_ID: 'another', CAL_COM_SECRET_KEY: 'demo-secret' },
    'no deletions': { ALLOW_DELETE: 'false' },
  }
}

/** Writes a file with the secret that replicas share, which lasts until it is disposed of. */
export function writeStateKey(): Disposable & { readonly path: string } {
  return writeKeys(['s'.repeat(32)])
}

/** Writes a file with the keys, which lasts until it is disposed of. */
export function writeKeyFile(): Disposable & { readonly path: string } {
  return writeKeys([reader.line, writer.line])
}
