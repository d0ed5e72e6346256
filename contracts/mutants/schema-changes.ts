import { asRecord } from '../../src/document/json.ts'
import { isList } from '../values.ts'
/** A schema, or any object of the document, as far as a change looks at it. */
export type Members = Readonly<Record<string, unknown>>

/** One constraint of a schema loosened or tightened. */
export interface SchemaChange {
  readonly what: string
  /** The schema in place of the original. */
  readonly schema: Members
}

/** Limits, and the direction in which each one loosens. */
const limits = new Map([
  ['minimum', -1],
  ['minLength', -1],
  ['minItems', -1],
  ['minProperties', -1],
  ['maximum', 1],
  ['maxLength', 1],
  ['maxItems', 1],
  ['maxProperties', 1],
])

/** Lists every way to loosen or tighten one constraint of a schema itself; its parts have changes of their own. */
export function listSchemaChanges(schema: Members): SchemaChange[] {
  return Object.entries(schema).flatMap(([keyword, value]): SchemaChange[] => [
    ...changeLimit(schema, keyword, value),
    ...changeText(schema, keyword, value),
    ...changeList(schema, keyword, value),
    ...changeMembers(schema, keyword, value),
  ])
}

function changeLimit(schema: Members, keyword: string, value: unknown): SchemaChange[] {
  const loosening = limits.get(keyword)
  if (loosening === undefined || typeof value !== 'number') return []
  const to = (limit: number) => ({ what: `${keyword} ${limit}`, schema: { ...schema, [keyword]: limit } })
  const tighter = to(value - loosening)
  const looser = value + loosening
  // A length below zero is no schema at all.
  const moved = looser < 0 && keyword !== 'minimum' ? [tighter] : [to(looser), tighter]
  return [...moved, without(schema, keyword)]
}

function changeText(schema: Members, keyword: string, value: unknown): SchemaChange[] {
  if (keyword === 'pattern')
    return [
      without(schema, keyword),
      { what: 'pattern of one letter', schema: { ...schema, pattern: '^.$' } },
    ]
  if (keyword === 'format') return [without(schema, keyword)]
  if (keyword === 'nullable') return [without(schema, keyword)]
  if (keyword !== 'type' || typeof value !== 'string') return []
  const other = value === 'string' ? 'integer' : 'string'
  const nullable =
    schema.nullable === true ? [] : [{ what: 'nullable', schema: { ...schema, nullable: true } }]
  // Without their type, members and elements would still be looked at, and an enum names its values by itself.
  return [
    ...nullable,
    { what: `type ${other}`, schema: { ...schema, type: other } },
    without(schema, keyword),
  ]
}

function changeList(schema: Members, keyword: string, value: unknown): SchemaChange[] {
  if (!isList(value)) return []
  const fewer = value.map((one, index) => ({
    what: `${keyword} without ${typeof one === 'object' ? index : one}`,
    schema: { ...schema, [keyword]: value.filter((_, at) => at !== index) },
  }))
  if (keyword === 'enum')
    return [...fewer, { what: 'enum with more', schema: { ...schema, enum: [...value, more(value)] } }]
  if (keyword === 'required' && schema.properties) {
    const optional = Object.keys(asRecord(schema.properties)).filter((name) => !value.includes(name))
    const added = optional.map((name) => ({
      what: `required with ${name}`,
      schema: { ...schema, required: [...value, name] },
    }))
    return [
      ...fewer.filter(() => value.length > 1),
      ...added,
      ...(value.length === 1 ? [without(schema, 'required')] : []),
    ]
  }
  return keyword === 'oneOf' || keyword === 'anyOf' ? fewer : []
}

function changeMembers(schema: Members, keyword: string, value: unknown): SchemaChange[] {
  if (keyword === 'additionalProperties' && value === false)
    return [{ what: 'additionalProperties true', schema: { ...schema, additionalProperties: true } }]
  if (keyword !== 'properties') return []
  const closed =
    schema.additionalProperties === undefined
      ? [{ what: 'additionalProperties false', schema: { ...schema, additionalProperties: false } }]
      : []
  const required =
    schema.required === undefined
      ? Object.keys(asRecord(value)).map((name) => ({
          what: `required with ${name}`,
          schema: { ...schema, required: [name] },
        }))
      : []
  const fewer = Object.keys(asRecord(value)).map((name) => {
    const { [name]: _, ...others } = asRecord(value)
    const names = [schema.required ?? []].flat().filter((one) => one !== name)
    const { required: __, ...rest } = schema
    const kept = names.length > 0 ? { ...rest, required: names } : rest
    return { what: `without ${name}`, schema: { ...kept, properties: others } }
  })
  return [...closed, ...required, ...fewer]
}

/** Returns a value of the kind that a list holds, and that it does not hold. */
function more(values: readonly unknown[]): unknown {
  return typeof values[0] === 'number' ? Math.max(...values.map(Number)) + 1 : 'surplus'
}

function without(schema: Members, keyword: string): SchemaChange {
  const { [keyword]: _, ...rest } = schema
  return { what: `no ${keyword}`, schema: rest }
}
