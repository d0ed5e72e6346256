import { type OpenApiDocument, resolveReference } from './document.ts'
import { asRecord } from './json.ts'
import { type JsonSchema, mapSchemas } from './json-schema.ts'
import { convertKeywords } from './schema-keywords.ts'

/** Which messages a schema is for: what the API alone sets need not be in a request, secrets not in a response. */
export type Direction = 'request' | 'response'

/** Turns schemas of a document into self-contained JSON Schema. Never throws: what says nothing sensible allows any value. */
export type SchemaReader = (schema: unknown) => JsonSchema

/** A schema that references lead to, converted once a document. */
interface Definition {
  readonly name: string
  readonly schema: JsonSchema
}

const nothing: OpenApiDocument = { openapi: '3.1.0', paths: {} }

/** Turns a schema without references into JSON Schema 2020-12. */
export function toJsonSchema(schema: unknown): JsonSchema {
  return createSchemaReader(nothing, 'request')(schema)
}

/**
 * Prepares the reading of a document's schemas: each becomes one JSON Schema that needs nothing outside of itself. A
 * schema that is referred to once stands in place; one that is referred to more often, or by itself, in `$defs`.
 */
export function createSchemaReader(document: OpenApiDocument, direction: Direction): SchemaReader {
  const definitions = new Map<string, Definition>()
  const names = new Set<string>()
  const convert = (schema: unknown): JsonSchema =>
    convertKeywords(schema, { convert, refer, isLeftOut: (one) => isLeftOut(document, one, direction) })
  const refer = (reference: string): string | undefined => {
    const known = definitions.get(reference)
    if (known) return known.name
    const target = resolveReference(document, { $ref: reference })
    if (target === undefined) return undefined
    const name = nameDefinition(reference, names)
    names.add(name)
    // The name stands before the schema is read: it may refer to itself.
    let schema: JsonSchema | undefined
    const definition = {
      name,
      get schema() {
        schema ??= convert(target)
        return schema
      },
    }
    definitions.set(reference, definition)
    byName.set(name, definition)
    return name
  }
  const byName = new Map<string, Definition>()
  return (schema) => gather(convert(schema), (name) => byName.get(name)?.schema ?? {})
}

function isLeftOut(document: OpenApiDocument, schema: unknown, direction: Direction): boolean {
  const keyword = direction === 'request' ? 'readOnly' : 'writeOnly'
  const source = asRecord(schema)
  return source[keyword] === true || asRecord(resolveReference(document, schema))[keyword] === true
}

/** The last part of a pointer, as it may stand in another; numbered where it is taken. */
function nameDefinition(reference: string, taken: ReadonlySet<string>): string {
  const last =
    reference
      .split('/')
      .at(-1)
      ?.replaceAll(/%[0-9A-Fa-f]{2}|[^\w.-]/g, '_') || 'schema'
  for (let count = 1; ; count += 1) {
    const name = count === 1 ? last : `${last}_${count}`
    if (!taken.has(name)) return name
  }
}

/** Puts the definitions that a schema refers to in their place or into its `$defs`. */
function gather(schema: JsonSchema, find: (name: string) => JsonSchema): JsonSchema {
  const uses = countUses(schema, find)
  if (uses.size === 0) return schema
  const place = (part: JsonSchema): JsonSchema => {
    const name = readName(part)
    const placed = mapSchemas(part, place)
    return name !== undefined && uses.get(name) === 1 ? putInPlace(placed, place(find(name))) : placed
  }
  const shared = [...uses].filter(([, count]) => count > 1).map(([name]) => name)
  const placed = place(schema)
  if (shared.length === 0) return placed
  return { ...placed, $defs: Object.fromEntries(shared.map((name) => [name, place(find(name))])) }
}

function countUses(root: JsonSchema, find: (name: string) => JsonSchema): Map<string, number> {
  const uses = new Map<string, number>()
  const visit = (part: JsonSchema): JsonSchema => {
    const name = readName(part)
    if (name !== undefined) {
      const count = uses.get(name) ?? 0
      uses.set(name, count + 1)
      if (count === 0) visit(find(name))
    }
    return mapSchemas(part, visit)
  }
  visit(root)
  return uses
}

/** The definition that a schema refers to. A property called `$ref` is a schema and no text. */
function readName({ $ref }: JsonSchema): string | undefined {
  return typeof $ref === 'string' ? $ref.slice('#/$defs/'.length) : undefined
}

const annotations = new Set(['description', 'title', 'default', 'examples', 'readOnly', 'writeOnly'])

/** What stands beside a reference holds as well (JSON Schema 2020-12, §8.2.3.1). */
function putInPlace({ $ref: _, ...beside }: JsonSchema, target: JsonSchema): JsonSchema {
  const names = Object.keys(beside)
  if (names.every((name) => annotations.has(name))) return { ...target, ...beside }
  return { allOf: [target, beside] }
}
