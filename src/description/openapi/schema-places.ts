import type { Path } from '../problem.ts'
import { type PartVisitor, walkParts } from './references.ts'

/** Members that are a schema, and those that hold some, by name or in a list. */
const single = new Set([
  ...['schema', 'items', 'additionalProperties', 'unevaluatedItems', 'unevaluatedProperties'],
  ...['itemSchema', 'propertyNames', 'contains', 'not', 'if', 'then', 'else'],
])
const several = new Set([
  ...['schemas', 'properties', 'patternProperties', 'dependentSchemas', '$defs', 'definitions'],
  ...['allOf', 'anyOf', 'oneOf', 'prefixItems', 'items'],
])

/** Visits the schemas of a document, as `walkParts` does its parts. */
export function walkSchemas(document: unknown, onSchema: PartVisitor): void {
  walkParts(document, (part, path) => {
    if (isSchemaPlace(path)) onSchema(part, path)
  })
}

function isSchemaPlace(path: Path): boolean {
  return single.has(`${path.at(-1)}`) || several.has(`${path.at(-2)}`)
}
