import { annotationKeywords } from './document-members.ts'
import type { JsonSchema } from './json-schema.ts'

/** What is about a schema or its value, or is referred to, and stays where programs look for it. */
const outside = new Set([
  ...annotationKeywords,
  ...['example', 'externalDocs', 'xml', '$comment'],
  ...['$id', '$anchor', '$dynamicAnchor', '$defs', 'definitions'],
])

/** Writes `nullable` of OpenAPI 3.0 as JSON Schema does: by the type, or by a choice of the schema and `null`. */
export function allowNull({ nullable: _, ...schema }: JsonSchema): JsonSchema {
  const { type, enum: values } = schema
  if (type !== undefined) {
    const isNamed = Array.isArray(values) && values.length > 0 && !values.includes(null)
    const choices = isNamed ? { enum: [...values, null] } : {}
    return { ...schema, ...choices, type: [...new Set([type, 'null'].flat())] }
  }
  const entries = Object.entries(schema)
  const narrowing = Object.fromEntries(entries.filter(([name]) => !isOutside(name)))
  if (Object.keys(narrowing).length === 0) return schema
  const beside = Object.fromEntries(entries.filter(([name]) => isOutside(name)))
  return { ...beside, anyOf: [...listChoices(narrowing), { type: 'null' }] }
}

function isOutside(name: string): boolean {
  return outside.has(name) || (name.startsWith('x-') && name !== 'x-propertyNames')
}

/** Lists what a schema chooses from, or the only part that it is joined of, where it says nothing else; or the schema. */
function listChoices(schema: JsonSchema): readonly unknown[] {
  const { anyOf, allOf } = schema
  if (Object.keys(schema).length > 1) return [schema]
  if (Array.isArray(anyOf)) return anyOf
  return Array.isArray(allOf) && allOf.length === 1 ? allOf : [schema]
}
