import { asRecord } from './json.ts'
import { dereference, type JsonSchema } from './json-schema.ts'
import type { MediaType } from './media-types.ts'
import { readShape } from './value-shape.ts'

/** A file, as it stands in the arguments of a tool: a model has no bytes, but it has Base64 (RFC 4648 §4). */
export const fileSchema: JsonSchema = {
  type: 'object',
  description: 'A file.',
  properties: {
    data: { type: 'string', contentEncoding: 'base64', pattern: '^[A-Za-z0-9+/]*={0,2}$' },
    filename: { type: 'string', maxLength: 255 },
    contentType: { type: 'string', pattern: '^[\\w.+-]+/[\\w.+-]+$', maxLength: 255 },
  },
  required: ['data'],
  additionalProperties: false,
}

const described = new WeakMap<MediaType, JsonSchema>()

/** Describes the value of a body: that of its media type, with files in the places of bytes. */
export function describeBody(mediaType: MediaType): JsonSchema {
  const known = described.get(mediaType)
  if (known) return known
  const schema = describe(mediaType)
  described.set(mediaType, schema)
  return schema
}

function describe({ kind, schema }: MediaType): JsonSchema {
  if (kind === 'bytes') return fileSchema
  if (kind === 'text') return describeText(schema)
  if (kind !== 'multipart') return schema
  const { properties, ...whole } = dereference(schema, schema)
  const parts = Object.entries(asRecord(properties)).map(([name, part]): [string, JsonSchema] => [
    name,
    describePart(part, schema),
  ])
  const { $defs } = schema
  return {
    type: 'object',
    ...whole,
    properties: Object.fromEntries(parts),
    ...($defs !== undefined && { $defs }),
  }
}

/** A schema of XML describes what the text says, not the text. */
function describeText(schema: JsonSchema): JsonSchema {
  const { types } = readShape(schema)
  return types.size === 0 || types.has('string') ? { type: 'string', ...schema } : { type: 'string' }
}

function describePart(part: unknown, root: JsonSchema): JsonSchema {
  const schema = dereference(part, root)
  if (isFile(schema)) return { ...fileSchema, description: schema.description ?? fileSchema.description }
  const items = dereference(schema.items, root)
  return isFile(items) ? { ...schema, items: fileSchema } : asRecord(part)
}

/** True for bytes within a form: `format: binary` in OpenAPI 3.0, `contentMediaType` without an encoding in 3.1. */
export function isFile({ type, format, contentMediaType, contentEncoding }: JsonSchema): boolean {
  if (format === 'binary') return true
  const isOctets = contentMediaType !== undefined && !/^text\/|json/.test(String(contentMediaType))
  return isOctets && contentEncoding === undefined && (type === undefined || type === 'string')
}
