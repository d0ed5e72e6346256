import { schemaLists, schemasByName, singleSchemas } from './document-members.ts'
import { asList, asRecord, asText, isObject, readOwn } from './json.ts'
import { onceFor } from './once.ts'

/** A JSON Schema (2020-12) or a fragment of one; references lead into the `$defs` of the schema that it is a part of. */
export interface JsonSchema {
  readonly [keyword: string]: unknown
}

const named = new Set(schemasByName)
const schemas = new Set([...schemaLists, ...singleSchemas])

/** Maps the schemas that a schema has as its parts, and leaves everything else as it is. */
export function mapSchemas(schema: JsonSchema, map: (part: JsonSchema) => JsonSchema): JsonSchema {
  const mapOne = (part: unknown): unknown => (isObject(part) ? map(part) : part)
  return mapValues(schema, (value, keyword) => {
    if (named.has(keyword)) return mapValues(asRecord(value), mapOne)
    if (!schemas.has(keyword)) return value
    return Array.isArray(value) ? value.map(mapOne) : mapOne(value)
  })
}

/** Maps the members of an object. */
export function mapValues(part: JsonSchema, map: (value: unknown, name: string) => unknown): JsonSchema {
  return Object.fromEntries(Object.entries(part).map(([name, value]) => [name, map(value, name)]))
}

/** Keywords that say something together: of what they say of a value, each group knows its own keywords alone. */
const groups = [
  ['properties', 'patternProperties', 'additionalProperties'],
  ['items', 'prefixItems', 'contains'],
  ['if', 'then', 'else'],
  ...[['oneOf'], ['anyOf'], ['not'], ['dependentSchemas'], ['unevaluatedProperties'], ['unevaluatedItems']],
  ...[['format'], ['x-secret']],
]

/** Gives a schema that is a reference as what it refers to and what stands beside it, in the root that has its `$defs`. */
export function dereference(schema: unknown, root: JsonSchema): JsonSchema {
  let here = asRecord(schema)
  for (let hops = 0; typeof here.$ref === 'string' && hops < 16; hops += 1) {
    const { $ref, ...beside } = here
    here = placeBeside(asRecord(readOwn(root.$defs, String($ref).slice('#/$defs/'.length))), beside)
  }
  return here
}

/** Both hold, so what a schema and what stands beside its reference say by one group is said by `allOf` of each, too. */
function placeBeside(target: JsonSchema, beside: JsonSchema): JsonSchema {
  if (Object.keys(beside).length === 0) return target
  const said = groups.filter((group) =>
    [target, beside].every((one) => group.some((name) => one[name] !== undefined)),
  )
  const own = said.length > 0 ? [target, beside].map((one) => pickKeywords(one, said.flat())) : []
  const allOf = [target.allOf ?? [], beside.allOf ?? [], own].flat()
  return { ...target, ...beside, ...(allOf.length > 0 && { allOf }) }
}

function pickKeywords(schema: JsonSchema, names: readonly string[]): JsonSchema {
  return Object.fromEntries(Object.entries(schema).filter(([name]) => names.includes(name)))
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

/** A schema with all that it is joined of. */
export interface MergedSchema {
  /** The members of all, without what they are joined of and choose from. */
  readonly whole: JsonSchema
  /** The alternatives that each of them chooses from. */
  readonly choices: readonly (readonly unknown[])[]
}

/** Joins what `allOf` lists with the schema that has it, and so what several say of one member or of one or all elements. */
export function mergeAll(schema: JsonSchema, root: JsonSchema): MergedSchema {
  const all = listJoined(schema, root)
  const choices = all.flatMap(({ oneOf, anyOf }) => [oneOf, anyOf].filter((one) => Array.isArray(one)))
  const parts = all.map(({ allOf: _all, oneOf: _one, anyOf: _any, ...own }) => own)
  if (parts.length === 1) return { whole: parts[0] ?? {}, choices }
  const types = parts.flatMap(({ type }) => (type === undefined ? [] : [[type].flat()]))
  const type = types.reduce<unknown[]>((left, own) => {
    const common = own.filter((one) => left.includes(one))
    return common.length > 0 ? common : own
  }, types[0] ?? [])
  const open = ['items', 'additionalProperties', 'unevaluatedProperties']
  const prefixItems = Object.values(joinMembers(listTuples(parts)))
  const maps = ['properties', 'patternProperties']
    .map((name) => [name, joinMembers(parts.map((one) => asRecord(one[name])))] as const)
    .filter(([, joined]) => Object.keys(joined).length > 0)
  return {
    whole: {
      ...Object.fromEntries(parts.flatMap((one) => Object.entries(one))),
      ...(type.length > 0 && { type: type.length > 1 ? type : type[0] }),
      ...joinMembers(parts.map((one) => pickKeywords(one, open))),
      ...Object.fromEntries(maps),
      ...(prefixItems.length > 0 && { prefixItems }),
    },
    choices: [...new Set(choices)],
  }
}

/** Lists what a schema is joined of, and the schema. A part that is reached again, in schemas joined with each other, is so once. */
function listJoined(schema: JsonSchema, root: JsonSchema, seen = new Set<unknown>()): JsonSchema[] {
  const parts = [schema.allOf ?? []].flat().flatMap((one) => {
    if (seen.has(one)) return []
    seen.add(one)
    return listJoined(dereference(one, root), root, seen)
  })
  return [...parts, schema]
}

/** Lists by their indexes what each schema says of the elements at the places of any of them. */
function listTuples(parts: readonly JsonSchema[]): JsonSchema[] {
  const tuples = parts.map(({ prefixItems }) => asList(prefixItems))
  const places = Array.from({ length: Math.max(...tuples.map((one) => one.length)) })
  return parts.map(({ items }, at) => asRecord(places.map((_, index) => tuples[at]?.[index] ?? items)))
}

function joinMembers(parts: readonly JsonSchema[]): JsonSchema {
  const named = parts.flatMap((one) => Object.entries(one)).filter(([, one]) => one !== undefined)
  const joined = [...Map.groupBy(named, ([name]) => name)].map(([name, all]) => [
    name,
    [...new Set(all.map(([, one]) => one))].reduce(joinBoth),
  ])
  return Object.fromEntries(joined)
}

/** Lists the schemas that hold beside a schema: what its reference leads to, and what it is joined of. */
export function listBeside(
  { $ref, allOf }: JsonSchema,
  follow: (reference: string) => unknown,
): JsonSchema[] {
  return [typeof $ref === 'string' && follow($ref), allOf].flat().filter(isObject)
}

/** Lists what is reached from a start, itself included. */
export function listReached<Part>(
  start: Iterable<Part>,
  listNext: (part: Part) => Iterable<Part>,
): Set<Part> {
  const reached = new Set(start)
  // A set gives what is added to it while it is walked, too.
  for (const part of reached) for (const next of listNext(part)) reached.add(next)
  return reached
}

/** Returns whether a schema calls its value a secret, itself. */
export function isSecret(schema: JsonSchema): boolean {
  return schema.format === 'password' || schema['x-secret'] === true
}

function joinBoth(one: unknown, other: unknown): unknown {
  return isObject(one) && isObject(other) ? joinedOf(one)(other) : isObject(one) ? one : other
}

/** Equal parts are joined to one: what is prepared for a schema is known by it. */
const joinedOf = onceFor((one: object) => onceFor((other: object): JsonSchema => ({ allOf: [one, other] })))

/** Describes the values of a schema by several texts, each once; one that is no whole sentence ends before the next. */
export function withDescription(schema: JsonSchema, texts: readonly unknown[]): JsonSchema {
  const told = new Set(texts.map((one) => asText(one).trim()).filter((one) => one !== ''))
  const end = (text: string) => (/[\p{L}\p{N})\]]$/u.test(text) ? `${text}.` : text)
  const description = [...told].map((one, index) => (index < told.size - 1 ? end(one) : one)).join(' ')
  return told.size === 0 ? schema : { ...schema, description }
}
