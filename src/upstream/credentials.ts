import { readOwn } from '../document/json.ts'
import type { Operation } from '../document/operations.ts'
import { createHeaderReader } from '../document/parameter-reading.ts'
import { join } from '../document/parameter-writing.ts'
import { findPosition, type Parameter } from '../document/parameters.ts'
import type { Security, SecurityScheme } from '../document/security.ts'
import type { CallInput } from '../document/validation.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { Identity } from '../state/fingerprint.ts'

/** What the operator has configured for the calls of all clients. */
export interface ConfiguredCredentials {
  /** Credentials by the names of their security schemes, as the operator gave them: without `Bearer`, not encoded. */
  readonly secrets: Readonly<Record<string, string>>
  /** Those that no response may repeat, beside them the ones that are sent for MCP over stdio alone; `secrets` without. */
  readonly hidden?: Readonly<Record<string, string>>
  /** The one value that is served of a parameter, by the parameter's name. */
  readonly pins: Readonly<Record<string, string>>
}

/** The credentials of one call, in the places where the API takes them. */
export interface CallCredentials {
  /** By the lower-case names of their headers. */
  readonly headers: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, string>>
  readonly cookies: Readonly<Record<string, string>>
}

/**
 * Finds the credentials of a call: the first alternative of the operation's `security` of which every credential is
 * there, brought by the client or configured; one that needs none comes last, wherever it stands. A client that brings
 * a credential does not act with a configured one in its place, an empty one included, and alternatives without what it
 * brought are not tried. Undefined where a call needs a credential that nobody has.
 */
export function findCredentials(
  { security }: Operation,
  input: CallInput,
  configured: ConfiguredCredentials,
): CallCredentials | undefined {
  const brings = bringsCredential(security, input)
  for (const alternative of security) {
    if (alternative.length === 0) continue
    if (brings && !alternative.some((one) => readBrought(one, input) !== undefined)) continue
    const found = collect(alternative, input, configured)
    if (found) return found
  }
  const needsNone = security.length === 0 || security.some((alternative) => alternative.length === 0)
  return needsNone && !brings ? noCredentials : undefined
}

/** Returns whether a call has a credential that is not configured. */
export function bringsCredential(security: Security, input: CallInput): boolean {
  return security.some((alternative) => alternative.some((one) => readBrought(one, input) !== undefined))
}

/** The credentials of a call that needs none. */
export const noCredentials: CallCredentials = { headers: {}, query: {}, cookies: {} }

function collect(
  alternative: readonly SecurityScheme[],
  input: CallInput,
  configured: ConfiguredCredentials,
): CallCredentials | undefined {
  const places = { header: {}, query: {}, cookie: {} }
  for (const scheme of alternative) {
    const value = readBrought(scheme, input) ?? write(scheme, readOwn(configured.secrets, scheme.name))
    if (!value?.startsWith(scheme.prefix) || value === '') return undefined
    const place: Record<string, string> = places[scheme.in]
    place[scheme.in === 'header' ? scheme.key.toLowerCase() : scheme.key] = value
  }
  return { headers: places.header, query: places.query, cookies: places.cookie }
}

/** Reads what the client brought in the place of a scheme; the name of a scheme in `Authorization` has no case. */
function readBrought(
  { in: place, key, prefix, configuredOnly }: SecurityScheme,
  input: CallInput,
): string | undefined {
  if (configuredOnly) return undefined
  const value = readOwn(input[place], key)
  if (typeof value !== 'string') return undefined
  return prefix !== '' && value.slice(0, prefix.length).toLowerCase() === prefix.toLowerCase()
    ? prefix + value.slice(prefix.length)
    : value
}

/** Writes a configured credential as it is sent; that of Basic is user and password with a colon between (RFC 7617). */
function write({ prefix }: SecurityScheme, secret: string | undefined): string | undefined {
  if (secret === undefined) return undefined
  return prefix + (prefix === 'Basic ' ? Buffer.from(secret).toString('base64') : secret)
}

/**
 * Finds the values of parameters that a call may leave out, since no others are served; each of its parameter's type.
 */
export function findDefaults(
  operation: Operation,
  configured: ConfiguredCredentials,
): ReadonlyMap<Parameter, unknown> {
  const pinned = listPinned(operation, configured)
  return new Map(pinned.map(([parameter, pin]) => [parameter, createHeaderReader(parameter)(pin)]))
}

function listPinned({ parameters }: Operation, { pins }: ConfiguredCredentials): [Parameter, string][] {
  return parameters.flatMap((one): [Parameter, string][] => {
    const pin = one.pin && readOwn(pins, one.name)
    return pin === undefined ? [] : [[one, pin]]
  })
}

/** A pinned value as `findDefaults` reads it, without an encoding. */
const bare = { separator: ',', explode: false, encode: (text: string) => text }

/** Prepares the refusal of calls that name another value of a pinned parameter: it throws `value_not_served`. */
export function createPinCheck(
  operation: Operation,
  configured: ConfiguredCredentials,
): (input: CallInput) => void {
  const pinned = listPinned(operation, configured)
  return (input) => {
    for (const [parameter, pin] of pinned) {
      const { name } = parameter
      const named = readOwn(input[findPosition(parameter)], name)
      if (named === undefined || join(named, bare) === pin) continue
      const detail = `This gateway serves one value of ${name}; leave it out where you can, or use that one.`
      throw new GatewayError('value_not_served', { detail })
    }
  }
}

/**
 * Finds credentials by their parameters among those that the process was configured with, for stdio: only those of the
 * operation's own schemes, since a parameter of one name is another secret for another API, and in another place.
 */
export function createCredentialSource(
  secrets: ConfiguredCredentials['secrets'],
): (credential: Pick<Parameter, 'in' | 'name'>, security: Security) => string | undefined {
  return ({ in: place, name }, security) => {
    const scheme = security
      .flat()
      .find((one) => one.in === place && one.key === name && readOwn(secrets, one.name) !== undefined)
    return scheme && write(scheme, readOwn(secrets, scheme.name))
  }
}

/** Returns what the credentials of a call tell clients apart by: no header has the first character of the other names. */
export function toIdentity({ headers, query, cookies }: CallCredentials): Identity {
  const identity: Record<string, string> = { ...headers }
  for (const name in query) identity[`?${name}`] = query[name] ?? ''
  for (const name in cookies) identity[`;${name}`] = cookies[name] ?? ''
  return identity
}

/** Lists what is secret in the credentials of a call, before which the given prefixes may stand. */
export function listCredentialParts(
  { headers, query, cookies }: CallCredentials,
  prefixes: readonly string[],
): string[] {
  const parts: string[] = []
  for (const place of [headers, query, cookies])
    for (const name in place) parts.push(...listSecretParts(place[name] ?? '', prefixes))
  return parts
}

/** A scheme is a token (RFC 9110 §5.6.2), and its parameters or the credential follow after spaces (§11.4). */
const namedScheme = /^[!#$%&'*+.^_`|~\w-]+ +/
const schemeParameter = /=[ \t]*"?([^\s",=]+)/g
/** Parameters of a scheme that are listed at most: OAuth 1.0 and Digest have ten, and each is searched for. */
const mostParameters = 16

/** Lists in lower case what stands before the credentials of an operation, but for names of schemes, which need no list. */
export function listPrefixes(security: Security): string[] {
  const prefixes = new Set(security.flat().map(({ prefix }) => prefix.toLowerCase()))
  return [...prefixes].filter((one) => one.replace(namedScheme, '') !== '')
}

/**
 * Lists what is secret in a credential as it is sent: it without the name of its scheme, or without one of the given
 * prefixes; the parameters of its scheme; the password of HTTP Basic (RFC 7617 §2). What looks like the name of an
 * unknown scheme may be a part of the secret, so that the whole is listed too.
 */
export function listSecretParts(value: string, prefixes: readonly string[] = []): string[] {
  const bare = value.replace(namedScheme, '')
  const after = prefixes.flatMap((one) =>
    value.slice(0, one.length).toLowerCase() === one ? value.slice(one.length) : [],
  )
  if (bare === value) return [value, ...after]
  if (/^basic /i.test(value)) {
    const login = Buffer.from(bare, 'base64').toString()
    return [bare, login.replace(/^[^:]*:?/, ''), ...after]
  }
  const parameters = [...bare.matchAll(schemeParameter)].slice(0, mostParameters)
  return [
    ...(/^bearer /i.test(value) ? [] : [value]),
    bare,
    ...parameters.map(([, one = '']) => one),
    ...after,
  ]
}
