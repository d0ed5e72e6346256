/**
 * How much a problem costs: the whole file (`error`), the operation or schema that it is about, which is left out
 * (`omission`), or nothing (`warning`).
 */
export type Severity = 'error' | 'omission' | 'warning'

/** One thing wrong with a source file, at its place. */
export interface Problem {
  readonly file: string
  /** Counted from 1. */
  readonly line: number
  readonly message: string
  readonly expected: string
  readonly severity: Severity
}

/** A place in a YAML document: keys and indexes from its root. */
export type Path = readonly (string | number)[]

/** Something found wrong at a path, before its line is known. */
export interface Finding {
  readonly path: Path
  readonly message: string
  readonly expected: string
  readonly severity?: Severity
}

/** The finding that something stands at a path for the second time. */
export function reportTwice(path: Path, what: string): Finding {
  return { path, message: `${what} stands twice`, expected: 'it once' }
}

/** The names that would have been right, for a finding's `expected`. */
export function describeNames(names: readonly string[]): string {
  return names.length === 0 ? 'nothing there' : `one of ${names.join(', ')}`
}
