import { dataMembers, schemaLists, schemasByName, singleSchemas } from '../document/document-members.ts'
import { sortMembers } from '../document/equality.ts'
import { asRecord, isObject } from '../document/json.ts'
import { type JsonSchema, mapValues } from '../document/json-schema.ts'
import type { Direction } from '../document/schema-reader.ts'
import { joinParts, nameNull, unwrapNull, words } from './joined-schemas.ts'

const named = new Set(schemasByName)
const lists = new Set(schemaLists)
const single = new Set(singleSchemas)

/** Keywords that an empty schema says nothing by, and that are `false` where nothing fits them. */
const open = ['items', 'additionalProperties', 'unevaluatedItems', 'unevaluatedProperties', 'propertyNames']

/** Keywords whose parts narrow in one place what they widen in another: only as a whole are they compared. */
export const wholeKeywords: ReadonlySet<string> = new Set(['not', 'if', 'contains', 'prefixItems'])

/** The mapping of a discriminator, as a list of its entries: Redocly refuses what it does not find. */
export const mappingKeyword = 'discriminator/mapping'

/** The values of keywords that say as much as their absence. */
const defaults = new Map<string, readonly unknown[]>([
  ...['minLength', 'minItems', 'minProperties'].map((name) => [name, [0]] as const),
  ['minContains', [1]],
  ...['uniqueItems', 'nullable', 'readOnly', 'writeOnly', 'deprecated', 'x-secret'].map(
    (name) => [name, [false]] as const,
  ),
  ...['exclusiveMinimum', 'exclusiveMaximum'].map((name) => [name, [false]] as const),
])

/**
 * Writes a schema as all that say the same are written, whatever the version of OpenAPI: lists of what has no order are
 * sorted, and what says nothing is left out. A keyword that can be compared as a whole alone is a text.
 */
export function toComparableSchema(schema: unknown, direction?: Direction, isInner = false): unknown {
  if (typeof schema === 'boolean') return schema ? {} : { not: '{}' }
  if (!isObject(schema)) return schema
  const { 'x-propertyNames': names, ...rest } = schema
  const source: JsonSchema = names === undefined ? rest : { propertyNames: names, ...rest }
  const entries = Object.entries(source).flatMap(([name, value]): [string, unknown][] => {
    if ((isInner && words.has(name)) || defaults.get(name)?.includes(value)) return []
    if (name === 'discriminator' && isObject(value)) return toDiscriminator(value)
    if (isData(name)) return [[name, toText(value)]]
    const keyword = name === 'items' && Array.isArray(value) ? 'prefixItems' : name
    const inner = isInner || wholeKeywords.has(keyword)
    const written = writeParts(keyword, value, (part) => toComparableSchema(part, direction, inner))
    return [[keyword, wholeKeywords.has(keyword) ? toText(written) : written]]
  })
  const choice = ['anyOf', 'oneOf'].reduce(unwrapNull, closeOpen(Object.fromEntries(entries)))
  return sortLists(nameNull(joinParts(choice)), direction)
}

function writeParts(keyword: string, value: unknown, write: (part: unknown) => unknown): unknown {
  if (named.has(keyword)) return mapValues(asRecord(value), write)
  if (lists.has(keyword) && Array.isArray(value)) return value.map(write)
  return single.has(keyword) ? write(value) : value
}

/** Returns whether a member is compared as a text. */
export function isWhole(name: string): boolean {
  return wholeKeywords.has(name) || isData(name)
}

/** Returns whether a member holds no part of a document: what it is differs as a whole. */
export function isData(name: string): boolean {
  return (dataMembers.has(name) && name !== 'enum' && name !== 'const') || name.startsWith('x-')
}

/** Writes a value as a text that is equal where values are; one that is no object or list as itself. */
export function toText(value: unknown): unknown {
  const isPart = typeof value === 'object' && value !== null
  return isPart ? JSON.stringify(value, (_name, part: unknown) => sortMembers(part)) : value
}

function toDiscriminator({ propertyName, mapping }: JsonSchema): [string, unknown][] {
  const entries = Object.entries(asRecord(mapping)).map(([name, to]) => `${name}: ${to}`)
  const said: [string, unknown][] = [['discriminator', propertyName]]
  return entries.length === 0 ? said : [...said, [mappingKeyword, entries.sort()]]
}

function closeOpen(schema: JsonSchema): JsonSchema {
  const closed = open.flatMap((name): [string, unknown][] =>
    isObject(schema[name]) && schema[name].not === '{}' ? [[name, false]] : [],
  )
  const all = Object.entries({ ...schema, ...Object.fromEntries(closed) })
  const isConditional = schema.then !== undefined || schema.else !== undefined
  return Object.fromEntries(
    all.filter(
      ([name, value]) =>
        !(open.includes(name) && isObject(value) && Object.keys(value).length === 0) &&
        (name !== 'if' || isConditional),
    ),
  )
}

function sortLists(schema: JsonSchema, direction?: Direction): JsonSchema {
  const { type, enum: choices, required, ...rest } = schema
  const leftOut = direction ? listMarked(schema, direction === 'request' ? 'readOnly' : 'writeOnly') : []
  const names = Array.isArray(required) ? required.filter((name) => !leftOut.includes(String(name))) : []
  return {
    ...rest,
    ...(type !== undefined && { type: sortTypes([type].flat()) }),
    ...(Array.isArray(choices) && choices.length > 0 && { enum: sortUnique(choices.map(toText)) }),
    ...(names.length > 0 && { required: sortUnique(names) }),
    ...toExclusive(schema, 'minimum', 'exclusiveMinimum'),
    ...toExclusive(schema, 'maximum', 'exclusiveMaximum'),
  }
}

/** Every integer is a number. */
function sortTypes(types: readonly unknown[]): unknown {
  const all = sortUnique(types).filter((one) => one !== 'integer' || !types.includes('number'))
  const sorted = [...all.filter((one) => one !== 'null'), ...all.filter((one) => one === 'null')]
  return sorted.length === 1 ? sorted[0] : sorted
}

function sortUnique(values: readonly unknown[]): unknown[] {
  const texts = new Map(values.map((one) => [JSON.stringify(one), one]))
  return [...texts.entries()].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, one]) => one)
}

/** A bound that is exclusive by the flag of OpenAPI 3.0 has no other keyword. */
function toExclusive(schema: JsonSchema, bound: string, flag: string): JsonSchema {
  return schema[flag] === true ? { [bound]: undefined, [flag]: schema[bound] } : {}
}

/** Lists the members that a message need not have, of what a schema is joined of, too. */
function listMarked(schema: unknown, mark: string): string[] {
  const { properties, allOf } = asRecord(schema)
  const isMarked = (one: unknown): boolean =>
    asRecord(one)[mark] === true || [asRecord(one).allOf ?? []].flat().some(isMarked)
  const own = Object.entries(asRecord(properties)).flatMap(([name, one]) => (isMarked(one) ? [name] : []))
  return [...own, ...[allOf ?? []].flat().flatMap((one) => listMarked(one, mark))]
}
