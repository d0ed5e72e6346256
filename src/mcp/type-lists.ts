import { type JsonSchema, mapSchemas } from '../document/json-schema.ts'

/**
 * Returns a schema with the same meaning and no list in a `type`, which some model providers refuse: a value of several
 * types becomes a choice between schemas of one type each.
 */
export function splitTypes(schema: JsonSchema): JsonSchema {
  const mapped = mapSchemas(schema, splitTypes)
  const { type, description, ...rest } = mapped
  if (!Array.isArray(type)) return mapped
  const anyOf = type.map((one) => (one === 'null' ? { type: one } : { type: one, ...withoutNull(rest) }))
  return description === undefined ? { anyOf } : { description, anyOf }
}

/** A choice of values without null, which has a schema of its own. */
function withoutNull(schema: JsonSchema): JsonSchema {
  return Array.isArray(schema.enum) ? { ...schema, enum: schema.enum.filter((one) => one !== null) } : schema
}
