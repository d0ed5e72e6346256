import { asRecord, isObject } from './json.ts'
import { type JsonSchema, mapValues } from './json-schema.ts'
import { isRange, type MediaType, type RequestBody } from './media-types.ts'
import { onceFor } from './once.ts'
import { follow, isFile, readShape, type ValueShape } from './value-shape.ts'

/** A file, as it stands in the arguments of a tool: a model has no bytes, but it has Base64 (RFC 4648 §4). */
const data = { type: 'string', contentEncoding: 'base64', pattern: '^[A-Za-z0-9+/]*={0,2}$' }
const fileSchema: JsonSchema = {
  type: 'object',
  description: 'A file.',
  properties: {
    data,
    filename: { type: 'string', maxLength: 255 },
    contentType: { type: 'string', pattern: '^[\\w.+-]+/[\\w.+-]+$', maxLength: 255 },
  },
  required: ['data'],
  additionalProperties: false,
}

/** Describes the value of a body: that of its media type, with files in the places of bytes. */
export const describeBody = onceFor(({ kind, schema }: MediaType): JsonSchema => {
  if (kind === 'bytes') return fileSchema
  if (kind === 'text') return describeText(schema)
  return kind === 'multipart' ? describeForm(schema) : schema
})

/**
 * Describes a body as the argument of a tool, where nobody else says what it is written in: a file that is the body has
 * a type that the document describes, and no name, since nothing sends one.
 */
export function describeBodyArgument({ content }: RequestBody): JsonSchema {
  const [usual] = content
  if (usual?.kind !== 'bytes') return usual ? describeBody(usual) : {}
  const types = content.filter(({ kind }) => kind === 'bytes').map(({ type }) => type)
  const required = isRange(usual.type) ? ['data', 'contentType'] : ['data']
  return { ...fileSchema, properties: { data, contentType: describeTypes(types) }, required }
}

function describeTypes(types: readonly string[]): JsonSchema {
  if (!types.some(isRange)) return { type: 'string', enum: [...new Set(types)] }
  const patterns = types.map((one) => one.replaceAll(/[.+]/g, '\\$&').replaceAll('*', '[\\w.+-]+'))
  return {
    type: 'string',
    description: `A type such as ${types.join(' or ')}.`,
    pattern: `^(?:${patterns.join('|')})$`,
    maxLength: 255,
  }
}

/** Describes a form. What it refers to is described once, in definitions of its own: elsewhere it has no files. */
function describeForm(root: JsonSchema): JsonSchema {
  const definitions = new Map<string, () => JsonSchema>()
  const form = { type: 'object', ...placeFiles(root, { root, isForm: true, definitions }) }
  const $defs: Record<string, JsonSchema> = {}
  // A map gives what is added to it while it is walked, too.
  for (const [name, describe] of definitions) $defs[name] = describe()
  return definitions.size === 0 ? form : { ...form, $defs: { ...asRecord(root.$defs), ...$defs } }
}

/** Where the schemas are whose bytes are described as files. */
interface FilePlace {
  readonly root: JsonSchema
  /** True for a form, false for one of its parts. */
  readonly isForm: boolean
  /** What is referred to, by the name that it has with files in it. */
  readonly definitions: Map<string, () => JsonSchema>
}

/** Puts files in the places of bytes: among the members of a form, in lists, and in what those are composed of. */
function placeFiles(schema: JsonSchema, place: FilePlace): JsonSchema {
  const { root, isForm, definitions } = place
  if (!isForm && !holdsFile(readShape(schema, root))) return schema
  if (!isForm && isFile(schema))
    return { ...fileSchema, description: schema.description ?? fileSchema.description }
  const { $ref, ...own } = schema
  const inPart = { ...place, isForm: false }
  const describe = (part: unknown, inner: FilePlace) => (isObject(part) ? placeFiles(part, inner) : part)
  const placed = mapValues(own, (value, keyword) => {
    if (composing.has(keyword) && Array.isArray(value)) return value.map((one) => describe(one, place))
    if (keyword === (isForm ? 'additionalProperties' : 'items')) return describe(value, inPart)
    if (isForm && keyword === 'properties') return mapValues(asRecord(value), (one) => describe(one, inPart))
    return value
  })
  if (typeof $ref !== 'string') return placed
  // The names of a document's own definitions have no colon.
  const reference = `${$ref}:${isForm ? 'form' : 'part'}`
  definitions.set(reference.slice('#/$defs/'.length), () => placeFiles(asRecord(follow($ref, root)), place))
  return { $ref: reference, ...placed }
}

const composing = new Set(['allOf', 'anyOf', 'oneOf'])

function holdsFile(shape: ValueShape): boolean {
  return shape.types.has('file') || shape.items().types.has('file')
}

/** A schema of XML describes what the text says, not the text. */
function describeText(schema: JsonSchema): JsonSchema {
  const { types } = readShape(schema)
  return types.size === 0 || types.has('string') || types.has('file')
    ? { type: 'string', ...schema }
    : { type: 'string' }
}
