import { standardFormats } from '../document/formats.ts'
import { type JsonSchema, mapSchemas } from '../document/json-schema.ts'

/**
 * Returns a schema that every client can read and that says the same: without a list in a `type`, which some model
 * providers refuse, a value of several types becomes a choice between schemas of one type each. A `format` that no
 * standard knows, an error to a strict validator, is left out; the server checks it all the same.
 */
export function simplifySchema(schema: JsonSchema): JsonSchema {
  const { format, ...mapped } = mapSchemas(schema, simplifySchema)
  const whole = standardFormats.has(String(format)) ? { ...mapped, format } : mapped
  const { type, description, ...rest } = whole
  if (!Array.isArray(type)) return whole
  const anyOf = type.map((one) => (one === 'null' ? { type: one } : { type: one, ...withoutNull(rest) }))
  return description === undefined ? { anyOf } : { description, anyOf }
}

/** Returns a choice of values without null, which has a schema of its own. */
function withoutNull(schema: JsonSchema): JsonSchema {
  return Array.isArray(schema.enum) ? { ...schema, enum: schema.enum.filter((one) => one !== null) } : schema
}
