import { Ajv } from 'ajv'
import { query } from 'json-p3'
import { readOwn } from '../../document/json.ts'
import { once } from '../../document/once.ts'
import { formOptions, toFindings } from '../form-problems.ts'
import { type DescriptionProblem, type Finding, type Path, toProblem } from '../problem.ts'
import { readSource } from '../source.ts'
import { type Action, overlaySchema } from './overlay-schema.ts'

/** What applying an overlay came to. */
export interface OverlaidDocuments {
  /** Copies of the documents with the overlay applied; what an action with a problem would have done is missing. */
  readonly documents: readonly object[]
  readonly problems: readonly DescriptionProblem[]
}

interface Match {
  readonly value: unknown
  readonly parent: unknown
  readonly member: string | number
}

const compileCheck = once(() => new Ajv(formOptions).compile<{ actions: readonly Action[] }>(overlaySchema))

/**
 * Applies an overlay (its text; `file` is the name in its problems) to documents. An action whose target matches
 * nothing in any of them is a problem: the specification passes over it, and a correction would be lost unnoticed.
 * Actions build on each other, so each is applied to what those before it leave.
 */
export function applyOverlay(source: string, file: string, documents: readonly object[]): OverlaidDocuments {
  const { value, problems, positionOf } = readSource(source, file)
  if (problems.length > 0) return { documents, problems }
  const copies = structuredClone(documents)
  const check = compileCheck()
  const findings = check(value)
    ? value.actions.flatMap((action, index) => applyAction(copies, action, ['actions', index]))
    : toFindings(check.errors ?? [])
  return {
    documents: copies,
    problems: findings.map((one) => toProblem(one, file, positionOf)),
  }
}

function applyAction(documents: readonly object[], action: Action, place: Path): Finding[] {
  const { target, update, copy, remove } = action
  const refuse = (message: string, expected: string, key = 'target') => [
    { path: [...place, key], message, expected },
  ]
  if (remove !== true && update === undefined && copy === undefined)
    return refuse(`the action on ${target} does nothing`, 'update, copy, or remove: true')
  const matches = documents.flatMap((document) => {
    const found = findMatches(document, target)
    return found ? [{ document, found }] : []
  })
  if (matches.length < documents.length)
    return refuse(`the target ${target} cannot be read`, 'a JSONPath expression')
  if (matches.every(({ found }) => found.length === 0))
    return refuse(`the target ${target} matches nothing`, 'a target that exists in the document')
  return matches.flatMap(({ document, found }) => {
    if (remove) {
      // The last first: what is taken out of a list moves those behind it.
      for (const match of found.toSorted((one, other) => toIndex(other) - toIndex(one))) removeMatch(match)
      return []
    }
    const change = update === undefined && copy !== undefined ? findOne(document, copy) : update
    if (change === undefined) return refuse(`${copy} is not one place`, 'a JSONPath of one value', 'copy')
    if (found.some(({ value }) => isContainer(change) && !isContainer(value)))
      return refuse(`the target ${target} is a plain value`, 'a map or a list')
    const key = update === undefined ? 'copy' : 'update'
    const mismatch = found.flatMap(({ value }) => findMismatch(value, change) ?? [])[0]
    if (mismatch !== undefined) return refuse(`the ${key} of ${target} has ${mismatch}`, 'a map', key)
    for (const match of found) applyChange(match, change)
    return []
  })
}

function findMatches(document: object, path: string): Match[] | undefined {
  try {
    // Foreign boundary: json-p3 takes its own type of JSON values.
    const { nodes } = query(path, document as Parameters<typeof query>[1])
    // A target can select a place twice (RFC 9535 §2.1.2), in whatever order.
    const places = new Map(nodes.map((node) => [JSON.stringify(node.location), node]))
    return [...places.values()].map(({ value, location }) => ({
      value,
      parent: location.slice(0, -1).reduce<unknown>((at, name) => readOwn(at, `${name}`), document),
      member: location.at(-1) ?? '',
    }))
  } catch {
    return undefined
  }
}

function findOne(document: object, path: string): unknown {
  const [match, ...more] = findMatches(document, path) ?? []
  return more.length === 0 ? structuredClone(match?.value) : undefined
}

/** Returns the index of an element of a list; -1 for a member of an object. */
function toIndex({ member }: Match): number {
  return typeof member === 'number' ? member : -1
}

function removeMatch({ parent, member }: Match): void {
  if (Array.isArray(parent)) parent.splice(Number(member), 1)
  else if (isContainer(parent)) Reflect.deleteProperty(parent, member)
}

/** Finds what a change has for a map that cannot be merged into it (Overlay 1.1.0, Action Object). */
function findMismatch(place: unknown, change: unknown, name?: string): string | undefined {
  if (!isContainer(place) || Array.isArray(place)) return undefined
  const map = name === undefined ? 'a map' : `the map ${name}`
  if (Array.isArray(change)) return `a list for ${map}`
  // Within a map a plain value may take the place of one.
  if (!isContainer(change)) return name === undefined ? `a plain value for ${map}` : undefined
  const members = Object.entries(change)
  return members.map(([one, value]) => findMismatch(readOwn(place, one), value, one)).find(Boolean)
}

/** Merges maps, appends to lists, and replaces plain values by plain values (Overlay 1.1.0). */
function applyChange({ value, parent, member }: Match, change: unknown): void {
  if (isContainer(value)) merge(value, change)
  else if (isContainer(parent)) setMember(parent, member, change)
}

function merge(place: object, update: unknown): void {
  if (Array.isArray(place)) place.push(...structuredClone([update].flat()))
  else if (isContainer(update))
    for (const [name, value] of Object.entries(update)) {
      const there = readOwn(place, name)
      if (isContainer(there) && isContainer(value)) merge(there, value)
      else setMember(place, name, structuredClone(value))
    }
}

/** Sets a member, of which one called `__proto__` is a member like any other. */
function setMember(place: object, name: string | number, value: unknown): void {
  Object.defineProperty(place, name, { value, writable: true, enumerable: true, configurable: true })
}

function isContainer(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
