import fc from 'fast-check'
import { asRecord } from '../src/document/json.ts'
import type { CallArguments } from './call-result.ts'
import type { OperationFacts } from './requirements.ts'
import { type JsonObject, resolve } from './rest/json-schema.ts'
import { isList } from './values.ts'

/** An argument as the document describes it; the body is one of them. */
export interface DescribedArgument {
  readonly name: string
  readonly in: 'path' | 'query' | 'header' | 'body'
  readonly required: boolean
  readonly description?: string
  /** OpenAPI 3.0 schema with every reference inlined. */
  readonly schema: JsonObject
}

/**
 * Reads the arguments that the capability binds from the document, apart from the gateway's own reading of it.
 * Headers that the gateway adds for itself are none of them.
 */
export function readArguments(
  document: JsonObject,
  { operation, arguments: bound }: OperationFacts,
): DescribedArgument[] {
  const [method = '', path = ''] = operation.split(' ')
  const item = asRecord(asRecord(document.paths)[path])
  const source = asRecord(item[method.toLowerCase()])
  const described = [item.parameters ?? [], source.parameters ?? []]
    .flat()
    .map((one: unknown): DescribedArgument => {
      const { name, in: location, required, schema, description = '' } = resolve(one, document)
      const found = places.find((place) => place === location) ?? 'query'
      return {
        name: String(name),
        in: found,
        required: required === true,
        description: String(description),
        schema: inline(schema, document),
      }
    })
    .filter(({ name }) => bound.includes(name))
  const body = resolve(source.requestBody, document)
  const content = asRecord(body.content)['application/json']
  if (!content) return described
  const schema = inline(asRecord(content).schema, document)
  const description = [body.description, schema.description].filter(Boolean).join(' ')
  return [...described, { name: 'body', in: 'body', required: body.required === true, description, schema }]
}

/** One grapheme: fast-check reads its tables of them anew for each kind of text. */
const grapheme = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 })

const places = ['path', 'query', 'header'] as const

function inline(value: unknown, document: JsonObject): JsonObject {
  const schema = resolve(value, document)
  const deep = (inner: unknown): unknown => {
    if (isList(inner)) return inner.map(deep)
    return typeof inner === 'object' && inner !== null ? inline(inner, document) : inner
  }
  return Object.fromEntries(Object.entries(schema).map(([keyword, inner]) => [keyword, deep(inner)]))
}

/** Arguments that the document allows: the required ones, and any of the others. */
export function generateArguments(described: readonly DescribedArgument[]): fc.Arbitrary<CallArguments> {
  const fields = described.map(({ name, schema }) => [name, generateValue(schema)])
  const requiredKeys = described.filter(({ required }) => required).map(({ name }) => name)
  return fc.record<Record<string, unknown>>(Object.fromEntries(fields), {
    requiredKeys,
    noNullPrototype: true,
  })
}

/**
 * Generates the values that a schema allows. Throws a `TypeError` on a schema it cannot read, so that none goes untried.
 */
function generateValue(schema: JsonObject): fc.Arbitrary<unknown> {
  const value = generateSolid(schema)
  return schema.nullable === true ? fc.option(value, { freq: 4 }) : value
}

function generateSolid(schema: JsonObject): fc.Arbitrary<unknown> {
  const { type, enum: choices, oneOf, minimum, maximum, minItems, items } = schema
  if (isList(choices)) return fc.constantFrom(...choices)
  if (isList(oneOf)) return fc.oneof(...oneOf.map((one) => generateValue(asRecord(one))))
  switch (type) {
    case 'integer':
      return fc.integer({
        ...(minimum !== undefined && { min: Number(minimum) }),
        ...(maximum !== undefined && { max: Number(maximum) }),
      })
    case 'number':
      // JSON has no -0: it would come back as another number.
      return fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0)
    case 'boolean':
      return fc.boolean()
    case 'string':
      return generateText(schema)
    case 'array':
      return fc.array(generateValue(asRecord(items)), { minLength: Number(minItems ?? 0), maxLength: 4 })
    case 'object':
      return generateObject(schema)
    default:
      throw new TypeError(`no values are known for the type ${type}`)
  }
}

function generateText({
  format,
  pattern,
  minLength = 0,
  maxLength = 10_000,
}: JsonObject): fc.Arbitrary<string> {
  const form = typeof pattern === 'string' ? new RegExp(pattern) : undefined
  const fits = (text: string) =>
    text.length >= Number(minLength) && text.length <= Number(maxLength) && (form?.test(text) ?? true)
  return pickText(format, form, Number(maxLength)).filter(fits)
}

// Made once: fast-check prepares thousands of characters for each.
const emailAddresses = fc.emailAddress()
// Made when first needed: fast-check reads a table of all characters for it, which takes more than a second.
let urls: fc.Arbitrary<string> | undefined

function pickText(format: unknown, form: RegExp | undefined, longest: number): fc.Arbitrary<string> {
  switch (format) {
    case 'email':
      return emailAddresses
    case 'uri':
      urls ??= fc.webUrl({ withQueryParameters: true })
      return urls
    case 'iana-time-zone':
      return fc.constantFrom(...Intl.supportedValuesOf('timeZone'))
    case 'password':
    case undefined:
      return form ? fc.stringMatching(form) : fc.string({ unit: grapheme, maxLength: Math.min(longest, 40) })
    default:
      throw new TypeError(`no texts are known for the format ${format}`)
  }
}

function generateObject(schema: JsonObject): fc.Arbitrary<unknown> {
  const { properties, required = [], additionalProperties, maxProperties = 5 } = schema
  if (properties !== undefined) {
    const fields = Object.entries(asRecord(properties)).map(([name, one]) => [
      name,
      generateValue(asRecord(one)),
    ])
    const requiredKeys = [required].flat().map(String)
    return fc.record<Record<string, unknown>>(Object.fromEntries(fields), {
      requiredKeys,
      noNullPrototype: true,
    })
  }
  const longest = Number(asRecord(schema['x-propertyNames']).maxLength ?? 20)
  const key = fc
    .string({ unit: grapheme, maxLength: longest })
    .filter((name) => name !== '__proto__' && name.length <= longest)
  const maxKeys = Math.min(Number(maxProperties), 5)
  return fc.dictionary(key, generateValue(asRecord(additionalProperties)), { maxKeys, noNullPrototype: true })
}
