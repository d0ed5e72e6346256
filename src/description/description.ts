import type { DescriptionProblem, Path, Position } from './problem.ts'

/** An operation with everything that its description says of it, as OpenAPI 3.1. */
export interface DescribedOperation {
  /** The key of `paths` it belongs under, see `splitPathKey`. */
  readonly key: string
  /** Lower case (`get`); as the description spells it for methods that OpenAPI has no name for. */
  readonly method: string
  /** The Operation Object; references lead to the description's components. */
  readonly operation: Readonly<Record<string, unknown>>
  /** Looks for the operation in its file. */
  readonly findPosition: () => Position
}

/** One description as OpenAPI 3.1, before it is merged with others. */
export interface Description {
  /** The file as it was named. */
  readonly file: string
  /** What tells it from others: the name of the file without folder and ending. */
  readonly name: string
  readonly kind: 'capability' | 'openapi'
  /** Hash of what it says; equal ones belong to copies. Only where there are several. */
  readonly content?: string
  /** The document without its paths. */
  readonly document: Readonly<Record<string, unknown>>
  readonly operations: readonly DescribedOperation[]
  readonly problems: readonly DescriptionProblem[]
  /** Position of a place of the document, in the file. */
  readonly positionOf: (path: Path) => Position
}

/** An operation of the merged document. */
export interface MergedOperation extends DescribedOperation {
  readonly description: Description
  /** The API's base URL, where one is known. */
  readonly baseUrl?: string
}
