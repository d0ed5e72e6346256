import { onceFor } from '../document/once.ts'
import type { Operation } from '../document/operations.ts'
import { createPathPattern, listPathVariables, splitPathKey } from '../document/path-template.ts'

/** What a write says of kept responses, as names of marks that replicas can share. */
export interface WriteMarks {
  /** The marks that make its own response stale. */
  readonly own: readonly string[]
  /** The marks that it sets: it makes the responses stale that have one of them. */
  readonly sets: readonly string[]
}

/**
 * Returns how the marks of a write are read from its operation and path. A write makes the response of another stale
 * where the other's operation says so (`x-redeliver`), and both have the same values of the path variables that both
 * have. A base URL's path may not stand in the path.
 */
export function createMarkReader(
  operations: readonly Operation[],
): (operation: Operation, path: string) => WriteMarks {
  const byId = new Map(operations.map((operation) => [operation.id, operation]))
  const pairs = operations.flatMap((kept) =>
    (kept.redeliver ?? []).flatMap((id) => {
      const write = byId.get(id)
      if (!write) return []
      const names = new Set(listPathVariables(splitPathKey(write.path).path))
      const shared = listPathVariables(splitPathKey(kept.path).path).filter((name) => names.has(name))
      return [{ kept: kept.id, write: write.id, shared: shared.sort() }]
    }),
  )
  const byKept = Map.groupBy(pairs, ({ kept }) => kept)
  const byWrite = Map.groupBy(pairs, ({ write }) => write)
  return (operation, path) => {
    const own = byKept.get(operation.id) ?? []
    const sets = byWrite.get(operation.id) ?? []
    if (own.length + sets.length === 0) return { own: [], sets: [] }
    const variables = createVariableReader(operation)(path)
    const name = ({ kept, write, shared }: (typeof pairs)[number]) =>
      JSON.stringify([kept, write, ...shared.map((one) => variables.get(one))])
    return { own: own.map(name), sets: sets.map(name) }
  }
}

/** Prepares the reading of the path variables by their names, the values as they stand in the URL. */
const createVariableReader = onceFor((operation: Operation) => {
  const template = splitPathKey(operation.path).path
  const pattern = createPathPattern(template)
  const names = listPathVariables(template)
  return (path: string): ReadonlyMap<string, string> => {
    const values = pattern.exec(path.replace(/\?.*$/s, ''))?.slice(1) ?? []
    return new Map(names.map((name, index) => [name, values[index] ?? '']))
  }
})
