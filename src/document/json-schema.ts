import type { OpenApiDocument } from './document.ts'
import { resolveReference } from './document.ts'
import { asRecord, isObject } from './json.ts'
import { convertKeywords } from './schema-keywords.ts'

/** A JSON Schema (2020-12) or a fragment of one; references lead into the `$defs` of the schema that it is a part of. */
export interface JsonSchema {
  readonly [keyword: string]: unknown
}

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

function mapValues(part: JsonSchema, map: (value: unknown, name: string) => unknown): JsonSchema {
  return Object.fromEntries(Object.entries(part).map(([name, value]) => [name, map(value, name)]))
}

/** Gives a schema that is only a reference as what it refers to, within the root that has its `$defs`. */
export function dereference(schema: unknown, root: JsonSchema): JsonSchema {
  let here = asRecord(schema)
  for (let hops = 0; typeof here.$ref === 'string' && hops < 16; hops += 1) {
    const { $ref, ...beside } = here
    const target = asRecord(asRecord(root.$defs)[String($ref).slice('#/$defs/'.length)])
    here = { ...target, ...beside }
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
