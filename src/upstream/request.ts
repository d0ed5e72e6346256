import type { Operation } from '../document/operations.ts'
import type { Parameter } from '../document/parameters.ts'
import type { CallInput } from '../document/validation.ts'
import { type HeldCredentials, toCredentialHeaders } from './credentials.ts'

/**
 * Builds the upstream path of a call from checked values alone; nothing of the caller's own URL is in it. Throws
 * a `TypeError` on a value that would be a dot segment: it has no encoding, so the path would lead elsewhere
 * (RFC 3986 §5.2.4), and no schema of a path parameter should let it come here.
 */
export function toPath(template: string, values: CallInput['path']): string {
  const parts = parsePath(template)
  let path = parts[0] ?? ''
  for (let index = 1; index < parts.length; index += 2) {
    const name = parts[index] ?? ''
    const text = encodeURIComponent(String(values[name]))
    if (text === '' || text === '.' || text === '..')
      throw new TypeError(`the path parameter ${name} would change the path`)
    path += text + parts[index + 1]
  }
  return path
}

/** Templates are the document's, so there is an end to them. */
const parsed = new Map<string, readonly string[]>()

/** Literal parts and names of variables in turn, beginning and ending with a literal. */
function parsePath(template: string): readonly string[] {
  const known = parsed.get(template)
  if (known) return known
  const parts = template.split(/\{([^}]+)\}/)
  parsed.set(template, parts)
  return parts
}

/**
 * Writes the query of a call, without the question mark and in the document's order. Arrays are one
 * comma-joined value (`style: form, explode: false`); `+` becomes `%2B`, while `,` and `@` stay readable.
 */
export function toQuery(parameters: readonly Parameter[], values: CallInput['query']): string {
  return parameters
    .filter((parameter) => parameter.in === 'query' && values[parameter.name] !== undefined)
    .map(({ name }) => `${encodeURIComponent(name)}=${[values[name]].flat().map(encodeValue).join(',')}`)
    .join('&')
}

function encodeValue(value: unknown): string {
  return encodeURIComponent(String(value)).replaceAll('%40', '@').replaceAll("'", '%27')
}

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
  return Object.assign(headers, describeCaller(operation, input), toCredentialHeaders(operation, input, held))
}

/** Headers that tell the upstream whose call it is, from parameters that it asks for there too. */
function describeCaller({ parameters }: Operation, input: CallInput): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const { name, in: place, upstreamHeader } of parameters)
    if (upstreamHeader !== undefined && input[place][name] !== undefined)
      headers[upstreamHeader] = String(input[place][name])
  return headers
}
