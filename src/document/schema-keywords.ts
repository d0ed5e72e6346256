import { discriminate } from './discriminator.ts'
import { annotations, formats, numberFormats } from './formats.ts'
import { asRecord, isObject } from './json.ts'
import type { JsonSchema } from './json-schema.ts'
import { allowNull } from './nullable.ts'
import { repairPattern } from './schema-pattern.ts'

/** What the conversion of keywords needs of the document around them. */
export interface KeywordContext {
  readonly convert: (schema: unknown) => JsonSchema
  /** Gives the name that a reference has in `$defs`; undefined where it leads nowhere. */
  readonly refer: (reference: string) => string | undefined
  /** Gives what a reference leads to; undefined where it leads nowhere. */
  readonly follow: (reference: string) => unknown
  /** True for a member of a schema that these messages need not have. */
  readonly isLeftOut: (name: string, schema: JsonSchema) => boolean
}

type Convert = (value: unknown, context: KeywordContext, schema: JsonSchema) => unknown

/**
 * How each keyword is read, `undefined` where its value makes no sense. What is not listed is no keyword of JSON
 * Schema, or one that a self-contained schema does without.
 */
const keywords: Readonly<Record<string, Convert>> = {
  $ref: (value, { refer }) => {
    const name = typeof value === 'string' ? refer(value) : undefined
    return name === undefined ? undefined : `#/$defs/${name}`
  },
  type: readType,
  enum: (value) => (Array.isArray(value) && value.length > 0 ? unique(value) : undefined),
  const: (value) => value,
  default: (value) => value,
  examples: readIf(Array.isArray),
  title: readIf(isText),
  description: readIf(isText),
  format: (value) => (typeof value === 'string' && knownFormats.has(value) ? value : undefined),
  'x-secret': readIf((value) => value === true),
  contentEncoding: readIf(isText),
  contentMediaType: readIf(isText),
  deprecated: readIf((value) => value === true),
  readOnly: readIf((value) => value === true),
  writeOnly: readIf((value) => value === true),
  pattern: (value) => (typeof value === 'string' ? repairPattern(value) : undefined),
  minLength: readCount,
  maxLength: readCount,
  minItems: readCount,
  maxItems: readCount,
  minContains: readCount,
  maxContains: readCount,
  minProperties: readCount,
  maxProperties: readCount,
  uniqueItems: readIf((value) => typeof value === 'boolean'),
  minimum: readIf(Number.isFinite),
  maximum: readIf(Number.isFinite),
  exclusiveMinimum: readIf(Number.isFinite),
  exclusiveMaximum: readIf(Number.isFinite),
  multipleOf: readIf((value) => Number.isFinite(value) && Number(value) > 0),
  properties: readSchemas,
  dependentSchemas: readSchemas,
  patternProperties: readPatterns,
  propertyNames: readSchema,
  contains: readSchema,
  not: readSchema,
  if: readSchema,
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  then: readSchema,
  else: readSchema,
  additionalProperties: readFlagOrSchema,
  unevaluatedProperties: readFlagOrSchema,
  unevaluatedItems: readFlagOrSchema,
  items: (value, context) => (Array.isArray(value) ? undefined : readFlagOrSchema(value, context)),
  prefixItems: readList,
  allOf: (value, context, schema) => readList(value, within(schema, context)),
  anyOf: readChoices,
  oneOf: readChoices,
  // Required of a message is only what it can have.
  required: (value, { isLeftOut }, schema) =>
    Array.isArray(value)
      ? unique(value.filter(isText)).filter((name) => !isLeftOut(name, schema))
      : undefined,
  dependentRequired: (value) =>
    isObject(value) && Object.values(value).every((one) => Array.isArray(one) && one.every(isText))
      ? value
      : undefined,
}

/** The keywords that are read. */
export const knownKeywords: readonly string[] = Object.keys(keywords)

/** Returns whether a value makes sense for a keyword, so that it is read. */
export function makesSense(keyword: string, value: unknown): boolean {
  const context = { convert: () => ({}), refer: String, follow: () => undefined, isLeftOut: () => false }
  return keywords[keyword]?.(value, context, {}) !== undefined
}

/** Any other format would be refused by validators that are strict. */
const knownFormats = new Set<string>([...Object.keys({ ...formats, ...numberFormats }), ...annotations])

/**
 * Converts the keywords of one schema, those of OpenAPI 3.0 included: `nullable`, boolean bounds, and `x-propertyNames`,
 * which 3.0 has no keyword for.
 */
export function convertKeywords(schema: unknown, context: KeywordContext): JsonSchema {
  if (schema === false) return { not: {} }
  const source = asRecord(schema)
  const converted: Record<string, unknown> = {}
  for (const keyword of Object.keys(source)) {
    const name = keyword === 'x-propertyNames' ? 'propertyNames' : keyword
    if (!Object.hasOwn(keywords, name)) continue
    const value = keywords[name]?.(source[keyword], context, source)
    if (value !== undefined) converted[name] = value
  }
  if (Array.isArray(source.items)) converted.prefixItems = readList(source.items, context)
  readExclusive(source, converted)
  return source.nullable === true ? allowNull(converted) : converted
}

/** Reads the parts that a schema is joined of: what they require may be described in another one. */
function within(schema: JsonSchema, context: KeywordContext): KeywordContext {
  const inner = { ...context, isLeftOut: (name: string) => context.isLeftOut(name, schema) }
  return { ...context, convert: (part) => convertKeywords(part, inner) }
}

/** Converts the flag by which a bound is exclusive in OpenAPI 3.0. */
function readExclusive(source: JsonSchema, converted: Record<string, unknown>): void {
  for (const [flag, bound] of [
    ['exclusiveMinimum', 'minimum'],
    ['exclusiveMaximum', 'maximum'],
  ] as const) {
    if (source[flag] !== true || converted[bound] === undefined) continue
    converted[flag] = converted[bound]
    delete converted[bound]
  }
}

const types = new Set(['string', 'number', 'integer', 'boolean', 'array', 'object', 'null'])

function readType(value: unknown): unknown {
  // OpenAPI 2.0 calls a file a type; as a value it is a text.
  const all = [value].flat().map((one) => (one === 'file' ? 'string' : one))
  if (all.length === 0 || !all.every((one) => typeof one === 'string' && types.has(one))) return undefined
  return Array.isArray(value) ? unique(all) : all[0]
}

function readIf(test: (value: unknown) => boolean): Convert {
  return (value) => (test(value) ? value : undefined)
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function readCount(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : undefined
}

function unique<Value>(all: readonly Value[]): Value[] {
  const seen = new Set<string>()
  return all.filter((one) => {
    const text = JSON.stringify(one)
    return !seen.has(text) && seen.add(text)
  })
}

function readSchema(value: unknown, { convert }: KeywordContext): JsonSchema | undefined {
  return isObject(value) || typeof value === 'boolean' ? convert(value) : undefined
}

function readFlagOrSchema(value: unknown, context: KeywordContext): unknown {
  return typeof value === 'boolean' ? value : readSchema(value, context)
}

function readSchemas(value: unknown, { convert }: KeywordContext): JsonSchema | undefined {
  if (!isObject(value)) return undefined
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, convert(one)]))
}

function readPatterns(value: unknown, { convert }: KeywordContext): JsonSchema | undefined {
  if (!isObject(value)) return undefined
  const read = Object.entries(value).flatMap(([pattern, one]) => {
    const repaired = repairPattern(pattern)
    return repaired === undefined ? [] : [[repaired, convert(one)] as const]
  })
  return Object.fromEntries(read)
}

function readList(value: unknown, { convert }: KeywordContext): JsonSchema[] | undefined {
  return Array.isArray(value) && value.length > 0 ? value.map(convert) : undefined
}

function readChoices(value: unknown, context: KeywordContext, schema: JsonSchema): unknown {
  return discriminate(readList(value, context), value, schema, context.follow)
}
