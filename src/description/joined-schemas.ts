import { areEqual } from '../document/equality.ts'
import { asRecord, isObject } from '../document/json.ts'
import type { JsonSchema } from '../document/json-schema.ts'
import { allowNull } from '../document/nullable.ts'

/** What is said of a value without narrowing it. */
export const words: ReadonlySet<string> = new Set([
  ...['title', 'summary', 'description', 'default', 'example', 'examples', 'deprecated'],
  ...['externalDocs', 'xml', '$comment'],
])
const marks = new Set(['nullable', 'readOnly', 'writeOnly'])

/** Keywords that check what others beside them leave, and those that look into what a schema is joined of, too. */
const dependent = [
  ...['additionalProperties', 'patternProperties', 'items', 'prefixItems', 'contains'],
  ...['if', 'then', 'else', '$ref'],
]
const scanning = ['unevaluatedProperties', 'unevaluatedItems']

/**
 * Writes the keywords of what a schema is joined of beside its own, where that says the same: a further part, or a keyword
 * beside them, changes nothing of the others.
 */
export function joinParts({ allOf, ...own }: JsonSchema): JsonSchema {
  if (!Array.isArray(allOf)) return allOf === undefined ? own : { ...own, allOf }
  const whole: Record<string, unknown> = own
  const others = allOf.flatMap((part: unknown): unknown[] => {
    if (!isObject(part)) return [part]
    const isJoinable = Object.keys(whole).every(isBeside)
      ? allOf.length === 1 || !hasAny(part, scanning)
      : !hasAny(whole, dependent) && !hasAny(part, [...dependent, ...scanning])
    const rest = Object.entries(part).filter(([name, one]) => !isJoinable || !joinKeyword(whole, name, one))
    return rest.length === 0 ? [] : [Object.fromEntries(rest)]
  })
  return others.length === 0 ? whole : { ...whole, allOf: others }
}

function isBeside(name: string): boolean {
  return words.has(name) || marks.has(name) || name.startsWith('x-')
}

function hasAny(schema: object, names: readonly string[]): boolean {
  return names.some((name) => Object.hasOwn(schema, name))
}

/** Adds a keyword of a part to the whole; returns false where that has it with another value. */
function joinKeyword(whole: Record<string, unknown>, name: string, value: unknown): boolean {
  const own = whole[name]
  const isMembers =
    name === 'properties' && Object.keys(asRecord(value)).every((one) => !hasAny(asRecord(own), [one]))
  if (own === undefined) whole[name] = value
  else if (isMembers) whole[name] = { ...asRecord(own), ...asRecord(value) }
  else if (name === 'required') whole[name] = [...new Set([own, value].flat())]
  else return words.has(name) || areEqual(own, value)
  return true
}

/** Keywords by which a value that is `null` may be refused. */
const ofNull = ['type', 'enum', 'const', 'not', 'if', 'allOf']

/** Writes a choice with `null` as one of the others that can be `null`; nothing beside it may say otherwise. */
export function unwrapNull(schema: JsonSchema, keyword: string): JsonSchema {
  const { [keyword]: all, ...own } = schema
  if (!Array.isArray(all) || hasAny(own, ofNull)) return schema
  const others = all.filter((one) => asRecord(one).type !== 'null')
  if (others.length === 0 || others.length === all.length) return schema
  return { ...own, nullable: true, [others.length === 1 ? 'allOf' : keyword]: others }
}

/** Names `null` among the types or the values of a schema, where it says either; `const` is one value. */
export function nameNull({ const: only, ...others }: JsonSchema): JsonSchema {
  const schema: JsonSchema = only === undefined ? others : { ...others, enum: [only] }
  const { nullable, ...rest } = schema
  if (nullable !== true) return schema
  if (rest.type !== undefined) return allowNull(rest)
  const { enum: values } = rest
  if (!Array.isArray(values)) return schema
  return values.length > 0 ? { ...rest, enum: [...values, null] } : rest
}
