import type { Operation } from '../document/operations.ts'
import { createPathPattern, listVariables, splitPathKey } from '../document/path-template.ts'

/** A write, as far as it tells which responses it makes stale. */
export interface Write {
  readonly operation: Operation
  /** Names and values of the path variables, the values as they stand in the URL. */
  readonly variables: ReadonlyMap<string, string>
}

/** Reads the path of an upstream request, in which a base URL's path may not stand. */
export function readWrite(operation: Operation, path: string): Write {
  const template = splitPathKey(operation.path).path
  const values = createPathPattern(template).exec(path.replace(/\?.*$/s, ''))?.slice(1) ?? []
  const names = listVariables(template)
  return { operation, variables: new Map(names.map((name, index) => [name, values[index] ?? ''])) }
}

/**
 * True when a write makes the response of another stale: the other's operation says so (`x-redeliver`), and both have the
 * same values of the path variables that both have.
 */
export function isStale(kept: Write, write: Write): boolean {
  if (!kept.operation.redeliver?.includes(write.operation.id)) return false
  return [...write.variables].every(([name, value]) => (kept.variables.get(name) ?? value) === value)
}
