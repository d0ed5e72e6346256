import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { asRecord, isObject } from '../../src/document/json.ts'
import type { JsonSchema } from '../../src/document/json-schema.ts'
import { selectDescribed } from '../../src/mcp/result-redaction.ts'
import { omitSecrets } from '../../src/mcp/schema-redaction.ts'
import '../support/property-seed.ts'

const names = ['a', 'b', 'c'] as const
const types = ['string', 'object', 'array', 'null'] as const
const { schema: schemas, value: values } = fc.letrec<{ schema: JsonSchema; value: unknown }>((tie) => {
  const inner = tie('schema')
  const few = { minLength: 1, maxLength: 2 }
  const members = fc.dictionary(fc.constantFrom(...names), inner, { maxKeys: 3 })
  const keywords = {
    type: fc.subarray([...types], few),
    properties: members,
    additionalProperties: fc.oneof(inner, fc.boolean()),
    patternProperties: fc.dictionary(fc.constantFrom('^a', '.', '[bc]'), inner, { maxKeys: 1 }),
    items: inner,
    prefixItems: fc.array(inner, few),
    contains: inner,
    allOf: fc.array(inner, few),
    oneOf: fc.array(inner, few),
    anyOf: fc.array(inner, few),
    if: inner,
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: inner,
    dependentSchemas: fc.dictionary(fc.constantFrom(...names), inner, { maxKeys: 1 }),
    $ref: fc.constantFrom('#/$defs/X', '#/$defs/Y'),
  }
  const keyword = fc.oneof(
    ...Object.entries(keywords).map(([name, said]) => fc.record<JsonSchema>({ [name]: said })),
  )
  return {
    schema: fc.oneof(
      { maxDepth: 3, depthIdentifier: 'schema' },
      { arbitrary: fc.constant<JsonSchema>({ type: 'string', format: 'password' }), weight: 2 },
      { arbitrary: fc.subarray([...types], few).map((type): JsonSchema => ({ type })), weight: 3 },
      { arbitrary: fc.constantFrom<JsonSchema>({}, { 'x-secret': true }), weight: 1 },
      {
        arbitrary: fc.tuple(keyword, keyword).map(([one, other]): JsonSchema => ({ ...one, ...other })),
        weight: 12,
      },
    ),
    value: fc.oneof(
      { maxDepth: 3, depthIdentifier: 'value' },
      fc.constantFrom('', '', null),
      fc.dictionary(fc.constantFrom(...names), tie('value'), { maxKeys: 3 }),
      fc.array(tie('value'), { maxLength: 2 }),
    ),
  }
})

/** Gives each text of a value a text of its own. */
function nameTexts(value: unknown, place = 'text'): unknown {
  if (Array.isArray(value)) return value.map((one, index) => nameTexts(one, `${place}-${index}`))
  if (!isObject(value)) return value === '' ? `${place}.` : value
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, nameTexts(one, `${place}-${name}`)]),
  )
}

function listTexts(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return isObject(value) || Array.isArray(value) ? Object.values(value).flatMap(listTexts) : []
}

/** Lists the texts that any part of a schema calls a secret, by the words of JSON Schema and nothing else. */
function listSecrets(root: JsonSchema, value: unknown): ReadonlySet<string> {
  const secrets = new Set<string>()
  const seen = new Map<unknown, Set<unknown>>()
  const visit = (part: unknown, here: unknown): void => {
    const visited = seen.get(part) ?? new Set()
    if (!isObject(part) || visited.has(here)) return
    seen.set(part, visited.add(here))
    if (part['x-secret'] === true) for (const one of listTexts(here)) secrets.add(one)
    if (part.format === 'password' && typeof here === 'string') secrets.add(here)
    if (typeof part.$ref === 'string') visit(asRecord(root.$defs)[part.$ref.slice('#/$defs/'.length)], here)
    const { allOf = [], oneOf = [], anyOf = [], then, dependentSchemas } = part
    for (const one of [allOf, oneOf, anyOf, part.if, then, Object.values(asRecord(dependentSchemas))].flat())
      visit(one, here)
    if (Array.isArray(here))
      for (const [index, one] of here.entries()) {
        visit([part.prefixItems ?? []].flat()[index] ?? part.items, one)
        visit(part.contains, one)
      }
    else if (isObject(here)) for (const [name, one] of Object.entries(here)) visitMember(part, name, one)
  }
  const visitMember = (part: JsonSchema, name: string, one: unknown) => {
    const own = asRecord(part.properties)[name]
    const matched = Object.entries(asRecord(part.patternProperties)).filter(([pattern]) =>
      new RegExp(pattern).test(name),
    )
    for (const [, member] of matched) visit(member, one)
    visit(own ?? (matched.length > 0 ? undefined : part.additionalProperties), one)
  }
  visit(root, value)
  return secrets
}

test('no text is told of a valid response that any part of its schema calls a secret', () => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false, logger: false })
  let found = 0
  const root = fc.record({
    schema: schemas,
    X: schemas,
    Y: schemas,
    value: values.map((one) => nameTexts(one)),
  })
  fc.assert(
    fc.property(root, ({ schema: own, X, Y, value }) => {
      const schema = { ...own, $defs: { X, Y } }
      const secrets = listSecrets(schema, value)
      if (secrets.size === 0 || !isValid(ajv, schema, value)) return
      found += 1
      const visible = omitSecrets(schema)
      const told = visible ? selectDescribed(visible)(value).text : ''
      expect([...secrets].filter((one) => told.includes(JSON.stringify(one)))).toEqual([])
    }),
    { numRuns: 5_000 },
  )
  expect(found).toBeGreaterThan(200)
})

/** Returns whether a value is valid; never by a schema that refers to itself for one value. */
function isValid(ajv: Ajv2020, schema: JsonSchema, value: unknown): boolean {
  try {
    return ajv.validate(schema, value)
  } catch {
    return false
  }
}
