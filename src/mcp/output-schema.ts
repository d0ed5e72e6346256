import { asRecord, isObject } from '../document/json.ts'
import { dereference, type JsonSchema, listChoices } from '../document/json-schema.ts'

/**
 * Makes the output schema of a tool: it names and describes every member of the response, yet any JSON object satisfies
 * it. Clients throw away a result that breaks the schema, and a response mismatch must never cost anyone a token. So no
 * keyword limits a value: types and allowed values stand in the descriptions, and members beside whatever is no object.
 */
export function describeOutput(schema: JsonSchema): JsonSchema {
  let described = describeLevels(schema, 1)
  for (let levels = 2; levels <= deepest; levels += 1) {
    const deeper = describeLevels(schema, levels)
    if (JSON.stringify(deeper).length > longest) break
    described = deeper
  }
  return described
}

function describeLevels(schema: JsonSchema, levels: number): JsonSchema {
  const { description, properties } = describeValue(schema, schema, levels)
  return {
    type: 'object',
    ...(description !== undefined && { description }),
    ...(properties && { properties }),
  }
}

interface Described {
  readonly description?: string
  /** The first type that is named. */
  readonly type: unknown
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
  const members = choices.flatMap((one) => Object.entries(asRecord(one.properties)))
  const items = choices.map((one) => one.items).find(isObject)
  const describe = (one: unknown) => toSchema(describeValue(asRecord(one), root, levels - 1))
  return {
    type: choices.flatMap((one) => one.type ?? []).find((one) => one !== 'null') ?? 'object',
    ...(words.length > 0 && { description: words.join(' ') }),
    ...(members.length > 0 &&
      levels > 0 && { properties: Object.fromEntries(members.map(([name, one]) => [name, describe(one)])) }),
    ...(items && levels > 0 && { items: describe(items) }),
  }
}

/** Writes a schema that every value satisfies. Strict validators want a type where there are members, elements or nothing. */
function toSchema({ description, type, properties, items }: Described): JsonSchema {
  const parts = [
    ...(properties ? [{ type: 'object', properties }] : []),
    ...(items ? [{ type: 'array', items }] : []),
  ]
  const [first, ...more] = parts.length > 0 ? parts : [{ type }]
  return {
    ...(description !== undefined && { description }),
    anyOf: [first, ...more, { not: { type: first?.type } }],
  }
}

/** Describes what a value is: "(string or null)", "(one of 12, 24)". */
function describeType(schema: JsonSchema, root: JsonSchema): string {
  const { type = [], format } = schema
  const types = [type, ...listChoices(schema, root).map((one) => one.type ?? [])].flat()
  const values = [schema.enum ?? [], 'const' in schema ? [schema.const] : []].flat()
  const parts = [
    [...new Set(types)].join(' or '),
    typeof format === 'string' ? format : '',
    values.length > 0 ? `one of ${values.map((one) => JSON.stringify(one)).join(', ')}` : '',
  ].filter(Boolean)
  return parts.length > 0 ? `(${parts.join(', ')})` : ''
}
