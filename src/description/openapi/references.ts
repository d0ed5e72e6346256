import { followPointer, followReferences } from '../../document/document.ts'
import { dataMembers, namedMembers } from '../../document/document-members.ts'
import { isObject, readOwn } from '../../document/json.ts'
import type { Finding, Path } from '../problem.ts'

/** A reference of a document, at the place where it stands. */
export interface Reference {
  readonly target: string
  readonly path: Path
}

/** Called with a part of a document whose members are keywords, and with its path, which changes afterwards. */
export type PartVisitor = (part: Readonly<Record<string, unknown>>, path: Path) => void

/** Lists every reference of a document. A property that is called `$ref` is none. */
export function listReferences(document: unknown): Reference[] {
  const references: Reference[] = []
  walkParts(document, ({ $ref }, path) => {
    if (typeof $ref === 'string') references.push({ target: $ref, path: [...path] })
  })
  return references
}

/**
 * Visits the parts of a document, none of which is inside of an example, a default or an extension. `x-files` holds the
 * documents that were loaded with this one.
 */
export function walkParts(document: unknown, onPart: PartVisitor): void {
  const path: (string | number)[] = []
  const enter = (name: string | number, part: unknown, isNamed: boolean) => {
    path.push(name)
    visit(part, isNamed)
    path.pop()
  }
  const visit = (part: unknown, isNamed: boolean) => {
    if (Array.isArray(part)) for (const index of part.keys()) enter(index, part[index], false)
    else if (isObject(part)) {
      if (!isNamed) onPart(part, path)
      for (const name in part) {
        const one = part[name]
        if (typeof one !== 'object') continue
        const isData = dataMembers.has(name) || (name.startsWith('x-') && name !== 'x-files')
        if (isNamed || !isData) enter(name, one, !isNamed && namedMembers.has(name))
        else if (name === 'examples' && isObject(one)) enter(name, pickReferences(one), true)
      }
    }
  }
  visit(document, false)
}

/** Lists what is wrong with a part of a document. */
export type PartCheck = (...place: Parameters<PartVisitor>) => readonly Finding[]

/** Checks every part of a document. The checks share one walk, which takes longer than they do. */
export function checkParts(document: unknown, checks: readonly PartCheck[]): Finding[] {
  const findings: Finding[] = []
  walkParts(document, (part, path) => {
    for (const check of checks) findings.push(...check(part, path))
  })
  return findings
}

/**
 * Leaves in a map of examples those that stand elsewhere (Reference Objects); the others are data. Swagger 2.0 has
 * examples by their media types, all of them data.
 */
function pickReferences(examples: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(examples).filter(
      ([name, one]) => !name.includes('/') && isObject(one) && typeof one.$ref === 'string',
    ),
  )
}

/** Gives what a part is, as `resolveReference` does, of a document that is still changed. */
export function resolvePart(document: unknown, part: unknown): unknown {
  return followReferences(part, (reference) => followPointer(document, reference))
}

/**
 * Gives what a part is or refers to, with the description of the first reference on the way that has one (OpenAPI 3.1,
 * Reference Object).
 */
export function resolveDescribed(document: unknown, part: unknown): unknown {
  const found = resolvePart(document, part)
  let here = part
  // References that have an end do not come back to themselves.
  while (isObject(found) && isObject(here) && typeof here.$ref === 'string') {
    if (typeof here.description === 'string') return { ...found, description: here.description }
    here = followPointer(document, here.$ref)
  }
  return found
}

/** Replaces the part at a path; nothing happens where there is none. */
export function replacePart(document: unknown, path: Path, replacement: unknown): void {
  const parent = readPart(document, path.slice(0, -1))
  const last = path.at(-1)
  if (last !== undefined && typeof parent === 'object' && parent !== null)
    Reflect.set(parent, last, replacement)
}

/** Gives the part at a path; undefined where there is none. */
export function readPart(document: unknown, path: Path): unknown {
  return path.reduce<unknown>((place, name) => readOwn(place, `${name}`), document)
}
