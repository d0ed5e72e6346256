import type { FastifyRequest } from 'fastify'
import type { Operation } from '../document/operations.ts'
import { readText } from '../document/parameter-text.ts'
import { type CallInput, isCredential } from '../document/validation.ts'
import { mostViolations } from '../document/violations.ts'
import type { Violation } from '../errors/gateway-error.ts'

/** A REST request read as the arguments of a call, with what already showed to be wrong while reading. */
export interface RequestInput {
  readonly input: CallInput
  readonly violations: readonly Violation[]
}

/** Reads path, query, headers and body of a request into typed values; unknown query keys stay in, to be refused. */
export function readRequest(operation: Operation, request: FastifyRequest): RequestInput {
  const query = readQuery(request.url)
  const places = {
    path: readDescribed(operation, 'path', Object(request.params)),
    query: readAll(operation, query),
    header: readDescribed(operation, 'header', request.headers),
  }
  const input = request.rawBody === undefined ? places : { ...places, body: request.body }
  return { input, violations: query.length > 1 ? findRepeated(query) : [] }
}

function findRepeated(query: readonly (readonly [string, string])[]): Violation[] {
  const seen = new Set<string>()
  const repeated = new Set(query.map(([name]) => name).filter((name) => seen.has(name) || !seen.add(name)))
  return [...repeated].slice(0, mostViolations).map((name) => ({
    location: `query.${name.slice(0, 64)}`,
    rule: 'uniqueKeys',
    message: 'stands more than once; give it one value',
  }))
}

function readQuery(url: string): [string, string][] {
  const mark = url.indexOf('?')
  return mark < 0 ? [] : [...new URLSearchParams(url.slice(mark + 1))]
}

/** Every text of the query, what is not described included. */
function readAll(
  { parameters }: Operation,
  texts: readonly (readonly [string, string])[],
): Record<string, unknown> {
  if (texts.length === 0) return {}
  const values = texts.map(([name, text]): [string, unknown] => {
    const parameter = parameters.find((one) => one.in === 'query' && one.name === name)
    return [name, parameter ? readText(text, parameter.schema) : text]
  })
  return Object.fromEntries(values)
}

/**
 * Of the path's variables and of the headers only the operation's parameters. An empty header counts as absent, but
 * for a credential: whoever sends an empty secret meant to send one, and must not act with a held key instead.
 */
function readDescribed(
  { parameters }: Operation,
  place: 'path' | 'header',
  texts: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const values: Record<string, unknown> = {}
  for (const parameter of parameters) {
    if (parameter.in !== place) continue
    const { name, schema } = parameter
    const text = texts[place === 'header' ? name.toLowerCase() : name]
    if (text === undefined || (text === '' && place === 'header' && !isCredential(parameter))) continue
    values[name] = readText(String(text), schema)
  }
  return values
}
