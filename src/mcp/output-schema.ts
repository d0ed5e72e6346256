import { asRecord, isObject } from '../document/json.ts'
import { dereference, type JsonSchema, listChoices } from '../document/json-schema.ts'
import type { MediaType } from '../document/media-types.ts'
import { onceFor } from '../document/once.ts'
import { nameType } from '../document/value-shape.ts'

/**
 * Makes the output schema of a tool: it names and describes every member of the response, yet any JSON object satisfies
 * it. Clients throw away a result that breaks the schema, and a response mismatch must never cost anyone a token. So no
 * keyword limits a value: types and allowed values stand in the descriptions, and members beside whatever is no object.
 * JSON that is no object is the member `result`; of any other body, or none, the members are those of its result.
 */
export function describeOutput(schema: JsonSchema, content?: readonly MediaType[]): JsonSchema {
  const foreign = content ? describeForeign(content) : {}
  let described = describeLevels(schema, foreign, 1)
  for (let levels = 2; levels <= deepest; levels += 1) {
    const deeper = describeLevels(schema, foreign, levels)
    if (JSON.stringify(deeper).length > longest) break
    described = deeper
  }
  return described
}

function describeLevels(schema: JsonSchema, foreign: JsonSchema, levels: number): JsonSchema {
  const { description, types, properties, items } = describeValue(schema, schema, levels)
  const [type = types.length === 0 && items ? 'array' : undefined] = types.filter((one) => one !== 'object')
  const members = {
    ...foreign,
    ...(type !== undefined && { result: toSchema({ types: [type], ...(items && { items }) }) }),
    ...properties,
  }
  return {
    type: 'object',
    ...(description !== undefined && { description }),
    ...(Object.keys(members).length > 0 && { properties: members }),
  }
}

/** Describes the results of the bodies that are no JSON (`toResult`), and of none. */
function describeForeign(content: readonly MediaType[]): JsonSchema {
  const describe = (type: string, words: string) =>
    toSchema({ description: `${words} (${type})`, types: [type] })
  if (content.length === 0)
    return {
      status: describe('integer', 'Status of a response without a body.'),
      location: describe('string', 'What its header Location names.'),
    }
  if (content.every(({ kind }) => kind === 'json')) return {}
  return {
    status: describe('integer', 'Status of a response that is no JSON.'),
    contentType: describe('string', 'Its media type.'),
  }
}

interface Described {
  readonly description?: string
  /** The types that are named, but null where there are others. */
  readonly types: readonly unknown[]
  /** The members of an object. */
  readonly properties?: JsonSchema
  /** The elements of an array. */
  readonly items?: JsonSchema
}

/** Levels that are described at most; a schema may be a part of itself. */
const deepest = 8

/** Characters beyond which no further level is described: a client gives the schemas of all tools to a model. */
const longest = 10_000

function describeValue(part: JsonSchema, root: JsonSchema, levels: number): Described {
  const schema = dereference(part, root)
  const words = [schema.description, describeType(schema, root)].filter(
    (one) => one !== undefined && one !== '',
  )
  const choices = [schema, ...listChoices(schema, root)]
  const hasChoice = choices.some(({ oneOf, anyOf }) => oneOf !== undefined || anyOf !== undefined)
  const join = (parts: readonly unknown[]) => (hasChoice ? joinParts(parts, root) : parts.at(-1))
  const members = Map.groupBy(
    choices.flatMap((one) => Object.entries(asRecord(one.properties))),
    ([name]) => name,
  )
  const elements = choices.flatMap((one) => [one.prefixItems ?? [], one.items].flat()).filter(isObject)
  const describe = (one: unknown) => describePart(isObject(one) ? one : {}, root, levels - 1)
  const told = [...members]
    .map(([name, all]) => [name, all.map(([, one]) => one)] as const)
    .filter(([, all]) => !all.every((one) => isWriteOnly(one, root)))
  const named = choices.flatMap((one) => one.type ?? listValues(one).map(nameType))
  const types = named.filter((one) => one !== 'null')
  return {
    types: types.length > 0 ? types : named,
    ...(words.length > 0 && { description: words.join(' ') }),
    ...(told.length > 0 &&
      levels > 0 && {
        properties: Object.fromEntries(told.map(([name, all]) => [name, describe(join(all))])),
      }),
    ...(elements.length > 0 && levels > 0 && { items: describe(joinParts(elements, root)) }),
  }
}

const describedByLevels = onceFor((_: JsonSchema) => new Map<number, JsonSchema>())

/** The responses of a document share their parts, and a reference in one means the same in all of them. */
function describePart(part: JsonSchema, root: JsonSchema, levels: number): JsonSchema {
  const known = describedByLevels(part)
  const described = known.get(levels) ?? toSchema(describeValue(part, root, levels))
  known.set(levels, described)
  return described
}

/** Joins what alternatives call by one name to what either of them may be. */
function joinParts(parts: readonly unknown[], root: JsonSchema): unknown {
  const distinct = [...new Map(parts.map((one) => [JSON.stringify(one), one])).values()]
  if (distinct.length === 1) return distinct[0]
  const all = distinct.map((one) => dereference(one, root))
  const description = all.find((one) => one.description !== undefined)?.description
  const values = all.map(listValues)
  // Where one alternative has any value, the values of the others say little.
  if (values.some((one) => one.length === 0))
    return { ...(description !== undefined && { description }), anyOf: distinct }
  const types = [...new Set(all.flatMap(({ type }) => type ?? []))]
  return {
    ...(description !== undefined && { description }),
    ...(types.length > 0 && { type: types }),
    enum: [...new Set(values.flat())],
  }
}

/** No response has a member that is only for requests. */
function isWriteOnly(part: unknown, root: JsonSchema): boolean {
  const schema = dereference(part, root)
  const joined = listChoices(schema, root, ({ allOf = [] }) => [allOf].flat())
  return [schema, ...joined].some(({ writeOnly }) => writeOnly === true)
}

function listValues(schema: JsonSchema): unknown[] {
  return [schema.enum ?? [], 'const' in schema ? [schema.const] : []].flat()
}

/** Writes a schema that every value satisfies. Strict validators want a type where there are members, elements or nothing. */
function toSchema({ description, types, properties, items }: Described): JsonSchema {
  const parts = [
    ...(properties ? [{ type: 'object', properties }] : []),
    ...(items ? [{ type: 'array', items }] : []),
  ]
  const [first, ...more] = parts.length > 0 ? parts : [{ type: types[0] ?? 'object' }]
  return {
    ...(description !== undefined && { description }),
    anyOf: [first, ...more, { not: { type: first?.type } }],
  }
}

/** Describes what a value is: "(string or null)", "(one of 12, 24)". */
function describeType(schema: JsonSchema, root: JsonSchema): string {
  const { type = [], format } = schema
  const types = [type, ...listChoices(schema, root).map((one) => one.type ?? [])].flat()
  const values = listValues(schema)
  const parts = [
    [...new Set(types)].join(' or '),
    typeof format === 'string' ? format : '',
    schema.deprecated === true ? 'deprecated' : '',
    values.length > 0 ? `one of ${values.map((one) => JSON.stringify(one)).join(', ')}` : '',
  ].filter(Boolean)
  return parts.length > 0 ? `(${parts.join(', ')})` : ''
}
