import type { IncomingHttpHeaders } from 'node:http'
import { decodeHeader } from '../document/header-text.ts'
import { readOwn } from '../document/json.ts'
import type { JsonSchema } from '../document/json-schema.ts'
import type { Operation } from '../document/operations.ts'
import { findPasswords } from '../document/passwords.ts'
import { nameCredentialHeader, type SecurityScheme } from '../document/security.ts'
import {
  type CallCredentials,
  type ConfiguredCredentials,
  listPrefixes,
  listSecretParts,
} from './credentials.ts'

/** Where a request carries a credential. */
export type CredentialPlace = Pick<SecurityScheme, 'in' | 'key'>

/** The parts of a request that may bring credentials. */
export interface CredentialParts {
  readonly headers: IncomingHttpHeaders
  readonly query: URLSearchParams
}

/** The parts of a request that may bring secrets. */
export interface BroughtParts extends CredentialParts {
  /** As it was read. */
  readonly body?: unknown
}

/**
 * Lists the secrets of a request that may yet be refused: credentials in the places of the given schemes, a gateway key
 * or an access token, and what a schema of its body calls passwords.
 */
export function listBrought(
  parts: BroughtParts,
  schemes: readonly SecurityScheme[],
  described: JsonSchema = {},
): string[] {
  const brought = [parts.headers.authorization ?? [], schemes.map((one) => findBrought(one, parts))].flat(2)
  const prefixes = listPrefixes([schemes])
  return [
    ...brought.flatMap((one) => listSecretParts(one, prefixes)),
    ...findPasswords(described, parts.body),
  ]
}

/** A client of MCP brings each credential as the header of its name, wherever the API takes it. */
function findBrought({ in: place, key }: CredentialPlace, { headers, query }: CredentialParts): string[] {
  const inHeader = [readOwn(headers, nameCredentialHeader(place, key) ?? '') ?? []]
    .flat()
    .map((one) => decodeHeader(one) ?? one)
  if (place === 'header') return inHeader
  if (place === 'query') return [...query.getAll(key), ...inHeader]
  const cookies = (headers.cookie ?? '').split(/; */).filter((pair) => pair.startsWith(`${key}=`))
  return [...cookies.map((pair) => pair.slice(key.length + 1)), ...inHeader]
}

/** Reads the credentials of a request whose operation is not known yet. */
export function readCredentials(parts: CredentialParts, places: readonly CredentialPlace[]): CallCredentials {
  const found = { header: {}, query: {}, cookie: {} }
  for (const one of places) {
    const [value] = findBrought(one, parts)
    const place: Record<string, string> = found[one.in]
    if (value !== undefined) place[one.in === 'header' ? one.key.toLowerCase() : one.key] = value
  }
  return { headers: found.header, query: found.query, cookies: found.cookie }
}

/** Lists where clients bring credentials for any of the operations. */
export function listPlaces(operations: readonly Operation[]): CredentialPlace[] {
  const schemes = operations.flatMap(({ security }) => security.flat())
  const brought = schemes.filter(({ configuredOnly }) => !configuredOnly)
  return [...new Map(brought.map((one) => [`${one.in} ${one.key}`, one])).values()]
}

/** Lists what the operator configured, as it stands in requests: HTTP Basic has user and password in Base64. */
export function listConfigured({
  secrets,
  hidden = secrets,
}: Pick<ConfiguredCredentials, 'secrets' | 'hidden'>): string[] {
  return Object.values(hidden).flatMap((value) =>
    value.includes(':')
      ? [value, ...listSecretParts(`Basic ${Buffer.from(value).toString('base64')}`)]
      : value,
  )
}
