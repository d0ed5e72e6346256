import { asRecord } from '../../src/document/json.ts'
/** A JSON object, as `JSON.parse` gives it. */
export type JsonObject = Readonly<Record<string, unknown>>

/** Formats that draft-07 validators know; any other makes Dredd's stop. */
const formats = new Set([
  'date-time',
  'date',
  'time',
  'email',
  'uri',
  'uuid',
  'ipv4',
  'ipv6',
  'hostname',
  'regex',
])

/** Keywords of OpenAPI 3.0 that JSON Schema does not have, or has under another meaning. */
const foreign = new Set([
  'nullable',
  'example',
  'discriminator',
  'xml',
  'deprecated',
  'externalDocs',
  'format',
])

/**
 * Turns an OpenAPI 3.0 schema into JSON Schema draft-07 with every reference inlined, the only form in which
 * Dredd validates a body. Written apart from the gateway's own reading of the document, so that one mistake cannot
 * hide in both. Throws on a reference that leads nowhere or back to itself.
 */
export function toDraft07(schema: unknown, document: JsonObject): JsonObject {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    ...convert(resolve(schema, document), document),
  }
}

/** Follows a `$ref` inside the document; anything else comes back as it is. */
export function resolve(value: unknown, document: JsonObject, depth = 0): JsonObject {
  const { $ref } = asRecord(value)
  if (typeof $ref !== 'string') return asRecord(value)
  const target = $ref
    .replace(/^#\//, '')
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>((node, part) => asRecord(node)[part], document)
  if (target === undefined || depth > 20) throw new Error(`the document has nothing at ${$ref}`)
  return resolve(target, document, depth + 1)
}

function convert(schema: JsonObject, document: JsonObject, depth = 0): JsonObject {
  if (depth > 50) throw new Error('the document has a schema that refers to itself')
  const inner = (value: unknown) => convert(resolve(value, document), document, depth + 1)
  const entries = Object.entries(schema)
    .filter(([keyword]) => !foreign.has(keyword) && !keyword.startsWith('x-'))
    .map(([keyword, value]): [string, unknown] => {
      if (keyword === 'properties')
        return [
          keyword,
          Object.fromEntries(Object.entries(asRecord(value)).map(([name, one]) => [name, inner(one)])),
        ]
      if (Array.isArray(value) && /^(all|any|one)Of$/.test(keyword)) return [keyword, value.map(inner)]
      if (keyword === 'items' || keyword === 'not') return [keyword, inner(value)]
      if (keyword === 'additionalProperties' && typeof value === 'object') return [keyword, inner(value)]
      return [keyword, value]
    })
  const converted = { ...Object.fromEntries(entries), ...convertFormat(schema) }
  return schema.nullable === true ? { anyOf: [{ type: 'null' }, converted] } : converted
}

function convertFormat({ format, minimum = -(2 ** 31), maximum = 2 ** 31 - 1 }: JsonObject): JsonObject {
  if (format === 'int32') return { minimum, maximum }
  return formats.has(String(format)) ? { format } : {}
}
