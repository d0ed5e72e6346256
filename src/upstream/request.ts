import type { Operation } from '../document/operations.ts'
import { writeHeaderText } from '../document/parameter-writing.ts'
import { findPlace } from '../document/parameters.ts'
import { encodeQueryText } from '../document/percent-encoding.ts'
import { writeHeaders, writeTarget } from '../document/request-writing.ts'
import type { CallInput } from '../document/validation.ts'
import { findCredentials, type HeldCredentials, toCredentialHeaders } from './credentials.ts'
import { idempotencyHeader } from './idempotency.ts'

/** Writes path and query of an upstream request, with the credentials that the API takes there. */
export function toTarget(operation: Operation, input: CallInput, held: HeldCredentials): string {
  const target = writeTarget(operation, input)
  if (!operation.security.flat().some((one) => one.in === 'query')) return target
  const { query = {} } = findCredentials(operation, input, held) ?? {}
  const pairs = Object.entries(query).map(
    ([name, value]) => `${encodeQueryText(name)}=${encodeQueryText(value)}`,
  )
  if (pairs.length === 0) return target
  return `${target}${target.includes('?') ? '&' : '?'}${pairs.join('&')}`
}

/** Writes all headers of an upstream request; of the caller's own only what the operation's parameters name, and its trace. */
export function toHeaders(
  operation: Operation,
  input: CallInput,
  held: HeldCredentials,
  traceparent?: string,
): Record<string, string> {
  const headers: Record<string, string> = {
    accept: listAccepted(operation),
    // Without it an upstream may choose any encoding (RFC 9110 §12.5.3).
    'accept-encoding': 'identity',
    'user-agent': 'calgate',
  }
  if (input.body !== undefined) headers['content-type'] = input.contentType ?? 'application/json'
  if (traceparent !== undefined) headers.traceparent = traceparent
  const { [idempotencyHeader]: _, ...parameters } = writeHeaders(operation, input)
  const credentials = toCredentialHeaders(operation, input, held)
  const cookies = [parameters.cookie, credentials.cookie].filter((one) => one !== undefined)
  return {
    ...headers,
    ...parameters,
    ...describeCaller(operation, input),
    ...credentials,
    ...(cookies.length > 0 && { cookie: cookies.join('; ') }),
  }
}

/** The types that the document has for a success; any where it has none, JSON first (RFC 9110 §12.5.1). */
function listAccepted({ responses }: Operation): string {
  const successes = responses.filter(({ status }) => /^(?:2|default)/.test(status))
  const types = new Set(successes.flatMap(({ content }) => content.map(({ type }) => type)))
  return types.size > 0 ? [...types].join(', ') : 'application/json, */*;q=0.5'
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
