import { schemaLists, schemasByName, singleSchemas } from '../../document/document-members.ts'
import type { Path } from '../problem.ts'
import { type PartVisitor, walkParts } from './references.ts'

/** Members that are a schema, and those that hold some, by name or in a list. */
const single = new Set(['schema', 'itemSchema', ...singleSchemas])
const several = new Set(['schemas', 'items', ...schemasByName, ...schemaLists])

/** Visits the schemas of a document, as `walkParts` does its parts. */
export function walkSchemas(document: unknown, onSchema: PartVisitor): void {
  walkParts(document, (part, path) => {
    if (isSchemaPlace(path)) onSchema(part, path)
  })
}

/** Returns whether what stands at a path of a document is a schema. */
export function isSchemaPlace(path: Path): boolean {
  return single.has(`${path.at(-1)}`) || several.has(`${path.at(-2)}`)
}
