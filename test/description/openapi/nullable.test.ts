import { expect, test } from 'vitest'
import { readOwn } from '../../../src/document/json.ts'
import { readOperations } from '../../../src/document/operations.ts'
import { describeApi, loadSound } from '../loading.ts'

const responses = { default: { description: 'Any response.' } }
const text = { type: 'string' }
const thing = { $ref: '#/components/schemas/Thing' }
const words = { description: 'A thing.', deprecated: true, readOnly: true }
const nothing = { type: 'null' }
const discriminator = { propertyName: 'kind' }

/** The schema of a body as the document has it, and as it is checked and listed. */
async function read(schema: object, openapi: string) {
  const body = { content: { 'application/json': { schema } } }
  const { document } = await loadSound({
    ...describeApi(
      { '/a': { post: { operationId: 'make', requestBody: body, responses } } },
      { components: { schemas: { Thing: { type: 'object', properties: { name: text } } } } },
    ),
    openapi,
  })
  const served = ['/a', 'post', 'requestBody', 'content', 'application/json', 'schema'].reduce<unknown>(
    readOwn,
    document?.paths,
  )
  const [operation] = readOperations(document ?? { openapi: '', paths: {} })
  const { $defs, ...checked } = operation?.body?.schema ?? {}
  return {
    served,
    checked: JSON.parse(JSON.stringify(checked).replaceAll('#/$defs/', '#/components/schemas/')),
  }
}

test.each([
  ['a reference', { ...thing }, [thing]],
  ['one schema', { allOf: [thing] }, [thing]],
  ['several schemas', { allOf: [thing, { minProperties: 1 }] }, [{ allOf: [thing, { minProperties: 1 }] }]],
  ['a choice', { anyOf: [thing, text] }, [thing, text]],
  ['a choice of one', { oneOf: [thing, text] }, [{ oneOf: [thing, text] }]],
  [
    'both',
    { allOf: [thing], anyOf: [{ minProperties: 1 }] },
    [{ allOf: [thing], anyOf: [{ minProperties: 1 }] }],
  ],
  [
    'members',
    { properties: { name: text }, required: ['name'] },
    [{ properties: { name: text }, required: ['name'] }],
  ],
  ['values', { enum: ['a', 'b'] }, [{ enum: ['a', 'b'] }]],
])(
  'null beside %s is served as it is checked, with words outside of the choice',
  async (_title, schema, choices) => {
    for (const openapi of ['3.0.3', '3.1.0']) {
      const { served, checked } = await read({ nullable: true, ...schema, ...words }, openapi)
      expect(served).toEqual({ ...words, anyOf: [...choices, nothing] })
      expect(checked).toEqual(served)
    }
  },
)

test('a discriminator stays with its choices, and null of 3.1 beside a type is of the type', async () => {
  const oneOf = [thing]
  const { served } = await read({ nullable: true, oneOf, discriminator }, '3.0.3')
  expect(served).toEqual({ anyOf: [{ oneOf, discriminator }, nothing] })
  const named = await read({ type: 'string', enum: ['a'], nullable: true }, '3.1.0')
  expect(named.served).toEqual({ type: ['string', 'null'], enum: ['a', null] })
})

test('null is written in 2.0, and not in data, for names, and outside of schemas', async () => {
  const schema = {
    properties: {
      nullable: text,
      kind: { enum: ['a'], 'x-nullable': true, description: 'A kind.' },
      data: { default: { nullable: true, anyOf: [] }, 'x-own': { nullable: true, anyOf: [] } },
    },
  }
  const parameters = [{ name: 'b', in: 'body', required: true, schema }]
  const { document } = await loadSound({
    swagger: '2.0',
    info: { title: 'Shop', version: '1' },
    host: 'api.example.org',
    paths: { '/a': { post: { parameters, responses } } },
  })
  expect(JSON.stringify(document?.paths)).toContain(
    JSON.stringify({
      properties: {
        nullable: text,
        kind: { description: 'A kind.', anyOf: [{ enum: ['a'] }, nothing] },
        data: schema.properties.data,
      },
    }),
  )
})

test('a schema stays where a reference leads to a part of it', async () => {
  const schema = { nullable: true, oneOf: [text, { type: 'object', properties: { name: text } }] }
  const part = { $ref: '#/components/schemas/Whole/oneOf/1/properties/name' }
  const { document } = await loadSound(
    describeApi(
      { '/a': { get: { parameters: [{ name: 'a', in: 'query', schema: part }], responses } } },
      { components: { schemas: { Whole: schema } } },
    ),
  )
  expect(document?.components).toMatchObject({ schemas: { Whole: schema } })
})
