import type { FastifyRequest } from 'fastify'
import type { Operation, Parameter } from '../contract/operations.ts'
import { readText } from '../contract/text.ts'
import { type CallInput, isCredential } from '../contract/validation.ts'
import { mostViolations } from '../contract/violations.ts'
import type { Violation } from '../errors.ts'

/** A REST request read as the arguments of a call, with what already showed to be wrong while reading. */
export interface RequestInput {
  readonly input: CallInput
  readonly violations: readonly Violation[]
}

/** Reads path, query, headers and body of a request into typed values; unknown query keys stay in, to be refused. */
export function readRequest(operation: Operation, request: FastifyRequest): RequestInput {
  const query = readQuery(request.url)
  const seen = new Set<string>()
  const repeated = new Set(query.map(([name]) => name).filter((name) => seen.has(name) || !seen.add(name)))
  const violations = [...repeated].slice(0, mostViolations).map(
    (name): Violation => ({
      location: `query.${name.slice(0, 64)}`,
      rule: 'uniqueKeys',
      message: 'stands more than once; give it one value',
    }),
  )
  const input = {
    path: readTexts(operation, 'path', Object.entries(Object(request.params))),
    query: readTexts(operation, 'query', query),
    header: readTexts(operation, 'header', selectHeaders(operation, request)),
    ...(request.rawBody === undefined ? {} : { body: request.body }),
  }
  return { input, violations }
}

function readQuery(url: string): [string, string][] {
  const mark = url.indexOf('?')
  return mark < 0 ? [] : [...new URLSearchParams(url.slice(mark + 1))]
}

function readTexts(
  { parameters }: Operation,
  place: Parameter['in'],
  texts: readonly (readonly [string, unknown])[],
): Record<string, unknown> {
  const values: [string, unknown][] = texts.map(([name, text]) => {
    const parameter = parameters.find((one) => one.in === place && one.name === name)
    return [name, parameter ? readText(String(text), parameter.schema) : text]
  })
  return Object.fromEntries(values)
}

/**
 * Of the request's headers only those that are parameters of the operation. An empty one counts as absent, but for
 * a credential: whoever sends an empty secret meant to send one, and must not act with a held key instead.
 */
function selectHeaders({ parameters }: Operation, { headers }: FastifyRequest): [string, unknown][] {
  return parameters
    .filter((parameter) => parameter.in === 'header')
    .filter((parameter) => headers[parameter.name.toLowerCase()] !== '' || isCredential(parameter))
    .map(({ name }): [string, unknown] => [name, headers[name.toLowerCase()]])
    .filter(([, text]) => text !== undefined)
}
