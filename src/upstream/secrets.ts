import type { IncomingHttpHeaders } from 'node:http'
import { asRecord, readOwn } from '../document/json.ts'
import { dereference } from '../document/json-schema.ts'
import type { Operation } from '../document/operations.ts'
import type { SecurityScheme } from '../document/security.ts'
import type { CallInput } from '../document/validation.ts'
import type { CallCredentials, ConfiguredCredentials } from './credentials.ts'

/** Every secret that a call sends upstream, so that no error can echo it back. */
export function collectSecrets(
  { body }: Operation,
  input: CallInput,
  { headers, query, cookies }: CallCredentials,
  configured: ConfiguredCredentials,
): string[] {
  const sent = [headers, query, cookies].flatMap((place) => Object.values(place))
  const all = [
    ...sent.flatMap(listSecretParts),
    ...Object.values(configured.secrets),
    ...listPasswords(body, input.body),
  ]
  return all.filter((value) => value !== '')
}

/** Lists what is secret in a credential as it is sent: it without its scheme, and the password of HTTP Basic (RFC 7617 §2). */
function listSecretParts(value: string): string[] {
  const bare = value.replace(/^(Bearer|Basic) +/i, '')
  if (!/^basic /i.test(value)) return [bare]
  return [
    bare,
    Buffer.from(bare, 'base64')
      .toString()
      .replace(/^[^:]*:?/, ''),
  ]
}

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

/** Lists the members of a body that its schema calls passwords. */
export function listPasswords(described: Operation['body'], body: unknown): string[] {
  if (!described) return []
  const { schema } = described
  return Object.entries(asRecord(schema.properties)).flatMap(([name, member]) => {
    const value = readOwn(body, name)
    return dereference(member, schema).format === 'password' && typeof value === 'string' ? [value] : []
  })
}
