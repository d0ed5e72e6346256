import { asRecord, isObject, readOwn } from './json.ts'

/** A JSON Schema (2020-12) or a fragment of one; references lead into the `$defs` of the schema that it is a part of. */
export interface JsonSchema {
  readonly [keyword: string]: unknown
}

/** Keywords that hold schemas by name; every other object or list of objects but a value is a schema or some. */
const named = new Set(['properties', 'patternProperties', 'dependentSchemas', '$defs'])
const values = new Set(['enum', 'const', 'default', 'examples', 'required', 'type', 'dependentRequired'])

/** Maps the schemas that a schema has as its parts, and leaves everything else as it is. */
export function mapSchemas(schema: JsonSchema, map: (part: JsonSchema) => JsonSchema): JsonSchema {
  const mapOne = (part: unknown): unknown => (isObject(part) ? map(part) : part)
  return mapValues(schema, (value, keyword) => {
    if (values.has(keyword)) return value
    if (named.has(keyword)) return mapValues(asRecord(value), mapOne)
    return Array.isArray(value) ? value.map(mapOne) : mapOne(value)
  })
}

/** Maps the members of an object. */
export function mapValues(part: JsonSchema, map: (value: unknown, name: string) => unknown): JsonSchema {
  return Object.fromEntries(Object.entries(part).map(([name, value]) => [name, map(value, name)]))
}

/** Gives a schema that is only a reference as what it refers to, within the root that has its `$defs`. */
export function dereference(schema: unknown, root: JsonSchema): JsonSchema {
  let here = asRecord(schema)
  for (let hops = 0; typeof here.$ref === 'string' && hops < 16; hops += 1) {
    const { $ref, ...beside } = here
    here = { ...asRecord(readOwn(root.$defs, String($ref).slice('#/$defs/'.length))), ...beside }
  }
  return here
}

/** Describes an object of the given members, whose `$defs` become those of the object. */
export function describeObject(
  members: Readonly<Record<string, JsonSchema>>,
  required: readonly string[],
): JsonSchema {
  const all: Record<string, unknown> = {}
  const properties = mapValues(members, (member) => {
    const { $defs, ...schema } = asRecord(member)
    Object.assign(all, $defs)
    return schema
  })
  const own = { type: 'object', properties, required, additionalProperties: false }
  return Object.keys(all).length > 0 ? { ...own, $defs: all } : own
}
