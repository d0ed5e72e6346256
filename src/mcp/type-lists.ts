import { isObject } from '../document/json.ts'
import type { JsonSchema } from '../document/json-schema.ts'

const withSchemas = new Set(['properties', '$defs'])
const withSchema = new Set(['items', 'additionalProperties', 'not', 'anyOf', 'oneOf', 'allOf'])

/**
 * Returns a schema with the same meaning and no list in a `type`, which some model providers refuse: a value of several
 * types becomes a choice between schemas of one type each.
 */
export function splitTypes(schema: JsonSchema): JsonSchema {
  const parts = Object.entries(schema).map(([keyword, value]) => [keyword, splitWithin(keyword, value)])
  const { type, description, ...rest }: JsonSchema = Object.fromEntries(parts)
  if (!Array.isArray(type)) return Object.fromEntries(parts)
  const anyOf = type.map((one) => (one === 'null' ? { type: one } : { type: one, ...withoutNull(rest) }))
  return description === undefined ? { anyOf } : { description, anyOf }
}

function splitWithin(keyword: string, value: unknown): unknown {
  if (Array.isArray(value) && withSchema.has(keyword))
    return value.map((one) => (isObject(one) ? splitTypes(one) : one))
  if (!isObject(value)) return value
  if (withSchema.has(keyword)) return splitTypes(value)
  if (!withSchemas.has(keyword)) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, isObject(one) ? splitTypes(one) : one]),
  )
}

/** A choice of values without null, which has a schema of its own. */
function withoutNull(schema: JsonSchema): JsonSchema {
  return Array.isArray(schema.enum) ? { ...schema, enum: schema.enum.filter((one) => one !== null) } : schema
}
