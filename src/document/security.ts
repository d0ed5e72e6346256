import type { OpenApiDocument } from './document.ts'
import { readExtensions } from './extensions.ts'
import { asRecord, asText } from './json.ts'
import { onceFor } from './once.ts'
import { identifyParameter, isFramingHeader, type Parameter, readParameter } from './parameters.ts'

/** A security scheme as a request carries its credential (OpenAPI, Security Scheme Object). */
export interface SecurityScheme {
  /** Its name among the document's schemes. */
  readonly name: string
  readonly in: 'header' | 'query' | 'cookie'
  /** Name of the header, the query parameter or the cookie, as the document spells it. */
  readonly key: string
  /** What stands before the credential: in an `Authorization` header the name of its scheme (RFC 9110 §11.4). */
  readonly prefix: string
  /** The variables that the operator sets, where the description names them (`x-env`). */
  readonly variables?: SchemeVariables
  readonly description: string
  /** True where clients cannot bring the credential: only the operator can configure it. */
  readonly configuredOnly: boolean
}

/** Environment variables of a credential: of its value, or of the user and the password of HTTP Basic. */
export type SchemeVariables = Readonly<Partial<Record<'value' | 'username' | 'password', string>>>

/** The alternatives of an operation: each lists the schemes that it needs together; none at all need nothing. */
export type Security = readonly (readonly SecurityScheme[])[]

/** Reads the schemes of the document that put a credential into a request; `mutualTLS` puts it into the connection. */
export function readSecuritySchemes({ components }: OpenApiDocument): SecurityScheme[] {
  return Object.entries(asRecord(asRecord(components).securitySchemes)).flatMap(
    ([name, part]) => readSecurityScheme(name, part) ?? [],
  )
}

function readSecurityScheme(name: string, part: unknown): SecurityScheme | undefined {
  const { type, in: place, name: key, scheme, description } = asRecord(part)
  const read = readExtensions('securityScheme', part, `the security scheme ${name}`)
  const { prefix, ...variables } = read['x-env'] ?? {}
  const known = {
    name,
    description: asText(description),
    configuredOnly: read['x-configured-only'] === true,
    ...(Object.keys(variables).length > 0 && { variables }),
  }
  if (type === 'http' || type === 'oauth2' || type === 'openIdConnect') {
    const named = type === 'http' ? asText(scheme).toLowerCase() : 'bearer'
    // RFC 7617 says what stands before user and password.
    const before = named === 'basic' ? 'Basic ' : (prefix ?? (named === 'bearer' ? 'Bearer ' : ''))
    return { ...known, in: 'header', key: 'Authorization', prefix: before }
  }
  if (type !== 'apiKey' || typeof key !== 'string') return undefined
  if (place !== 'header' && place !== 'query' && place !== 'cookie') return undefined
  return { ...known, in: place, key, prefix: prefix ?? '' }
}

/**
 * Prepares the reading of `security` of an operation, or of the document where the operation has none (OpenAPI, Security Requirement
 * Object), in the document's order. An alternative with a scheme that the document does not describe is none.
 */
export function createSecurityReader(document: OpenApiDocument): (security: unknown) => Security {
  const described = asRecord(asRecord(document.components).securitySchemes)
  const schemes = readSecuritySchemes(document)
  return (security) =>
    [security ?? document.security ?? []]
      .flat()
      .map((alternative) => Object.keys(asRecord(alternative)))
      .filter((names) => names.every((name) => Object.hasOwn(described, name)))
      .map((names) => schemes.filter(({ name }) => names.includes(name)))
}

/** An operation's parameters and security, when each knows the other. */
interface Secured {
  readonly parameters: readonly Parameter[]
  readonly security: Security
}

/**
 * Adds to the parameters the credentials that clients can bring. One that the document lists among the parameters too
 * keeps its description and schema, and its spelling of a header's name.
 */
export function addCredentials({ parameters, security }: Secured): Secured {
  const added = [...parameters]
  const spell = (scheme: SecurityScheme): SecurityScheme => {
    if (scheme.configuredOnly) return scheme
    const index = added.findIndex((one) => carries(one, scheme))
    const known = added[index] ?? describeCredential(scheme)
    added.splice(index < 0 ? added.length : index, 1, { ...known, isCredential: true })
    return { ...scheme, key: known.name }
  }
  return { security: security.map((alternative) => alternative.map(spell)), parameters: added }
}

/** Returns whether a parameter stands where a scheme has its credential. */
export function carries(
  parameter: Parameters<typeof identifyParameter>[0],
  { in: place, key }: SecurityScheme,
): boolean {
  return identifyParameter(parameter) === identifyParameter({ in: place, name: key })
}

const describeCredential = onceFor(({ in: place, key, description }: SecurityScheme): Parameter => {
  const schema = {
    type: 'string',
    format: 'password',
    minLength: 1,
    maxLength: 8_192,
    pattern: '^[\\x20-\\x7E]+$',
  }
  return readParameter({ name: key, in: place, description, schema })
})

/**
 * Headers that HTTP, MCP, a trace or a proxy has a meaning for, in lower case: what they say is for the gateway. With those of
 * one message they are what clients send without being asked for a credential.
 */
const meantHeaders = new Set([
  ...['accept', 'accept-language', 'authorization', 'baggage', 'cache-control', 'content-type', 'cookie'],
  ...['date', 'dnt', 'forwarded', 'from', 'idempotency-key', 'last-event-id', 'max-forwards', 'origin'],
  ...['pragma', 'priority', 'range', 'referer', 'traceparent', 'tracestate', 'upgrade-insecure-requests'],
  ...['user-agent', 'via', 'x-mcp-tools', 'x-real-ip', 'x-request-id'],
])
const meantGroups = /^(?:access-control|if|mcp|sec|x-forwarded)-/

/**
 * Names the header, in lower case, by which an MCP client brings a credential, wherever the API takes it. Undefined where a
 * header of that name is for the gateway, and the API takes the credential in the query or in a cookie.
 */
export function nameCredentialHeader(place: Parameter['in'], name: string): string | undefined {
  const header = name.toLowerCase()
  if (place === 'header') return header
  const isMeant =
    meantHeaders.has(header) || meantGroups.test(header) || isFramingHeader({ name: header, in: 'header' })
  return isMeant ? undefined : header
}

const credentialNames = [
  /^(?:proxy-)?authorization$/i,
  /(?:^|[-_.])(?:access|api|app|auth|bearer|client|private|secret|session|subscription)[-_.]?(?:key|token|secret)$/i,
  /^(?:x-)?(?:password|secret|token)$/i,
]

/** Returns whether a header, a cookie or a parameter of the query has a name that APIs give to credentials. */
export function isCredentialName(name: string): boolean {
  return credentialNames.some((one) => one.test(name))
}

/**
 * Takes from an operation the parameters in headers that the gateway reads for itself: what clients bring there is for
 * the gateway and goes no further, so that only the operator can configure the API's credentials.
 */
export function reserveHeaders<One extends Secured>(operation: One, names: readonly string[]): One {
  const reserve = (scheme: SecurityScheme) => reserveScheme(scheme, names)
  return {
    ...operation,
    security: operation.security.map((alternative) => alternative.map(reserve)),
    parameters: operation.parameters.filter((one) => !isReserved(one, names)),
  }
}

/** Returns a security scheme, for the operator alone where it stands in a reserved header. */
export function reserveScheme(scheme: SecurityScheme, names: readonly string[]): SecurityScheme {
  return isReserved({ in: scheme.in, name: scheme.key }, names) ? { ...scheme, configuredOnly: true } : scheme
}

/** Returns whether a parameter stands in one of the headers with these names, in lower case. */
export function isReserved(
  { in: place, name }: { readonly in?: unknown; readonly name?: unknown },
  names: readonly string[],
): boolean {
  return place === 'header' && names.includes(String(name).toLowerCase())
}
