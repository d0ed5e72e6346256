import type { Operation } from '../contract/operations.ts'
import { type CallInput, isCredential } from '../contract/validation.ts'

/** Credentials the gateway holds itself and lends to calls that bring none. */
export interface HeldCredentials {
  readonly apiKey: string | undefined
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
  return header === undefined || mayBorrow(operation, held)
}

/** The headers that authenticate a call: the caller's secret, or else the held key as a bearer (RFC 6750). */
export function toCredentialHeaders(
  operation: Operation,
  input: CallInput,
  held: HeldCredentials,
): Record<string, string> {
  const header = findCredentialHeader(operation)
  const secret = header === undefined ? undefined : input.header[header]
  if (header !== undefined && typeof secret === 'string') return { [header]: secret }
  return mayBorrow(operation, held) ? { authorization: `Bearer ${held.apiKey}` } : {}
}

/** Every secret a call sends upstream, so that no error can echo it back. */
export function collectSecrets(operation: Operation, input: CallInput, held: HeldCredentials): string[] {
  const headers = Object.values(toCredentialHeaders(operation, input, held))
  const fields = Object.entries(Object(operation.body?.schema.properties))
    .filter(([, schema]) => Object(schema).format === 'password')
    .map(([name]) => Object(input.body)[name])
  return [...headers.map((value) => value.replace(/^Bearer /, '')), ...fields].filter(
    (value) => typeof value === 'string' && value !== '',
  )
}

function mayBorrow(operation: Operation, held: HeldCredentials): boolean {
  return operation.acceptsApiKey && held.apiKey !== undefined
}
