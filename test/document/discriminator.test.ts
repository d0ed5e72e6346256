import { describe, expect, test } from 'vitest'
import type { OpenApiDocument } from '../../src/document/document.ts'
import { createComparison } from '../../src/document/response-mismatch.ts'
import { createCompiler } from '../../src/document/schema-compiler.ts'
import { createSchemaReader } from '../../src/document/schema-reader.ts'
import { selectDescribed } from '../../src/mcp/result-redaction.ts'
import { startGateway } from '../support/gateway.ts'
import { clients } from '../support/mcp-clients.ts'
import { respondJson, startUpstream } from '../support/upstream-stub.ts'

const refer = (name: string) => ({ $ref: `#/components/schemas/${name}` })
const extend = (name: string, properties: object) => ({
  allOf: [refer(name), { type: 'object', properties }],
})
const kindOf = (...values: string[]) => ({ properties: { kind: { type: 'string', enum: values } } })
const schemas = {
  Pet: { type: 'object', required: ['kind'], properties: { kind: { type: 'string' } } },
  Cat: extend('Pet', { lives: { type: 'integer' } }),
  Dog: extend('Pet', { barks: { type: 'boolean' } }),
  Lizard: { title: 'A lizard', ...extend('Pet', {}) },
  Alias: refer('Cat'),
  Any: { type: 'object', properties: {} },
  Open: { type: 'object' },
  Words: { allOf: [{ type: 'object', additionalProperties: { type: 'string' } }] },
  Either: { oneOf: [refer('Words'), refer('Track')] },
  Track: kindOf('track'),
  Episode: kindOf('episode'),
  Shared: { allOf: [kindOf('Shared', 'Other')] },
  Other: { allOf: [kindOf('Shared', 'Other')] },
  One: { properties: { kind: { type: 'integer' } } },
  Two: { required: ['b'], properties: { kind: { type: 'integer' } } },
}
const document: OpenApiDocument = { openapi: '3.0.3', paths: {}, components: { schemas } }

function choose(names: readonly string[], mapping?: object, keyword = 'oneOf') {
  return { [keyword]: names.map(refer), discriminator: { propertyName: 'kind', ...(mapping && { mapping }) } }
}

function fits(schema: object, value: unknown, direction: 'request' | 'response' = 'request') {
  return createCompiler()(createSchemaReader(document, direction)(schema))?.(value)
}

const pets = ['Cat', 'Dog', 'Lizard']
const mapping = { cat: 'Cat', kitten: refer('Cat').$ref, dog: 'Dog', lizard: 'Lizard' }

test.each([
  ['the name of a schema', choose(pets), { id: 12345, kind: 'Cat' }, true],
  ['the name of a schema whose members are wrong', choose(pets), { kind: 'Cat', lives: 'x' }, false],
  ['the name of another schema', choose(pets), { kind: 'Dog', lives: 'x' }, true],
  ['a name that fits none but another', choose(pets), { kind: 'Dog', barks: 1 }, false],
  ['no name', choose(pets), { kind: 'cow' }, false],
  ['no name, but one fits', choose(['Track', 'Dog']), { kind: 'track' }, false],
  ['a value of a mapping', choose(pets, mapping), { kind: 'cat', lives: 9 }, true],
  ['another value of one schema', choose(pets, mapping), { kind: 'kitten' }, true],
  ['a value that a mapping replaces', choose(pets, mapping), { kind: 'Cat' }, false],
  ['a value of a mapping for another', choose(pets, mapping), { kind: 'cat', lives: 'x' }, false],
  ['a mapping of a part', choose(pets, { cat: 'Cat' }), { kind: 'Dog' }, true],
  ['a mapping of a part', choose(pets, { cat: 'Cat' }), { kind: 'cat' }, true],
  ['a mapping to more than the choices', choose(['Cat', 'Dog'], mapping), { kind: 'dog' }, true],
  ['a mapping to nowhere', choose(['Cat', 'Dog'], { cat: 'x.yaml#/Cat' }), { kind: 'cat' }, false],
  ['a reference to a reference', choose(['Alias', 'Dog'], { cat: 'Cat', dog: 'Dog' }), { kind: 'cat' }, true],
  ['a schema without the property', choose(['Any', 'Cat']), { kind: 'Any' }, true],
  ['values of the schemas, not their names', choose(['Track', 'Episode']), { kind: 'track' }, true],
  ['values of the schemas, not a mapping', choose(['Track'], { song: 'Track' }), { kind: 'track' }, true],
  ['a name that no schema has as its value', choose(['Track', 'Any']), { kind: 'Track' }, true],
  ['values that schemas share', choose(['Shared', 'Other']), { kind: 'Other' }, true],
  ['a value that is no text', choose(['One', 'Two'], { 1: 'One', 2: 'Two' }), { kind: 1 }, true],
  ['no property', choose(['One', 'Two']), {}, true],
  ['a schema that names no member', choose(['Open', 'Dog']), { kind: 'Open', barks: 1 }, true],
  [
    'a schema that names none, though another is meant',
    choose(['Open', 'Dog']),
    { kind: 'Dog', barks: 1 },
    false,
  ],
  [
    'a value that names none of a map',
    choose(['Words', 'Dog'], { w: 'Words', d: 'Dog' }),
    { kind: 'x' },
    false,
  ],
  ['anyOf', choose(pets, mapping, 'anyOf'), { kind: 'dog' }, true],
  ['anyOf, where another fits', choose(pets, mapping, 'anyOf'), { kind: 'cat', lives: 'x' }, false],
  ['a discriminator that is none', { ...choose(pets), discriminator: 'kind' }, { kind: 'Cat' }, false],
  ['no discriminator', { oneOf: pets.map(refer) }, { kind: 'Cat' }, false],
])('a discriminator decides by %s', (_, schema, value, expected) => {
  expect([fits(schema, value), fits(schema, value, 'response')]).toEqual([expected, expected])
})

test('a choice that is no reference stays as it is', () => {
  const inline = { required: ['x'], properties: { kind: { type: 'string' } } }
  const schema = { ...choose(['Cat', 'Dog']), oneOf: [refer('Cat'), refer('Dog'), inline] }
  expect(fits(schema, { kind: 'Cat' })).toBe(true)
  expect(fits(schema, { kind: 'Cat', x: 1 })).toBe(false)
})

test('each choice says which values it has', () => {
  const { oneOf } = createSchemaReader(document, 'request')(choose(pets, mapping))
  expect(oneOf).toEqual([
    {
      title: 'Cat',
      properties: { kind: { type: 'string', enum: ['cat', 'kitten'] } },
      allOf: [{ $ref: '#/$defs/Cat' }],
    },
    {
      title: 'Dog',
      properties: { kind: { type: 'string', enum: ['dog'] } },
      allOf: [{ $ref: '#/$defs/Dog' }],
    },
    {
      title: 'A lizard',
      properties: { kind: { type: 'string', enum: ['lizard'] } },
      allOf: [{ $ref: '#/$defs/Lizard' }],
    },
  ])
})

function compareResponse(schema: object, body: object) {
  const content = { 'application/json': { schema } }
  const paths = { '/pets': { get: { responses: { 200: { description: 'A pet', content } } } } }
  const compare = createComparison({ ...document, paths })
  return compare({ operation: 'GET /pets', status: 200, type: 'application/json', body })
}

test.each([
  ['Open', undefined],
  ['Open', { open: 'Open', dog: 'Dog' }],
  ['Words', undefined],
  ['Words', { open: 'Words', dog: 'Dog' }],
  ['Either', { open: 'Either', dog: 'Dog' }],
])('what a choice names no members of is all seen: %s by %j', (name, names) => {
  const schema = choose([name, 'Dog'], names)
  const value = { kind: names ? 'open' : name, more: 'x' }
  expect(selectDescribed(createSchemaReader(document, 'response')(schema))(value).value).toEqual(value)
  // The names of the other choice are told of one that says nothing.
  if (name !== 'Open') expect(compareResponse(schema, value)).toEqual([])
})

test('a response that a discriminator decides is as the document says', () => {
  expect(compareResponse(choose(pets), { kind: 'Cat', lives: 9 })).toEqual([])
  expect(compareResponse(choose(pets), { kind: 'Cat', lives: 'x' })).not.toEqual([])
})

describe('a call with a body that a discriminator decides', () => {
  const content = { 'application/json': { schema: choose(pets) } }
  const tool = {
    name: 'add',
    title: 'Add',
    description: 'Adds',
    annotations: {},
    arguments: { body: 'body' },
  }
  const post = {
    operationId: 'add',
    requestBody: { required: true, content },
    responses: { 200: { description: 'The pet', content } },
    'x-mcp-tool': tool,
  }
  const served = {
    ...document,
    openapi: '3.1.0',
    info: { title: 'Pets', version: '1' },
    'x-name': 'pets',
    paths: { '/pets': { post } },
  }
  const pet = { id: 12345, kind: 'Cat' }

  test('is sent on REST and MCP, and its response passed on', async () => {
    await using upstream = await startUpstream((_, response) => respondJson(response, 200, { kind: 'cow' }))
    await using gateway = await startGateway(
      upstream.url,
      { PETS_BASE_URL: upstream.url },
      { document: served },
    )
    const headers = { 'content-type': 'application/json' }
    const send = (body: object) =>
      fetch(`${gateway.restUrl}/pets`, { method: 'POST', headers, body: JSON.stringify(body) })
    expect([(await send(pet)).status, (await send({ ...pet, lives: 'x' })).status]).toEqual([200, 400])
    for (const { connect } of clients) {
      const client = await connect({ url: `${gateway.mcpUrl}/mcp` })
      expect(await client.callTool({ name: 'add', arguments: { body: pet } })).toMatchObject({
        structuredContent: { kind: 'cow' },
      })
      expect(
        await client.callTool({ name: 'add', arguments: { body: { ...pet, lives: 'x' } } }),
      ).toMatchObject({ isError: true })
      await client.close()
    }
    expect(upstream.requests.map(({ body }) => JSON.parse(String(body)))).toEqual(
      ['REST', ...clients].map(() => pet),
    )
  })
})
