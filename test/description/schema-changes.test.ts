import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listChanges } from '../../src/description/document-changes.ts'
import type { Change } from '../../src/description/tool-changes.ts'
import { knownKeywords } from '../../src/document/schema-keywords.ts'

const text = { type: 'string' }
const count = { type: 'integer' }
const short = { maxLength: 3 }
// biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
const so = { then: short }
const components = { schemas: { Wide: text, Narrow: { ...text, ...short } } }
const refer = (name: string) => ({ $ref: `#/components/schemas/${name}` })

/** A schema that allows more, and one that allows less by the keyword alone. */
const narrowing: Readonly<Record<string, readonly [unknown, unknown]>> = {
  $ref: [refer('Wide'), refer('Narrow')],
  type: [{ type: ['string', 'integer'] }, text],
  enum: [{ enum: ['a', { b: 1 }, { b: 2 }] }, { enum: ['a', { b: 1 }] }],
  const: [{ enum: ['a', 'b'] }, { const: 'a' }],
  format: [text, { ...text, format: 'uuid' }],
  contentEncoding: [text, { ...text, contentEncoding: 'base64' }],
  contentMediaType: [text, { ...text, contentMediaType: 'image/png' }],
  pattern: [text, { ...text, pattern: '^a' }],
  minLength: [{ minLength: 1 }, { minLength: 2 }],
  maxLength: [{ maxLength: 2 }, { maxLength: 1 }],
  minItems: [{ minItems: 1 }, { minItems: 2 }],
  maxItems: [{ maxItems: 2 }, { maxItems: 1 }],
  minContains: [{ contains: text }, { contains: text, minContains: 2 }],
  maxContains: [
    { contains: text, maxContains: 3 },
    { contains: text, maxContains: 2 },
  ],
  minProperties: [{ minProperties: 1 }, { minProperties: 2 }],
  maxProperties: [{ maxProperties: 2 }, { maxProperties: 1 }],
  uniqueItems: [{}, { uniqueItems: true }],
  minimum: [{ minimum: 1 }, { minimum: 2 }],
  maximum: [{ maximum: 2 }, { maximum: 1 }],
  exclusiveMinimum: [{ minimum: 1 }, { exclusiveMinimum: 1 }],
  exclusiveMaximum: [{ maximum: 1 }, { exclusiveMaximum: 1 }],
  multipleOf: [{}, { multipleOf: 2 }],
  properties: [{ properties: { a: true } }, { properties: { a: false } }],
  dependentSchemas: [
    { dependentSchemas: { a: short } },
    { dependentSchemas: { a: short, b: { minProperties: 2 } } },
  ],
  patternProperties: [
    { patternProperties: { '^a': text } },
    { patternProperties: { '^a': text, '^b': text } },
  ],
  propertyNames: [{}, { propertyNames: short }],
  contains: [{}, { contains: text }],
  not: [{}, { not: text }],
  if: [so, { if: text, ...so }],
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  then: [{ if: text }, { if: text, ...so }],
  else: [
    { if: text, ...so },
    { if: text, ...so, else: count },
  ],
  additionalProperties: [{ additionalProperties: text }, { additionalProperties: false }],
  unevaluatedProperties: [{ unevaluatedProperties: text }, { unevaluatedProperties: false }],
  unevaluatedItems: [{ unevaluatedItems: text }, { unevaluatedItems: { ...text, ...short } }],
  items: [{ items: {} }, { items: text }],
  prefixItems: [{}, { prefixItems: [text] }],
  allOf: [{ allOf: [text, { minLength: 1 }] }, { allOf: [text, { minLength: 1 }, short] }],
  anyOf: [{ anyOf: [text, count] }, { anyOf: [text] }],
  oneOf: [{ oneOf: [text, count] }, { oneOf: [text] }],
  required: [{ required: ['a'] }, { required: ['b', 'a'] }],
  dependentRequired: [
    { dependentRequired: { a: ['b'] } },
    { dependentRequired: { a: ['b', 'c'], d: ['e'] } },
  ],
}

/** Keywords that narrow nothing: a change of one is told, and breaks nobody. */
const words: Readonly<Record<string, readonly [unknown, unknown]>> = {
  default: [{ default: 'a' }, { default: { b: 1 } }],
  examples: [{ examples: ['a'] }, { examples: [{ b: 1 }] }],
  title: [{ title: 'A' }, { title: 'B' }],
  description: [{ description: 'A' }, { description: 'B' }],
  deprecated: [{}, { deprecated: true }],
}

/** Keywords whose effect depends on where a message goes. */
const directed = ['readOnly', 'writeOnly', 'x-secret']

const required = { required: ['a'] }
const more: Readonly<Record<string, readonly [unknown, unknown]>> = {
  'a boolean schema': [true, false],
  'a value that can be null': [{ allOf: [text, short], nullable: true }, { allOf: [text, short] }],
  'a keyword beside a list of one part': [
    { allOf: [refer('Wide')] },
    { allOf: [refer('Wide')], minLength: 1 },
  ],
  'a further part of a list of one': [{ allOf: [refer('Wide')] }, { allOf: [refer('Wide'), short] }],
  'a keyword beside a part that has it': [
    { allOf: [refer('Narrow')] },
    { allOf: [refer('Narrow')], maxLength: 2 },
  ],
  'a keyword beside a choice of null': [
    { anyOf: [refer('Wide'), { type: 'null' }] },
    { anyOf: [refer('Wide'), { type: 'null' }], minLength: 1 },
  ],
  'null by a type beside a choice of it': [
    { type: ['object', 'null'], anyOf: [required, { type: 'null' }] },
    { type: 'object', anyOf: [required, { type: 'null' }] },
  ],
  'unevaluatedProperties beside a part': [
    { allOf: [{ properties: { a: text } }] },
    { allOf: [{ properties: { a: text } }], unevaluatedProperties: false },
  ],
  'additionalProperties beside a part': [
    { allOf: [{ properties: { a: text } }] },
    { allOf: [{ properties: { a: text } }, { additionalProperties: false }] },
  ],
  'a rule for names of OpenAPI 3.0': [{ 'x-propertyNames': short }, { 'x-propertyNames': { maxLength: 2 } }],
  'the first pattern of names': [{}, { patternProperties: { '^a': text } }],
  'a discriminator': [
    { oneOf: [refer('Wide')] },
    { oneOf: [refer('Wide')], discriminator: { propertyName: 'a' } },
  ],
  'a value of a discriminator': [
    { discriminator: { propertyName: 'a', mapping: { b: 'Wide', c: 'Narrow' } } },
    { discriminator: { propertyName: 'a', mapping: { b: 'Wide' } } },
  ],
  'a member called as a keyword': [
    { properties: { patternProperties: {} } },
    { properties: { patternProperties: { items: text } } },
  ],
}

/** Two schemas of which none allows all that the other does, or where nobody can tell. */
const differing: Readonly<Record<string, readonly [unknown, unknown]>> = {
  not: [{ not: short }, { not: { maxLength: 9 } }],
  if: [
    { if: text, ...so },
    { if: { type: ['string', 'null'] }, ...so },
  ],
  contains: [{ contains: text }, { contains: count }],
  prefixItems: [{ prefixItems: [text, count] }, { prefixItems: [count, text] }],
  'the older form of prefixItems': [{ items: [text, count] }, { items: [count, text] }],
  'a pattern of names': [{ patternProperties: { '^a': text } }, { patternProperties: { '^ab': text } }],
  dependentRequired: [{ dependentRequired: { a: ['b'] } }, { dependentRequired: { a: ['c'] } }],
  discriminator: [{ discriminator: { propertyName: 'a' } }, { discriminator: { propertyName: 'b' } }],
  'a value of a discriminator': [
    { discriminator: { propertyName: 'a', mapping: { b: 'Wide' } } },
    { discriminator: { propertyName: 'a', mapping: { b: 'Narrow' } } },
  ],
  'what additionalProperties is beside': [
    { allOf: [{ properties: { a: text } }, { properties: { b: text }, additionalProperties: false }] },
    { allOf: [{ properties: { b: text } }, { properties: { a: text }, additionalProperties: false }] },
  ],
  'const in not': [{ not: { const: 'a' } }, { not: { const: 'b' } }],
}

/** Schemas that say the same. */
const equal: Readonly<Record<string, readonly [unknown, unknown]>> = {
  'a reference and what it leads to': [refer('Narrow'), components.schemas.Narrow],
  'the order of required': [{ required: ['a', 'b'] }, { required: ['b', 'a'] }],
  'the order of enum': [{ enum: ['a', { b: 1, c: 2 }] }, { enum: [{ c: 2, b: 1 }, 'a'] }],
  'the order of type': [{ type: ['null', 'string'] }, { type: ['string', 'null'] }],
  'the order in not': [{ not: { enum: ['a', 'b'], type: 'string' } }, { not: { ...text, enum: ['b', 'a'] } }],
  'words in not': [{ not: { ...text, description: 'A' } }, { not: text }],
  'a list of one type': [text, { type: ['string'] }],
  'an enum of one and const': [{ enum: ['a'] }, { const: 'a' }],
  'null of 3.0 and 3.1': [{ ...text, nullable: true }, { type: ['string', 'null'] }],
  'null of 3.0 and 3.1 in an enum': [
    { ...text, nullable: true, enum: ['a', null] },
    { type: ['string', 'null'], enum: ['a', null] },
  ],
  'null of 3.0 and 3.1 in an enum without a type': [{ nullable: true, enum: ['a'] }, { enum: ['a', null] }],
  'null of 3.0 and 3.1 beside a reference': [
    { allOf: [refer('Wide')], nullable: true },
    { anyOf: [refer('Wide'), { type: 'null' }] },
  ],
  'null of 3.0 and 3.1 in a choice': [
    { oneOf: [text, count], nullable: true },
    { oneOf: [text, count, { type: 'null' }] },
  ],
  'the lower bound of 3.0 and 3.1': [{ minimum: 1, exclusiveMinimum: true }, { exclusiveMinimum: 1 }],
  'the upper bound of 3.0 and 3.1': [{ maximum: 1, exclusiveMaximum: true }, { exclusiveMaximum: 1 }],
  'a flag that is off': [{ minimum: 1 }, { minimum: 1, exclusiveMinimum: false, nullable: false }],
  'the names of 3.0 and 3.1': [{ 'x-propertyNames': short }, { propertyNames: short }],
  'a list of one part': [
    { allOf: [refer('Wide')], title: 'A' },
    { ...text, title: 'A' },
  ],
  'parts and the whole of them': [
    {
      allOf: [
        { required: ['a'], properties: { a: text } },
        { required: ['b'], properties: { b: text } },
      ],
    },
    { required: ['b', 'a'], properties: { b: text, a: text } },
  ],
  'what allows anything': [{}, { additionalProperties: true, items: {}, minLength: 0, uniqueItems: false }],
  'a member that allows anything': [{ properties: { a: true } }, { properties: { a: {} } }],
}

const versions = ['3.0.3', '3.1.0'] as const
const tables = {
  ...prefix('narrow', { ...narrowing, ...more }),
  ...prefix('words', words),
  ...prefix('differ', differing),
  ...prefix('equal', equal),
}
const member = (mark: string) => ({ ...required, properties: { a: { ...text, [mark]: true } } })
const plain = { ...required, properties: { a: text } }
const all: Readonly<Record<string, readonly [unknown, unknown]>> = {
  ...tables,
  ...Object.fromEntries(directed.map((mark) => [mark, [member(mark), plain]] as const)),
}

let folder: string
const found = new Map<string, readonly Change[]>()
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'calgate-schemas-'))
  for (const version of versions)
    for (const [from, to] of [
      [0, 1],
      [1, 0],
    ] as const) {
      const [old, next] = [join(folder, 'old.json'), join(folder, 'new.json')]
      await writeFile(old, JSON.stringify(describeAll(version, from)))
      await writeFile(next, JSON.stringify(describeAll(version, to)))
      found.set(`${version} ${from}`, await listChanges(old, next, process))
    }
})
afterAll(() => rm(folder, { recursive: true }))

function prefix(name: string, table: Readonly<Record<string, readonly [unknown, unknown]>>) {
  return Object.fromEntries(Object.entries(table).map(([key, pair]) => [`${name} ${key}`, pair]))
}

/** Describes an operation of its own for each schema, with it as request and as response. */
function describeAll(openapi: string, index: 0 | 1): object {
  const paths = Object.values(all).map(({ [index]: schema }, row) => {
    const content = { 'application/json': { schema } }
    const post = { requestBody: { content }, responses: { 200: { description: 'A', content } } }
    return [`/${row}`, { post }]
  })
  return { openapi, info: { title: 'A', version: '1' }, paths: Object.fromEntries(paths), components }
}

/** Lists the changes of a row, to the second schema or back, as request or as response. */
function find(name: string, way: 'there' | 'back', direction: 'request' | 'response'): readonly Change[] {
  const operation = `POST /${Object.keys(all).indexOf(name)}`
  const [changes, others] = versions.map((version) =>
    found
      .get(`${version} ${way === 'there' ? 0 : 1}`)
      ?.filter((one) => one.operation === operation && one.place.startsWith(direction)),
  )
  expect(others).toEqual(changes)
  return changes ?? []
}

const isBreaking = (changes: readonly Change[]) => changes.some(({ breaking }) => breaking)

describe('two schemas', () => {
  it('are compared by each keyword that values are checked by', () => {
    const keywords = [...Object.keys(narrowing), ...Object.keys(words), ...directed]
    expect(keywords.sort()).toEqual([...knownKeywords].sort())
  })

  it.each(Object.keys({ ...narrowing, ...more }))('break requests that allow less by %s', (name) => {
    expect(isBreaking(find(`narrow ${name}`, 'there', 'request'))).toBe(true)
    expect(isBreaking(find(`narrow ${name}`, 'there', 'response'))).toBe(false)
  })

  it.each(Object.keys({ ...narrowing, ...more }))('break responses that allow more by %s', (name) => {
    expect(isBreaking(find(`narrow ${name}`, 'back', 'response'))).toBe(true)
    expect(isBreaking(find(`narrow ${name}`, 'back', 'request'))).toBe(false)
  })

  it.each(Object.keys(differing))('break both where they differ in %s', (name) => {
    for (const way of ['there', 'back'] as const)
      for (const direction of ['request', 'response'] as const)
        expect(isBreaking(find(`differ ${name}`, way, direction))).toBe(true)
  })

  it.each(Object.keys(words))('tell of %s, which breaks nobody', (name) => {
    expect(find(`words ${name}`, 'there', 'request')).toMatchObject([{ breaking: false }])
    expect(find(`words ${name}`, 'there', 'response')).toMatchObject([{ breaking: false }])
  })

  it.each(Object.keys(equal))('tell nothing where they differ in %s alone', (name) => {
    for (const way of ['there', 'back'] as const)
      for (const direction of ['request', 'response'] as const)
        expect(find(`equal ${name}`, way, direction)).toEqual([])
  })

  it('require of a request what was read alone, and of a response less where a member is written alone', () => {
    expect(isBreaking(find('readOnly', 'there', 'request'))).toBe(true)
    expect(isBreaking(find('readOnly', 'back', 'request'))).toBe(false)
    expect(isBreaking(find('writeOnly', 'back', 'response'))).toBe(true)
    expect(isBreaking(find('writeOnly', 'there', 'response'))).toBe(false)
  })

  it('break tools that are kept from showing a response', () => {
    const secrets = find('x-secret', 'back', 'response')
    expect(secrets).toMatchObject([{ breaking: true, callers: 'MCP callers' }])
    expect(isBreaking(find('x-secret', 'there', 'response'))).toBe(false)
    expect(isBreaking(find('x-secret', 'back', 'request'))).toBe(false)
  })
})
