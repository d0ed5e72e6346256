import { expect, test } from 'vitest'
import { describeApi, load, loadSound } from '../loading.ts'

const responses = { default: { description: 'Any response.' } }

/** The problems of a document with a schema, as `severity: message; expected`. */
async function check(schema: object, openapi = '3.1.0') {
  const body = { content: { 'application/json': { schema } } }
  const { problems } = await load({
    'shop.json': { ...describeApi({ '/a': { post: { requestBody: body, responses } } }), openapi },
  })
  return problems.map(({ severity, message, expected }) => `${severity}: ${message}; ${expected}`)
}

test.each([
  ['minLength', '3', 'a whole number of at least 0'],
  ['maxItems', -1, 'a whole number of at least 0'],
  ['minimum', '1', 'a number'],
  ['exclusiveMaximum', true, 'a number'],
  ['multipleOf', 0, 'a number above 0'],
  ['type', 'float', 'string, number, integer, boolean, array, object, null, or a list of them'],
  ['type', ['string', null], 'string, number, integer, boolean, array, object, null, or a list of them'],
  ['enum', 'a', 'a list of values'],
  ['uniqueItems', 'true', 'true or false'],
  ['required', true, 'a list of names, in the schema that has these properties'],
  ['pattern', 5, 'a regular expression of JavaScript'],
  ['items', 'string', 'a schema'],
  ['properties', ['a'], 'an object of schemas'],
  ['oneOf', { a: {} }, 'a list of schemas'],
  ['dependentRequired', { a: 'b' }, 'lists of names by names'],
])('a rule whose value makes no sense is told: %s: %j', async (keyword, value, expected) => {
  const warning = `warning: ${keyword}: ${JSON.stringify(value)} is not checked; ${expected}`
  expect(await check({ properties: { inner: { [keyword]: value } } })).toEqual([warning])
})

test('the place of a rule that is not checked is told, and a long value is cut', async () => {
  const schemas = { Thing: { properties: { name: { type: 'string', minLength: '3' } } } }
  const shop = describeApi({ '/a': { get: { responses } } }, { components: { schemas } })
  const { problems } = await load({ 'shop.json': shop })
  const lines = JSON.stringify(shop, null, 2).split('\n')
  expect(problems.map(({ line }) => lines[line - 1]?.trim())).toEqual(['"minLength": "3"'])
  expect(await check({ enum: 'a'.repeat(100) })).toEqual([
    `warning: enum: "${'a'.repeat(59)}… is not checked; a list of values`,
  ])
})

test('what is no schema among properties and choices is told', async () => {
  const schema = { properties: { name: 'string', any: true }, anyOf: [{ type: 'object' }, null] }
  expect(await check(schema)).toEqual([
    'warning: properties.name: "string" is not checked; a schema',
    'warning: anyOf.1: null is not checked; a schema',
  ])
})

test('rules of an earlier draft, headers of a part and a mapping by default are told', async () => {
  expect(await check({ dependencies: { a: ['b'] }, items: [{}], additionalItems: false })).toEqual([
    'warning: dependencies is not checked; dependentRequired or dependentSchemas',
    'warning: additionalItems is not checked; items beside prefixItems',
  ])
  const discriminator = { propertyName: 'kind', defaultMapping: 'Other' }
  expect(await check({ oneOf: [{ type: 'object' }], discriminator }, '3.2.0')).toEqual([
    'warning: defaultMapping is not followed; a mapping of each value',
  ])
  const schema = { type: 'object', properties: { file: {} } }
  const encoding = {
    file: { headers: { 'X-Size': { schema: { type: 'integer' } } } },
    other: { headers: {} },
  }
  const requestBody = { content: { 'multipart/form-data': { schema, encoding } } }
  const { problems } = await load({
    'shop.json': describeApi({ '/a': { post: { requestBody, responses } } }),
  })
  expect(problems.map(({ message, expected }) => `${message}; ${expected}`)).toEqual([
    'the headers of the part file are neither checked nor sent; none',
  ])
})

test('nothing is told of rules that are checked, that say nothing, or that are none', async () => {
  const properties = {
    minLength: { type: ['string', 'null'], format: 'own', deprecated: false, readOnly: false },
    required: { type: 'boolean', default: { minLength: '3' }, example: { type: 'float' } },
    dependencies: { type: 'array', items: {}, uniqueItems: false },
    closed: { type: 'object', additionalProperties: false, required: [], 'x-own': { type: 'float' } },
    tuple: { type: 'array', items: [{ type: 'string' }] },
    optional: { type: 'string', required: false },
    never: { not: true },
  }
  expect(await check({ type: 'object', properties })).toEqual([])
  const exclusive = { minimum: 1, exclusiveMinimum: true, maximum: 2, exclusiveMaximum: false }
  for (const openapi of ['3.0.3', '3.1.0'])
    expect(await check({ type: 'integer', ...exclusive }, openapi)).toEqual([])
  const parameters = [{ name: 'a', in: 'query', required: true, type: 'string', minLength: 1 }]
  await loadSound({
    swagger: '2.0',
    info: { title: 'Shop', version: '1' },
    host: 'api.example.org',
    paths: { '/a': { get: { parameters, responses } } },
  })
})
