import { asRecord } from '../src/document/json.ts'
import type { DescribedArgument } from './generators.ts'
import type { JsonObject } from './rest/json-schema.ts'
import { isList } from './values.ts'

/** One constraint of the document, broken by one. */
export interface ConstraintViolation {
  /** Dotted place of the argument: `limit`, `body.metadata.tenant`. */
  readonly place: string
  /** The keyword that is broken. */
  readonly keyword: string
  /** The value at that place; `undefined` leaves it out. */
  readonly value: unknown
}

/** Values of each type, none of them of another. */
const samples: readonly (readonly [string, unknown])[] = [
  ['string', 'no value of that kind'],
  ['number', 1.5],
  ['boolean', true],
  ['array', []],
  ['object', {}],
  ['null', null],
]

/** Texts that satisfy no pattern and no format there is; the first that breaks one is taken. */
const misfits = ['not one of them', 'ä b', 'a,b', '', ' ']

/** Lists every way to break one constraint of an operation's arguments. */
export function listViolations(described: readonly DescribedArgument[]): ConstraintViolation[] {
  return described.flatMap(({ name, in: place, required, schema }) => {
    const missing =
      required && place !== 'header' ? [{ place: name, keyword: 'required', value: undefined }] : []
    return [...missing, ...breakSchema(name, schema)]
  })
}

function breakSchema(place: string, schema: JsonObject): ConstraintViolation[] {
  const { enum: choices, oneOf } = schema
  const broken = (keyword: string, value: unknown) => ({ place, keyword, value })
  if (isList(oneOf)) return breakChoice(place, oneOf)
  if (isList(choices)) {
    const foreign = typeof choices[0] === 'number' ? Math.max(...choices.map(Number)) + 1 : `${choices[0]}?`
    return [broken('enum', foreign), ...breakType(place, schema)]
  }
  return [
    ...breakType(place, schema),
    ...breakNumber(schema).map(([keyword, value]) => broken(keyword, value)),
    ...breakText(schema).map(([keyword, value]) => broken(keyword, value)),
    ...breakArray(place, schema),
    ...breakObject(place, schema),
  ]
}

function breakType(place: string, { type, nullable }: JsonObject): ConstraintViolation[] {
  const own = type === 'integer' ? 'none' : type
  return samples
    .filter(([name]) => name !== own && (name !== 'null' || nullable !== true))
    .map(([name, value]) => ({ place, keyword: name === 'null' ? 'nullable' : 'type', value }))
}

function breakNumber({ type, minimum, maximum }: JsonObject): (readonly [string, unknown])[] {
  if (type !== 'integer' && type !== 'number') return []
  return [
    ...(minimum === undefined ? [] : [['minimum', Number(minimum) - 1] as const]),
    ...(maximum === undefined ? [] : [['maximum', Number(maximum) + 1] as const]),
  ]
}

function breakText({
  type,
  minLength,
  maxLength,
  pattern,
  format,
}: JsonObject): (readonly [string, unknown])[] {
  if (type !== 'string') return []
  const form = typeof pattern === 'string' ? new RegExp(pattern) : undefined
  const misfit = misfits.find((text) => text !== '' && form && !form.test(text))
  return [
    ...(Number(minLength) > 0 ? [['minLength', 'a'.repeat(Number(minLength) - 1)] as const] : []),
    ...(maxLength === undefined ? [] : [['maxLength', 'a'.repeat(Number(maxLength) + 1)] as const]),
    ...(misfit === undefined ? [] : [['pattern', misfit] as const]),
    ...(format === undefined || format === 'password' ? [] : [['format', misfits[0]] as const]),
  ]
}

function breakArray(place: string, { type, minItems, items }: JsonObject): ConstraintViolation[] {
  if (type !== 'array') return []
  const empty = Number(minItems) > 0 ? [{ place, keyword: 'minItems', value: [] }] : []
  const elements = breakSchema(place, asRecord(items)).map((one) => ({
    ...one,
    keyword: `items.${one.keyword}`,
    value: [one.value],
  }))
  return [...empty, ...elements]
}

function breakObject(place: string, schema: JsonObject): ConstraintViolation[] {
  const { type, properties, required = [], additionalProperties, maxProperties } = schema
  if (type !== 'object') return []
  const longest = Number(asRecord(schema['x-propertyNames']).maxLength)
  const inside = (name: string) => `${place}.${name}`
  const many = Object.fromEntries(
    Array.from({ length: Number(maxProperties) + 1 || 0 }, (_, at) => [`k${at}`, at]),
  )
  return [
    ...[required]
      .flat()
      .map((name) => ({ place: inside(String(name)), keyword: 'required', value: undefined })),
    ...(additionalProperties === false
      ? [{ place: inside('unexpected'), keyword: 'additionalProperties', value: 'text' }]
      : []),
    ...(maxProperties === undefined ? [] : [{ place, keyword: 'maxProperties', value: many }]),
    ...(Number.isNaN(longest)
      ? []
      : [{ place, keyword: 'propertyNames', value: { ['k'.repeat(longest + 1)]: 1 } }]),
    ...(typeof additionalProperties === 'object'
      ? breakSchema(inside('tenant'), asRecord(additionalProperties))
      : []),
    ...Object.entries(asRecord(properties)).flatMap(([name, one]) =>
      breakSchema(inside(name), asRecord(one)),
    ),
  ]
}

/** Breaks all alternatives at once: a value of no alternative's type, and each bound of those that have one. */
function breakChoice(place: string, alternatives: readonly unknown[]): ConstraintViolation[] {
  const types = alternatives.map((one) => asRecord(one).type)
  const foreign = samples.filter(([name]) => !types.includes(name))
  return [
    ...foreign.map(([, value]) => ({ place, keyword: 'oneOf.type', value })),
    ...alternatives.flatMap((one) =>
      [...breakNumber(asRecord(one)), ...breakText(asRecord(one))].map(([keyword, value]) => ({
        place,
        keyword: `oneOf.${keyword}`,
        value,
      })),
    ),
  ]
}
