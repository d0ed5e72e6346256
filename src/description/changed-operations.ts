import { followPointer, type OpenApiDocument } from '../document/document.ts'
import { asRecord, isObject, readOwn } from '../document/json.ts'
import { methods } from '../document/responses.ts'
import { words } from './joined-schemas.ts'
import { listReferences } from './openapi/references.ts'

type Values = Readonly<Record<string, unknown>>

/** Parts of the operations of one document at most, references written out: a comparison takes memory for each. */
const mostParts = 1_000_000

/**
 * Leaves in two documents the operations alone that differ, in what they say or in what they refer to, and writes their
 * references out, so that each operation that a changed part belongs to has it. A part is written out once for the
 * request of an operation and once for its responses: schemas that lead to one another have no other end. Further
 * references to it stay, and name the component as it was. Throws a `RangeError` where that is too much.
 */
export function expandChanged(
  old: OpenApiDocument,
  next: OpenApiDocument,
): readonly [OpenApiDocument, OpenApiDocument] {
  const isSame = createComparison(old, next)
  const expand = (document: OpenApiDocument, other: OpenApiDocument): OpenApiDocument => {
    const write = createWriter(document)
    const items = Object.entries(document.paths).map(([path, item]): [string, Values] => {
      const counterpart = asRecord(other.paths[path])
      const shared = isSame(item.parameters, counterpart.parameters)
      const keep = (operations: unknown, others: unknown, isMethod: (name: string) => boolean) =>
        Object.fromEntries(
          Object.entries(asRecord(operations)).flatMap(([name, part]): [string, unknown][] => {
            if (!isMethod(name)) return [[name, part]]
            const counterpart = readOwn(others, name)
            if (shared && isSame(part, counterpart)) return []
            const { security, ...rest } = asRecord(part)
            const { security: _security, ...otherRest } = asRecord(counterpart)
            return [[name, shared && isSame(rest, otherRest) ? { security } : writeOperation(part, write)]]
          }),
        )
      const { parameters, additionalOperations, ...rest } = item
      const additional = keep(additionalOperations, counterpart.additionalOperations, () => true)
      return [
        path,
        {
          ...keep(rest, counterpart, (name) => methods.includes(name)),
          ...(parameters !== undefined && { parameters: write(parameters, new Set()) }),
          ...(additionalOperations !== undefined && { additionalOperations: additional }),
        },
      ]
    })
    return { ...document, paths: Object.fromEntries(items) }
  }
  return [expand(old, next), expand(next, old)]
}

function writeOperation(operation: unknown, write: ReturnType<typeof createWriter>): unknown {
  const { responses, ...request } = asRecord(operation)
  const written = asRecord(write(request, new Set()))
  return responses === undefined ? written : { ...written, responses: write(responses, new Set()) }
}

/** Returns whether a part of each document is the same, with all that it refers to. */
function createComparison(old: Values, next: Values): (part: unknown, counterpart: unknown) => boolean {
  const targets = new Map<string, { readonly isSame: boolean; readonly targets: readonly string[] }>()
  const read = (target: string) => {
    const known = targets.get(target)
    if (known) return known
    const [part, counterpart] = [followPointer(old, target), followPointer(next, target)]
    const isSame = JSON.stringify(part) === JSON.stringify(counterpart)
    const found = { isSame, targets: listTargets(part) }
    targets.set(target, found)
    return found
  }
  return (part, counterpart) => {
    if (JSON.stringify(part) !== JSON.stringify(counterpart)) return false
    const reached = new Set(listTargets(part))
    for (const target of reached) {
      const { isSame, targets } = read(target)
      if (!isSame) return false
      for (const further of targets) reached.add(further)
    }
    return true
  }
}

function listTargets(part: unknown): string[] {
  return listReferences(part).map(({ target }) => target)
}

/** Returns a function that writes references out but those to what was written out before, which it collects. */
function createWriter(document: Values): (part: unknown, written: Set<string>) => unknown {
  let parts = 0
  const write = (part: unknown, written: Set<string>, open: readonly string[]): unknown => {
    if (Array.isArray(part)) return part.map((one) => write(one, written, open))
    if (!isObject(part)) return part
    parts += 1
    if (parts > mostParts)
      throw new RangeError(`the operations that changed have more than ${mostParts} parts`)
    const { $ref, ...beside } = part
    const own = Object.entries(beside).map(([name, one]): [string, unknown] => [
      name,
      write(one, written, open),
    ])
    if (typeof $ref !== 'string' || !$ref.startsWith('#/'))
      return Object.fromEntries($ref === undefined ? own : [['$ref', write($ref, written, open)], ...own])
    const isNarrowed = own.some(([name]) => !words.has(name))
    if (open.includes($ref) || (written.has($ref) && !isNarrowed)) return part
    written.add($ref)
    const target = write(followPointer(document, $ref), written, [...open, $ref])
    return own.some(([name]) => !words.has(name) && readOwn(target, name) !== undefined)
      ? { ...Object.fromEntries(own), allOf: [target, ...[readOwn(beside, 'allOf') ?? []].flat()] }
      : { ...asRecord(target), ...Object.fromEntries(own) }
  }
  return (part, written) => write(part, written, [])
}
