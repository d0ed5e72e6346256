import { Ajv } from 'ajv'
import { JSONPath } from 'jsonpath-plus'
import { toFindings } from '../src/description/capability/form-problems.ts'
import type { Finding, Problem } from '../src/description/problem.ts'
import { readSource } from '../src/description/source.ts'

interface Action {
  readonly target: string
  readonly update?: unknown
  readonly remove?: boolean
}

interface Match {
  readonly value: unknown
  readonly parent: unknown
  readonly parentProperty: string | number
}

const text = { type: 'string', minLength: 1 }
const check = new Ajv({ allErrors: true, verbose: true }).compile<{ actions: readonly Action[] }>({
  type: 'object',
  required: ['overlay', 'info', 'actions'],
  properties: {
    overlay: { type: 'string', pattern: '^1\\.0\\.' },
    info: { type: 'object', required: ['title', 'version'], properties: { title: text, version: text } },
    actions: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        required: ['target'],
        properties: { target: { type: 'string', pattern: '^\\$' }, remove: { type: 'boolean' } },
      },
    },
  },
})

/**
 * Finds what is wrong with an overlay for the document it would be applied to, each with its line: a form that is
 * not that of Overlay 1.0, and actions whose target matches nothing, which Overlay 1.0 passes over in silence, so
 * that a fact would be lost with them. Actions build on each other, so each is tried on what those before it leave.
 */
export function findOverlayProblems(source: string, file: string, base: object): Problem[] {
  const { value, problems, lineOf } = readSource(source, file)
  if (problems.length > 0) return [...problems]
  const json: unknown = structuredClone(base)
  const findings = check(value)
    ? value.actions.flatMap((action, index) => tryAction(json, action, index))
    : toFindings(check.errors ?? [])
  return findings.map(({ path, message, expected }) => ({
    file,
    line: lineOf(path),
    message,
    expected,
    severity: 'error',
  }))
}

function tryAction(json: unknown, action: Action, index: number): Finding[] {
  const { target, update, remove } = action
  const path = ['actions', index, 'target']
  if (remove !== true && update === undefined)
    return [{ path, message: `the action on ${target} does nothing`, expected: 'update, or remove: true' }]
  const matches = findMatches(json, target)
  if (!matches)
    return [{ path, message: `the target ${target} cannot be read`, expected: 'a JSONPath expression' }]
  if (matches.length === 0)
    return [
      {
        path,
        message: `the target ${target} matches nothing`,
        expected: 'a target that exists in the derived document',
      },
    ]
  if (remove !== true && matches.some(({ value }) => !isContainer(value)))
    return [{ path, message: `the target ${target} is a plain value`, expected: 'a map or a list' }]
  // The last first: what is taken out of a list moves those behind it.
  for (const match of matches.toReversed())
    if (remove) removeMatch(match)
    else merge(match.value, update)
  return []
}

function findMatches(json: unknown, path: string): Match[] | undefined {
  try {
    return JSONPath({ path, json: Object(json), resultType: 'all', wrap: true, eval: 'safe' })
  } catch {
    return undefined
  }
}

function removeMatch({ parent, parentProperty }: Match): void {
  if (Array.isArray(parent)) parent.splice(Number(parentProperty), 1)
  else if (isContainer(parent)) Reflect.deleteProperty(parent, parentProperty)
}

function merge(place: unknown, update: unknown): void {
  if (Array.isArray(place)) place.push(...[update].flat())
  else if (isContainer(place) && isContainer(update))
    for (const [name, value] of Object.entries(update)) {
      const there: unknown = Reflect.get(place, name)
      if (isContainer(there) && isContainer(value)) merge(there, value)
      else Reflect.set(place, name, structuredClone(value))
    }
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
