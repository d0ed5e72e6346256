import { type OpenApiDocument, resolveLink } from './document.ts'
import { annotationKeywords } from './document-members.ts'
import { asRecord, isObject, readOwn } from './json.ts'
import { type JsonSchema, listBeside, listReached, mapSchemas } from './json-schema.ts'
import { once, onceFor } from './once.ts'
import { convertKeywords } from './schema-keywords.ts'

/** Which messages a schema is for: what the API alone sets need not be in a request, secrets not in a response. */
export type Direction = 'request' | 'response'

/** Turns schemas of a document into self-contained JSON Schema. Never throws: what says nothing sensible allows any value. */
export type SchemaReader = (schema: unknown) => JsonSchema

/** A schema that references lead to, converted once a document. */
interface Definition {
  readonly name: string
  readonly schema: () => JsonSchema
  /** Names of the definitions that it refers to. */
  readonly references: () => readonly string[]
}

const nothing: OpenApiDocument = { openapi: '3.1.0', paths: {} }

/** Turns a schema without references into JSON Schema 2020-12. */
export function toJsonSchema(schema: unknown): JsonSchema {
  return createSchemaReader(nothing, 'request')(schema)
}

/**
 * Prepares the reading of a document's schemas: each becomes one JSON Schema that needs nothing outside of itself. What
 * it refers to stands in its `$defs`, where all schemas of the document share it; only at the root it stands in place.
 */
export function createSchemaReader(document: OpenApiDocument, direction: Direction): SchemaReader {
  const definitions = new Map<string, Definition>()
  const byName = new Map<string, Definition>()
  const keyword = direction === 'request' ? 'readOnly' : 'writeOnly'
  const follow = (reference: string) => resolveLink(document, reference)
  const listNext = onceFor((schema: JsonSchema) => listBeside(schema, follow))
  const listJoined = (schema: unknown) => [...listReached([schema].filter(isObject), listNext)]
  const isMarked = (property: unknown) => listJoined(property).some((one) => readOwn(one, keyword) === true)
  const listMarked = onceFor(({ properties }: JsonSchema) =>
    Object.entries(asRecord(properties)).flatMap(([name, one]) => (isMarked(one) ? [name] : [])),
  )
  const listLeftOut = onceFor((schema: JsonSchema) => new Set(listJoined(schema).flatMap(listMarked)))
  const isLeftOut = (name: string, schema: JsonSchema) => listLeftOut(schema).has(name)
  const convert = (schema: unknown): JsonSchema =>
    convertKeywords(schema, { convert, refer, follow, isLeftOut })
  const refer = (reference: string): string | undefined => {
    const known = definitions.get(reference)
    if (known) return known.name
    const target = follow(reference)
    if (target === undefined) return undefined
    const name = nameDefinition(reference, byName)
    const definition = createDefinition(name, () => convert(target))
    definitions.set(reference, definition)
    byName.set(name, definition)
    return name
  }
  const find = (name: string): Definition | undefined => byName.get(name)
  return (schema) => {
    const converted = convert(schema)
    let root = converted
    // What a reference leads to may be one with keywords beside it.
    for (let target = find(readName(root) ?? ''); target; target = find(readName(root) ?? ''))
      root = putInPlace(root, target.schema())
    const names = listReached(listReferences(root), (name) => find(name)?.references() ?? [])
    if (names.size === 0) return root
    return {
      ...root,
      $defs: Object.fromEntries([...names].map((name) => [name, find(name)?.schema() ?? {}])),
    }
  }
}

/** Its schema is read when it is asked for: it may refer to itself. */
function createDefinition(name: string, read: () => JsonSchema): Definition {
  const schema = once(read)
  return { name, schema, references: () => listReferences(schema()) }
}

/** Names the definitions that a schema refers to by itself. */
const listReferences = onceFor((schema: JsonSchema): readonly string[] => {
  const names: string[] = []
  const visit = (part: JsonSchema): JsonSchema => {
    const name = readName(part)
    if (name !== undefined) names.push(name)
    return mapSchemas(part, visit)
  }
  visit(schema)
  return names
})

/** Names a definition by the last part of a pointer, as it may stand in another; numbered where it is taken. */
function nameDefinition(reference: string, taken: ReadonlyMap<string, unknown>): string {
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

/** References within one another at most that are put in place: programs that read schemas recurse. */
const mostPlaced = 32

/** Puts those of a schema's definitions that are referred to once in their place, for people and models to read. */
export function placeDefinitions({ $defs, ...schema }: JsonSchema): JsonSchema {
  if ($defs === undefined) return schema
  const find = (name: string) => {
    const found = readOwn($defs, name)
    return isObject(found) ? found : {}
  }
  const uses = countUses(schema, find)
  const shared = new Set([...uses].flatMap(([name, count]) => (count > 1 ? [name] : [])))
  const place = (part: JsonSchema, depth = 0): JsonSchema => {
    const name = readName(part)
    const placed = mapSchemas(part, (one) => place(one, depth))
    if (name === undefined || shared.has(name)) return placed
    if (depth < mostPlaced) return putInPlace(placed, place(find(name), depth + 1))
    shared.add(name)
    return placed
  }
  const placed = place(schema)
  const definitions: Record<string, JsonSchema> = {}
  for (const name of shared) definitions[name] = place(find(name))
  return shared.size === 0 ? placed : { ...placed, $defs: definitions }
}

function countUses(root: JsonSchema, find: (name: string) => JsonSchema): Map<string, number> {
  const uses = new Map<string, number>()
  const count = (schema: JsonSchema) => {
    for (const name of listReferences(schema)) uses.set(name, (uses.get(name) ?? 0) + 1)
  }
  count(root)
  // A map gives what is added to it while it is walked, too.
  for (const name of uses.keys()) count(find(name))
  return uses
}

/** Returns the name of the definition that a schema refers to. A property called `$ref` is a schema and no text. */
function readName({ $ref }: JsonSchema): string | undefined {
  return typeof $ref === 'string' ? $ref.slice('#/$defs/'.length) : undefined
}

/** What stands beside a reference holds as well (JSON Schema 2020-12, §8.2.3.1). */
function putInPlace({ $ref: _, ...beside }: JsonSchema, target: JsonSchema): JsonSchema {
  const names = Object.keys(beside)
  if (names.every((name) => annotationKeywords.has(name))) return { ...target, ...beside }
  // What is evaluated is so by schemas within the one that asks (JSON Schema 2020-12, §11).
  const { unevaluatedProperties, unevaluatedItems, ...others } = beside
  const unevaluated = Object.entries({ unevaluatedProperties, unevaluatedItems })
  const asked = Object.fromEntries(unevaluated.filter(([, value]) => value !== undefined))
  return { allOf: [target, others], ...asked }
}
