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

/**
 * Lists what a schema chooses from or is joined of, and what those are; a schema may be a choice of itself. `list` says
 * which parts of a schema count.
 */
export function listChoices(schema: JsonSchema, root: JsonSchema, list = listParts): JsonSchema[] {
  const seen = new Set<unknown>()
  const choices: JsonSchema[] = []
  // The next one last: schemas may be parts of one another further than the stack goes.
  const pending = list(schema).reverse()
  while (pending.length > 0) {
    const one = pending.pop()
    if (seen.has(one)) continue
    seen.add(one)
    const choice = dereference(one, root)
    choices.push(choice)
    pending.push(...list(choice).reverse())
  }
  return choices
}

function listParts({ oneOf = [], anyOf = [], allOf = [] }: JsonSchema): unknown[] {
  return [oneOf, anyOf, allOf].flat()
}

/**
 * Joins what `allOf` lists with the schema that has it: one schema with the members of all. Of equal names the last one
 * counts. A part that is reached again, since schemas are joined with each other, is joined once.
 */
export function mergeAll(schema: JsonSchema, root: JsonSchema, seen = new Set<unknown>()): JsonSchema {
  const parts = [schema.allOf ?? []].flat().flatMap((one) => {
    if (seen.has(one)) return []
    seen.add(one)
    return [mergeAll(dereference(one, root), root, seen)]
  })
  const properties = joinMembers([...parts, schema].map((one) => asRecord(one.properties)))
  const merged = joinMembers([...parts, schema])
  return Object.keys(properties).length > 0 ? { ...merged, properties } : merged
}

function joinMembers(parts: readonly JsonSchema[]): JsonSchema {
  return Object.fromEntries(parts.flatMap((one) => Object.entries(one)))
}

/** Returns whether a schema calls its value a secret, itself. */
export function isSecret(schema: JsonSchema): boolean {
  return schema.format === 'password' || schema['x-secret'] === true
}
