/**
 * How much a problem costs: the whole file (`error`), the operation or schema that it is about, which is left out
 * (`omission`), or nothing (`warning`).
 */
export type Severity = 'error' | 'omission' | 'warning'

/** A position in a source file; both are counted from 1, columns in UTF-16 code units. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** A position in a file. */
export interface Place extends Position {
  readonly file: string
}

/** Writes where a message is about, before it: nothing where that is unknown. */
export function formatPlace(place: Place | undefined): string {
  return place ? `${place.file}:${place.line}: ` : ''
}

/** A member of settings with names or files that may not be there. */
export type PlacedMember =
  | 'files'
  | 'overlays'
  | 'schemas'
  | 'tags'
  | 'operations'
  | 'exclude'
  | 'serverVariables'
  | 'allowReferences'

/** Finds where settings have a name, or a file; undefined where they do not. */
export type FindPlace = (member: PlacedMember, text: string) => Place | undefined

/** One thing wrong with a source file, at its position. */
export interface DescriptionProblem extends Place {
  readonly message: string
  readonly expected: string
  readonly severity: Severity
}

/** A place in a YAML document: keys and indexes from its root. */
export type Path = readonly (string | number)[]

/** Something found wrong at a path, before its position is known. */
export interface Finding {
  readonly path: Path
  readonly message: string
  readonly expected: string
  readonly severity?: Severity
}

/** Turns a finding into a problem of a file; `positionOf` finds the position of its path there. */
export function toProblem(
  { path, severity = 'error', ...said }: Finding,
  file: string,
  positionOf: (path: Path) => Position,
): DescriptionProblem {
  return { file, ...positionOf(path), ...said, severity }
}

/** Makes the finding that something stands at a path for the second time. */
export function reportTwice(path: Path, what: string): Finding {
  return { path, message: `${what} stands twice`, expected: 'it once' }
}

/** Describes the names that would have been right, for a finding's `expected`. */
export function describeNames(names: readonly string[]): string {
  return names.length === 0 ? 'nothing there' : `one of ${names.join(', ')}`
}

const words = { error: 'error', omission: 'left out', warning: 'warning' } as const

/** Writes a problem as one line: file, line, what is wrong, what would be right. */
export function formatProblem({ file, line, severity, message, expected }: DescriptionProblem): string {
  return `${file}:${line}: ${words[severity]}: ${message}; expected ${expected}`
}
