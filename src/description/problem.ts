/** One thing wrong with a source file, at its place. A warning does not stop anything. */
export interface Problem {
  readonly file: string
  /** Counted from 1. */
  readonly line: number
  readonly message: string
  readonly expected: string
  readonly severity: 'error' | 'warning'
}

/** A place in a YAML document: keys and indexes from its root. */
export type Path = readonly (string | number)[]

/** Something found wrong at a path, before its line is known. */
export interface Finding {
  readonly path: Path
  readonly message: string
  readonly expected: string
  readonly severity?: Problem['severity']
}

/** The finding that something stands at a path for the second time. */
export function reportTwice(path: Path, what: string): Finding {
  return { path, message: `${what} stands twice`, expected: 'it once' }
}

/** The names that would have been right, for a finding's `expected`. */
export function describeNames(names: readonly string[]): string {
  return names.length === 0 ? 'nothing there' : `one of ${names.join(', ')}`
}
