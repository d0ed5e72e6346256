import { asRecord, isObject } from '../document/json.ts'
import type { JsonSchema } from '../document/json-schema.ts'

/**
 * The output schema of a tool: names and describes every member of the response, yet any JSON object satisfies it.
 * Clients throw away a result that breaks the schema, and a response mismatch must never cost anyone a token. So no
 * keyword limits a value: types and allowed values stand in the descriptions.
 */
export function describeOutput(schema: JsonSchema): JsonSchema {
  const { properties, description } = describeValue(schema)
  return {
    type: 'object',
    ...(description !== undefined && { description }),
    ...(properties && { properties }),
  }
}

interface Described {
  readonly description?: string
  readonly properties?: JsonSchema
  readonly items?: JsonSchema
}

function describeValue(schema: JsonSchema): Described {
  const words = [schema.description, describeType(schema)].filter((one) => one !== undefined && one !== '')
  const choices = [schema, ...listChoices(schema)]
  const members = choices.flatMap((one) => Object.entries(asRecord(one.properties)))
  const items = choices.map((one) => one.items).find(isObject)
  return {
    ...(words.length > 0 && { description: words.join(' ') }),
    ...(members.length > 0 && { properties: describeMembers(members) }),
    ...(items && { items: { ...describeValue(items) } }),
  }
}

function describeMembers(members: readonly [string, unknown][]): JsonSchema {
  return Object.fromEntries(members.map(([name, one]) => [name, describeValue(asRecord(one))]))
}

/** What a value is, in words: "(string or null)", "(one of 12, 24)". */
function describeType(schema: JsonSchema): string {
  const { type = [], format } = schema
  const types = [type, ...listChoices(schema).map((one) => one.type ?? [])].flat()
  const values = [schema.enum ?? [], 'const' in schema ? [schema.const] : []].flat()
  const parts = [
    [...new Set(types)].join(' or '),
    typeof format === 'string' ? format : '',
    values.length > 0 ? `one of ${values.map((one) => JSON.stringify(one)).join(', ')}` : '',
  ].filter(Boolean)
  return parts.length > 0 ? `(${parts.join(', ')})` : ''
}

function listChoices({ oneOf, anyOf, allOf }: JsonSchema): JsonSchema[] {
  return [oneOf ?? [], anyOf ?? [], allOf ?? []].flat().map(asRecord)
}
