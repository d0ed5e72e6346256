import type { OpenApiDocument } from './document.ts'
import { asRecord } from './json.ts'
import { type OperationReport, readOperations } from './operations.ts'
import { type Comparison, createComparison } from './response-mismatch.ts'
import { reserveHeaders } from './security.ts'
import { type CheckedOperation, compileOperations, type SchemaReport } from './validation.ts'

/** How the operations of a document are served. */
export interface ServedOptions {
  /** Names, in lower case, of the headers that the gateway reads for itself. */
  readonly reserved: readonly string[]
  /** Called for an operation that cannot be read, with its method and path. */
  readonly onUnserved: OperationReport
  /** Called for a schema that does not compile, with the operation's id; it is not checked. */
  readonly onUnchecked: SchemaReport
}

/** A document and its operations, each without what cannot be served. */
export interface Served {
  readonly document: OpenApiDocument
  readonly operations: readonly CheckedOperation[]
  /** Compares responses with the document. */
  readonly compare: Comparison
}

/** Reads the operations that can be served, and removes the others from the document. */
export function readServed(document: OpenApiDocument, options: ServedOptions): Served {
  const unserved = new Set<string>()
  const read = readOperations(document, (operation, reason) => {
    unserved.add(operation)
    options.onUnserved(operation, reason)
  })
  const reserved = read.map((one) => reserveHeaders(one, options.reserved))
  const operations = compileOperations(reserved, options.onUnchecked)
  const served = unserved.size === 0 ? document : removeOperations(document, unserved)
  return { document: served, operations, compare: createComparison(served) }
}

/** Reads a document as `readServed` does. */
export type ServedReader = typeof readServed

/**
 * Creates a reader that remembers what it read last: for the same document, and the same headers reserved, it gives the
 * same operations with their compiled checks.
 */
export function createServedReader(): ServedReader {
  let last: { document: OpenApiDocument; reserved: string; served: Served } | undefined
  return (document, options) => {
    const reserved = options.reserved.join()
    if (last?.document !== document || last.reserved !== reserved)
      last = { document, reserved, served: readServed(document, options) }
    return last.served
  }
}

/** Removes operations by `METHOD /path`. */
function removeOperations(document: OpenApiDocument, names: ReadonlySet<string>): OpenApiDocument {
  const keep = (path: string, members: unknown) =>
    Object.fromEntries(
      Object.entries(asRecord(members)).filter(([method]) => !names.has(`${method.toUpperCase()} ${path}`)),
    )
  const paths = Object.entries(document.paths).map(([path, item]) => {
    const { additionalOperations } = asRecord(item)
    const additional = additionalOperations !== undefined && {
      additionalOperations: keep(path, additionalOperations),
    }
    return [path, { ...keep(path, item), ...additional }] as const
  })
  return { ...document, paths: Object.fromEntries(paths) }
}
