import { asRecord } from './json.ts'

/** A JSON Schema (2020-12) or a fragment of one, with every `$ref` inlined. */
export interface JsonSchema {
  readonly [keyword: string]: unknown
}

/** Keywords of an OpenAPI 3.0 schema that JSON Schema does not know. */
const foreign = new Set(['nullable', 'example', 'discriminator', 'xml', 'externalDocs', 'deprecated'])

/** Keywords that hold one schema, a list of schemas, or schemas by name. */
const single = new Set(['items', 'additionalProperties', 'not'])
const lists = new Set(['oneOf', 'anyOf', 'allOf'])

/**
 * Turns an OpenAPI 3.0.3 schema without references into JSON Schema 2020-12: `nullable` becomes the type null,
 * and `x-propertyNames`, which 3.0.3 has no keyword for, becomes `propertyNames`.
 */
export function toJsonSchema(schema: unknown): JsonSchema {
  const source = asRecord(schema)
  const entries = Object.entries(source).flatMap(([keyword, value]) => convertKeyword(keyword, value))
  const converted = Object.fromEntries(entries)
  return source.nullable === true ? allowNull(converted) : converted
}

function convertKeyword(keyword: string, value: unknown): [string, unknown][] {
  if (keyword === 'x-propertyNames') return [['propertyNames', value]]
  if (foreign.has(keyword) || keyword.startsWith('x-')) return []
  if (keyword === 'properties')
    return [
      [
        keyword,
        Object.fromEntries(Object.entries(asRecord(value)).map(([name, one]) => [name, toJsonSchema(one)])),
      ],
    ]
  if (lists.has(keyword) && Array.isArray(value)) return [[keyword, value.map(toJsonSchema)]]
  if (single.has(keyword) && typeof value === 'object') return [[keyword, toJsonSchema(value)]]
  return [[keyword, value]]
}

function allowNull(schema: JsonSchema): JsonSchema {
  const named: readonly unknown[] = Array.isArray(schema.enum) ? schema.enum : []
  const choices = named.length > 0 && !named.includes(null) ? { enum: [...named, null] } : {}
  if (schema.type === undefined) return { anyOf: [schema, { type: 'null' }] }
  return { ...schema, ...choices, type: [schema.type, 'null'] }
}
