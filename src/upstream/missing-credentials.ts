import type { Operation } from '../document/operations.ts'
import type { SecurityScheme } from '../document/security.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { ConfiguredCredentials } from './credentials.ts'

/**
 * Makes the refusal of a call without the credentials that the operation needs beside those that are configured.
 * RFC 9110 §11.6.1 asks every 401 for a challenge; where HTTP has no name for the scheme it is that of the header.
 */
export function refuseWithoutCredentials(
  { security }: Operation,
  { secrets }: ConfiguredCredentials,
): GatewayError {
  const bringable = security.map((alternative) => alternative.filter(({ configuredOnly }) => !configuredOnly))
  const lacking = bringable.map((schemes) => schemes.filter(({ name }) => !Object.hasOwn(secrets, name)))
  // Only a client that brings a credential without a value lacks none of those that are not configured.
  const alternatives =
    [lacking, bringable]
      .map((ways) => ways.filter((schemes) => schemes.length > 0))
      .find((ways) => ways.length > 0) ?? []
  const first = alternatives[0]?.[0]
  if (!first) return new GatewayError('missing_credentials')
  const ways = alternatives.map((schemes) => [...new Set(schemes.map(describePlace))].join(' and another '))
  const detail = `Send the credential ${[...new Set(ways)].join(', or ')}.`
  const challenge = first.in === 'header' ? first.prefix.trim() || first.key : 'ApiKey'
  return new GatewayError('missing_credentials', { detail, headers: { 'www-authenticate': challenge } })
}

/** Describes the place of a credential; a header whose value begins with the name of its scheme is shown with it. */
function describePlace({ in: place, key, prefix }: SecurityScheme): string {
  return `as the ${places[place]} \`${prefix === '' ? key : `${key}: ${prefix}…`}\``
}

const places = { header: 'header', query: 'query parameter', cookie: 'cookie' } as const
