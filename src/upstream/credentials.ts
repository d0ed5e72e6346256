import type { JsonSchema } from '../document/json-schema.ts'
import type { Operation } from '../document/operations.ts'
import { findPlace } from '../document/parameters.ts'
import { type CallInput, isCredential } from '../document/validation.ts'
import { GatewayError } from '../errors/gateway-error.ts'

/** Credentials the gateway holds itself and lends to calls that bring none. */
export interface HeldCredentials {
  readonly apiKey: string | undefined
  /** The one client that is served, with its secret; any client is served without. */
  readonly client: { readonly id: string; readonly secret: string } | undefined
}

/** The values of path variables that a call may leave out, since no other would be served. */
export function findDefaults(
  { parameters }: Operation,
  { client }: HeldCredentials,
): Readonly<Record<string, string>> {
  const pinned = parameters.find(({ pin }) => pin !== undefined)
  return client && pinned ? { [pinned.name]: client.id } : {}
}

/** Refuses a call for another client than the held one. Throws `client_not_served`. */
export function checkClient({ parameters }: Operation, input: CallInput, { client }: HeldCredentials): void {
  const pinned = parameters.find(({ pin }) => pin !== undefined)
  const named = pinned && input[findPlace(pinned)]?.[pinned.name]
  if (client && named !== undefined && named !== client.id) throw new GatewayError('client_not_served')
}

/** Name of the header that carries the secret of an operation, as the document has it. */
export function findCredentialHeader(operation: Operation): string | undefined {
  return operation.parameters.find(isCredential)?.name
}

/** True when a call has what the upstream needs to know its caller: its own secret, or a key it may borrow. */
export function hasCredentials(operation: Operation, input: CallInput, held: HeldCredentials): boolean {
  const header = findCredentialHeader(operation)
  const own = header === undefined ? undefined : input.header[header]
  // An empty secret was meant to be one, so its caller must not act with a borrowed key instead.
  if (own !== undefined) return own !== ''
  return header === undefined || held.client !== undefined || mayBorrow(operation, held)
}

/** The headers that authenticate a call: the caller's secret, the held one, or the held key as a bearer (RFC 6750). */
export function toCredentialHeaders(
  operation: Operation,
  input: CallInput,
  held: HeldCredentials,
): Record<string, string> {
  const header = findCredentialHeader(operation)
  const secret = header === undefined ? undefined : (input.header[header] ?? held.client?.secret)
  if (header !== undefined && typeof secret === 'string') return { [header.toLowerCase()]: secret }
  return mayBorrow(operation, held) ? { authorization: `Bearer ${held.apiKey}` } : {}
}

/** Every secret a call sends upstream, so that no error can echo it back. */
export function collectSecrets(operation: Operation, input: CallInput, held: HeldCredentials): string[] {
  const headers = Object.values(toCredentialHeaders(operation, input, held))
  const fields = operation.body ? collectPasswords(operation.body.schema, input.body) : []
  return [...headers.map((value) => value.replace(/^Bearer /, '')), ...fields].filter(
    (value) => typeof value === 'string' && value !== '',
  )
}

function collectPasswords({ properties }: JsonSchema, body: unknown): string[] {
  return Object.entries(Object(properties))
    .filter(([, schema]) => Object(schema).format === 'password')
    .map(([name]) => Object(body)[name])
}

function mayBorrow(operation: Operation, held: HeldCredentials): boolean {
  return operation.acceptsApiKey && held.apiKey !== undefined
}
