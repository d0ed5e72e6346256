import type { IncomingHttpHeaders } from 'node:http'
import type { Operation } from '../document/operations.ts'
import type { SecurityScheme } from '../document/security.ts'
import { type ConfiguredCredentials, listPasswords, listSecretParts } from './credentials.ts'

/**
 * Lists the secrets of a request that may yet be refused: credentials in the places of the given schemes, a gateway key
 * or an access token, and passwords in its body.
 */
export function listBrought(
  { headers, query, body }: BroughtParts,
  schemes: readonly SecurityScheme[],
  described: Operation['body'],
): string[] {
  const cookies = (headers.cookie ?? '').split(/; */)
  const values = schemes.flatMap(({ in: place, key }) => {
    if (place === 'header') return headers[key.toLowerCase()] ?? []
    if (place === 'query') return query.getAll(key)
    return cookies.flatMap((pair) => (pair.startsWith(`${key}=`) ? [pair.slice(key.length + 1)] : []))
  })
  const brought = [headers.authorization ?? [], ...values].flat()
  return [...brought.flatMap(listSecretParts), ...listPasswords(described, body)]
}

/** The parts of a request that may bring secrets. */
export interface BroughtParts {
  readonly headers: IncomingHttpHeaders
  readonly query: URLSearchParams
  /** As it was read. */
  readonly body?: unknown
}

/** Lists what the operator configured, as it stands in requests: HTTP Basic has user and password in Base64. */
export function listConfigured({ secrets }: Pick<ConfiguredCredentials, 'secrets'>): string[] {
  const values = Object.values(secrets)
  const logins = values.filter((value) => value.includes(':'))
  return [
    ...values,
    ...logins.map((value) => Buffer.from(value).toString('base64')),
    ...logins.map((value) => value.replace(/^[^:]*:/, '')),
  ]
}
