import { standardFormats } from '../document/formats.ts'
import { type JsonSchema, mapSchemas } from '../document/json-schema.ts'

/**
 * Returns a schema that every client can read and that says the same: without a list in a `type`, which some model
 * providers refuse, a value of several types becomes a choice between schemas of one type each. A `format` that no
 * standard knows, an error to a strict validator, is left out; the server checks it all the same. So is `x-secret`.
 */
export function simplifySchema(schema: JsonSchema): JsonSchema {
  const { format, 'x-secret': _, ...mapped } = mapSchemas(schema, simplifySchema)
  const whole = standardFormats.has(String(format)) ? { ...mapped, format } : mapped
  const { type, description, deprecated, ...rest } = whole
  if (!Array.isArray(type)) return whole
  const anyOf = type.flatMap((one) => describeAlternative(one, rest))
  // Nothing fits a schema that is left without an alternative, nor one of its types.
  if (anyOf.length === 0) return { ...whole, type: type[0] }
  return {
    ...(description !== undefined && { description }),
    ...(deprecated === true && { deprecated }),
    anyOf,
  }
}

/** Describes the values of one type; gives nothing where none of the values that the schema names can be of it. */
function describeAlternative(type: unknown, schema: JsonSchema): JsonSchema[] {
  const { enum: choices } = schema
  const named = [choices, 'const' in schema ? [schema.const] : undefined].filter(Array.isArray)
  const fits = (one: unknown) => (one === null) === (type === 'null')
  if (!named.every((values) => values.some(fits))) return []
  if (type === 'null') return [{ type }]
  return [{ type, ...schema, ...(Array.isArray(choices) && { enum: choices.filter(fits) }) }]
}
