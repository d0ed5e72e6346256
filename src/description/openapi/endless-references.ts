import { followPointer } from '../../document/document.ts'
import { isObject } from '../../document/json.ts'
import type { Path } from '../problem.ts'
import { type Reference, readPart } from './references.ts'

/** The keywords whose schemas check the same value as the schema around them (JSON Schema 2020-12 §10.2). */
const applicators = ['allOf', 'anyOf', 'oneOf', 'not', 'if', 'then', 'else', 'dependentSchemas'] as const

/**
 * Lists those of a document's references by which schemas come back to themselves for the same value, as
 * `A: { allOf: [A] }` does: checking a value by it would never end (JSON Schema 2020-12 §9.4.1). A tree, whose
 * references lead to a part of the value, is none. Of each circle one reference is listed; where several circles have
 * parts in common, some are left for another time.
 */
export function listEndlessReferences(document: unknown, listed: readonly Reference[]): Reference[] {
  const references = new Map(listed.map((reference) => [readPart(document, reference.path), reference]))
  const endless = new Set<Reference>()
  /** Schemas being visited, each with the number of references that led there. */
  const open = new Map<unknown, number>()
  const done = new Set<unknown>()
  const followed: Reference[] = []
  function* follow(reference: Reference): Walk {
    const target = followPointer(document, reference.target)
    followed.push(reference)
    const start = open.get(target)
    if (start === undefined) yield visit(target)
    else endless.add(chooseReference(followed.slice(start)) ?? reference)
    followed.pop()
  }
  function* visit(schema: unknown): Walk {
    if (Array.isArray(schema)) for (const one of schema) yield visit(one)
    if (!isObject(schema) || done.has(schema)) return
    open.set(schema, followed.length)
    const reference = references.get(schema)
    if (reference) yield follow(reference)
    for (const keyword of applicators) {
      const part = schema[keyword]
      yield visit(keyword === 'dependentSchemas' && isObject(part) ? Object.values(part) : part)
    }
    open.delete(schema)
    done.add(schema)
  }
  // Whatever is in a circle can be reached from the target of a reference in it.
  const targets = new Set(listed.map(({ target }) => target))
  for (const target of targets) run(visit(followPointer(document, target)))
  return [...endless]
}

/** A walk gives the walks that come before its own next step. */
type Walk = Generator<Walk, void>

/** Runs a walk in a list of its own: references may follow one another further than the stack goes. */
function run(walk: Walk): void {
  const open = [walk]
  for (let last = open.at(-1); last; last = open.at(-1)) {
    const { value } = last.next()
    if (value) open.push(value)
    else open.pop()
  }
}

/** A base that lists its kinds, each of which extends the base, keeps its list: it says most. */
function chooseReference(circle: readonly Reference[]): Reference | undefined {
  return circle.find(({ path }) => path.at(-2) === 'allOf') ?? circle.find(({ path }) => !isChoice(path))
}

/** Returns whether a schema is one of several that a value may match, or one that it must not. */
export function isChoice(path: Path): boolean {
  const [parent, last] = path.slice(-2)
  return parent === 'anyOf' || parent === 'oneOf' || last === 'not' || last === 'if'
}
