import { METHODS } from 'node:http'
import { asRecord, isObject } from '../../document/json.ts'
import { hasDotSegment } from '../../document/parameter-writing.ts'
import { identifyParameter } from '../../document/parameters.ts'
import { findRepeatedVariable, splitPathKey } from '../../document/path-template.ts'
import { methods } from '../../document/responses.ts'
import type { Finding, Path } from '../problem.ts'
import { resolvePart } from './references.ts'

/** An operation with what its path item says for all of its operations. */
export interface PathOperation {
  /** What problems call it, `GET /users`. */
  readonly name: string
  /** The path as the document spells it. */
  readonly spelled: string
  /** Lower case for the methods that OpenAPI has a name for, otherwise in capitals. */
  readonly method: string
  readonly operation: Readonly<Record<string, unknown>>
  readonly path: Path
}

/**
 * Lists the operations of a document, those of OpenAPI 3.2 included: the method `query` and `additionalOperations`.
 * What a path item says of parameters and servers becomes the operations' own (OpenAPI 3.1.1 §4.8.9).
 */
export function listPathOperations(document: Readonly<Record<string, unknown>>): {
  readonly operations: readonly PathOperation[]
  readonly findings: readonly Finding[]
} {
  const findings: Finding[] = []
  const refuse = (path: Path, message: string, expected: string) => {
    findings.push({ path, message, expected, severity: 'omission' })
    return []
  }
  const operations = Object.entries(asRecord(document.paths)).flatMap(([spelled, part]): PathOperation[] => {
    const place = ['paths', spelled]
    if (spelled.startsWith('x-')) return []
    if (!spelled.startsWith('/')) return refuse(place, `the path ${spelled} is left out`, `/${spelled}`)
    if (/\{[^}]*(?:\{|$)/.test(spelled))
      return refuse(
        place,
        `the path ${spelled} is left out: a brace is not closed`,
        'a variable such as {id}',
      )
    const repeated = findRepeatedVariable(splitPathKey(spelled).path)
    if (repeated !== undefined)
      return refuse(
        place,
        `the path ${spelled} is left out: the variable {${repeated}} stands twice`,
        'a name of its own for each variable',
      )
    if (hasDotSegment(spelled))
      return refuse(
        place,
        `the path ${spelled} is left out: its dots lead to another path`,
        'the path that they lead to',
      )
    const item = readItem(document, part)
    if (!isObject(item)) return refuse(place, `the path ${spelled} says nothing`, 'a Path Item Object')
    const named = methods.map((method) => [method, item[method], [...place, method]] as const)
    const additional = Object.entries(asRecord(item.additionalOperations)).map(
      ([method, one]) => [method.toUpperCase(), one, [...place, 'additionalOperations', method]] as const,
    )
    return [...named, ...additional].flatMap(([method, one, path]) => {
      if (one === undefined) return []
      const name = `${method.toUpperCase()} ${spelled}`
      if (!isServed(method.toUpperCase()))
        return refuse(path, `${name} is left out`, 'a method that servers take')
      if (!isObject(one)) return refuse(path, `${name} says nothing`, 'an Operation Object')
      return [{ name, spelled, method, path, operation: inherit(document, one, item) }]
    })
  })
  return { operations, findings }
}

/** Resolves the reference of a Path Item Object; what stands beside it holds as well. */
function readItem(document: unknown, part: unknown): unknown {
  const found = resolvePart(document, part)
  return isObject(found) && isObject(part) ? { ...found, ...part } : found
}

/**
 * Returns whether a method is served. Node reads these alone; CONNECT asks for a tunnel, and a server must not repeat
 * credentials to TRACE (RFC 9110 §9.3).
 */
function isServed(method: string): boolean {
  return method === 'QUERY' || (METHODS.includes(method) && method !== 'CONNECT' && method !== 'TRACE')
}

function inherit(
  document: unknown,
  operation: Readonly<Record<string, unknown>>,
  item: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const own = [operation.parameters ?? []].flat()
  const identify = (part: unknown) => identifyParameter(asRecord(resolvePart(document, part)))
  const overridden = new Set(own.map(identify))
  const shared = [item.parameters ?? []].flat().filter((part) => !overridden.has(identify(part)))
  const { summary = item.summary, description = item.description, servers = item.servers } = operation
  const inherited = Object.entries({ summary, description, servers }).filter(
    ([, value]) => value !== undefined,
  )
  return {
    ...operation,
    ...Object.fromEntries(inherited),
    parameters: [...own, ...shared],
  }
}
