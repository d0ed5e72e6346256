import type { Operation } from '../document/operations.ts'
import { writeHeaderText } from '../document/parameter-writing.ts'
import { findPlace } from '../document/parameters.ts'
import { writeHeaders } from '../document/request-writing.ts'
import type { CallInput } from '../document/validation.ts'
import { type HeldCredentials, toCredentialHeaders } from './credentials.ts'
import { idempotencyHeader } from './idempotency.ts'

/** All headers of an upstream request; of the caller's own only what the operation's parameters name, and its trace. */
export function toHeaders(
  operation: Operation,
  input: CallInput,
  held: HeldCredentials,
  traceparent?: string,
): Record<string, string> {
  const headers: Record<string, string> = { accept: 'application/json', 'user-agent': 'calgate' }
  if (input.body !== undefined) headers['content-type'] = 'application/json'
  if (traceparent !== undefined) headers.traceparent = traceparent
  const { [idempotencyHeader]: _, ...parameters } = writeHeaders(operation, input)
  return Object.assign(
    headers,
    parameters,
    describeCaller(operation, input),
    toCredentialHeaders(operation, input, held),
  )
}

/** Headers that tell the upstream whose call it is, from parameters that it asks for there too. */
function describeCaller({ parameters }: Operation, input: CallInput): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const parameter of parameters) {
    const { name, upstreamHeader } = parameter
    const value = input[findPlace(parameter)]?.[name]
    if (upstreamHeader !== undefined && value !== undefined)
      headers[upstreamHeader] = writeHeaderText({ ...parameter, in: 'header', style: 'simple' }, value)
  }
  return headers
}
