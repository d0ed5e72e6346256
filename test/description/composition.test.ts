import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readConfig } from '../../src/config/config.ts'
import { loadFiles } from '../../src/description/files.ts'
import type { Loading } from '../../src/description/load.ts'
import { readApi } from '../../src/document/api.ts'
import { asRecord, readOwn } from '../../src/document/json.ts'
import { readOperations } from '../../src/document/operations.ts'
import { createCompiler } from '../../src/document/schema-compiler.ts'
import { inlineReferences } from '../support/inlined-references.ts'
import { describeApi, listOperations, listProblems, load } from './loading.ts'

const refer = (name: string) => ({ $ref: `#/components/schemas/${name}` })

/** An operation with a body and a response of one schema. */
function exchange(schema: object, rest: object = {}): object {
  const content = { 'application/json': { schema } }
  return { ...rest, requestBody: { content }, responses: { 200: { description: 'Done', content } } }
}

/** Reads the schema of an operation's body, with what it refers to in the places of its references. */
function readBody({ document = { openapi: '', paths: {} }, ...rest }: Loading, name: string): unknown {
  const { requestBody } = asRecord(listOperations({ document, ...rest })[name])
  const { schema } = asRecord(asRecord(asRecord(requestBody).content)['application/json'])
  return inlineReferences(document, schema)
}

test('a component of equal text keeps what it leads to, through whatever stands between', async () => {
  const describe = (path: string) =>
    describeApi(
      { [path]: { post: exchange(refer('Owner')) } },
      {
        components: {
          schemas: {
            Owner: { properties: { pet: refer('Pet') } },
            Pet: { properties: { cat: { $ref: '#/components/schemas/Cat/properties/own' } } },
            Cat: { properties: { own: { required: [path] } } },
            Same: { type: 'string' },
          },
        },
      },
    )
  const loading = await load({ 'one.json': describe('/one'), 'two.json': describe('/two') })
  for (const path of ['/one', '/two'])
    expect(readBody(loading, `post ${path}`)).toEqual({
      properties: { pet: { properties: { cat: { required: [path] } } } },
    })
})

test('components that lead to each other are kept apart where one differs', async () => {
  const describe = (path: string) =>
    describeApi(
      { [path]: { post: exchange(refer('A')) } },
      {
        components: {
          schemas: {
            A: { properties: { b: refer('B') } },
            B: { title: path, properties: { a: refer('A') } },
          },
        },
      },
    )
  const { document } = await load({ 'one.json': describe('/one'), 'two.json': describe('/two') })
  expect(asRecord(document?.components).schemas).toEqual({
    A: { properties: { b: refer('B') } },
    B: { title: '/one', properties: { a: refer('A') } },
    A_two: { properties: { b: refer('B_two') } },
    B_two: { title: '/two', properties: { a: refer('A_two') } },
  })
})

test('components that nothing tells apart are one, however many files have them', async () => {
  const describe = (path: string) =>
    describeApi(
      { [path]: { post: exchange(refer('Pet')) } },
      { components: { schemas: { Pet: { properties: { cat: refer('Cat') } }, Cat: { type: 'object' } } } },
    )
  const { document } = await load({ 'a.json': describe('/a'), 'b.json': describe('/b') })
  expect(Object.keys(asRecord(asRecord(document?.components).schemas))).toEqual(['Pet', 'Cat'])
})

test.each([
  ['the first file', { Cat_two: { title: 'first' } }, {}, ['Cat', 'Cat_two', 'Cat_two_2']],
  ['the second file', {}, { Cat_two: { title: 'second' } }, ['Cat', 'Cat_two', 'Cat_two_2']],
  [
    'both files',
    { Cat_two: { title: 'first' } },
    { Cat_two: { title: 'second' } },
    ['Cat', 'Cat_two', 'Cat_two_2', 'Cat_two_two'],
  ],
  [
    'both files, with a number',
    { Cat_two: { title: 'first' }, Cat_two_2: { title: 'third' } },
    {},
    ['Cat', 'Cat_two', 'Cat_two_2', 'Cat_two_3'],
  ],
])('a new name of a component is one that %s has not', async (_where, first, second, names) => {
  const describe = (path: string, schemas: object) => {
    const all = { Cat: { title: path }, ...schemas }
    const operations = Object.keys(all).map((name) => [`${path}/${name}`, { post: exchange(refer(name)) }])
    return describeApi(Object.fromEntries(operations), { components: { schemas: all } })
  }
  const loading = await load({ 'one.json': describe('/one', first), 'two.json': describe('/two', second) })
  expect(Object.keys(asRecord(asRecord(loading.document?.components).schemas)).sort()).toEqual(names)
  for (const [path, schemas] of [['/one', first] as const, ['/two', second] as const])
    for (const [name, schema] of Object.entries({ Cat: { title: path }, ...schemas }))
      expect(readBody(loading, `post ${path}/${name}`)).toEqual(schema)
})

test('what was renamed for one file is not taken for a component of the next', async () => {
  const describe = (path: string) =>
    describeApi(
      { [path]: { post: exchange(refer('Cat')) } },
      { components: { schemas: { Cat: { title: path } } } },
    )
  const files = { 'one.json': describe('/one'), 'two.json': describe('/two') }
  const third = describeApi(
    { '/three': { post: exchange(refer('Cat_two')) } },
    { components: { schemas: { Cat_two: { title: '/three' } } } },
  )
  const loading = await load({ ...files, 'three.json': third })
  for (const path of ['/one', '/two', '/three'])
    expect(readBody(loading, `post ${path}`)).toEqual({ title: path })
})

test('a schema that is renamed keeps the values that name it in a discriminator', async () => {
  const describe = (path: string) => {
    const schemas = {
      Cat: { title: path, properties: { kind: { type: 'string' } } },
      Dog: { properties: { kind: { type: 'string' } } },
    }
    const choose = (mapping?: object) => ({
      oneOf: [refer('Cat'), refer('Dog')],
      discriminator: { propertyName: 'kind', ...(mapping && { mapping }) },
    })
    const paths = {
      [`${path}/named`]: { post: exchange(choose({ cat: 'Cat', dog: 'Dog' })) },
      [`${path}/referred`]: { post: exchange(choose({ cat: refer('Cat').$ref })) },
      [`${path}/implicit`]: { post: exchange(choose()) },
      [`${path}/property`]: { post: exchange({ properties: { discriminator: refer('Cat') } }) },
    }
    return describeApi(paths, { components: { schemas } })
  }
  const loading = await load({ 'one.json': describe('/one'), 'two.json': describe('/two') })
  const read = (name: string) => asRecord(readBody(loading, `post /two/${name}`))
  const moved = '#/components/schemas/Cat_two'
  const propertyName = 'kind'
  expect([
    read('named').discriminator,
    read('referred').discriminator,
    read('implicit').discriminator,
  ]).toEqual([
    { propertyName, mapping: { cat: moved, dog: 'Dog' } },
    { propertyName, mapping: { cat: moved } },
    { propertyName, mapping: { Cat: moved } },
  ])
  expect(read('property')).toMatchObject({ properties: { discriminator: { title: '/two' } } })
  const operations = readOperations(loading.document ?? { openapi: '', paths: {} })
  const check = createCompiler()
  for (const [name, kind] of [
    ['named', 'cat'],
    ['referred', 'cat'],
    ['implicit', 'Cat'],
    ['implicit', 'Dog'],
  ] as const)
    for (const path of ['one', 'two']) {
      const operation = operations.find((one) => one.path === `/${path}/${name}`)
      expect([path, name, check(operation?.body?.schema ?? {})?.({ kind })]).toEqual([path, name, true])
    }
})

test('components whose names every object has are kept like others', async () => {
  const names = ['constructor', 'valueOf', 'Cat']
  const describe = (path: string) =>
    describeApi(
      Object.fromEntries(names.map((name) => [`${path}/${name}`, { post: exchange(refer(name)) }])),
      {
        components: {
          schemas: Object.fromEntries(names.map((name) => [name, { title: `${path} ${name}` }])),
        },
      },
    )
  const loading = await load({ 'one.json': describe('/one'), 'two.json': describe('/two') })
  for (const path of ['/one', '/two'])
    for (const name of names)
      expect(readBody(loading, `post ${path}/${name}`)).toEqual({ title: `${path} ${name}` })
})

test.each(['__proto__', 'constructor'])(
  'a group of components that is called %s changes no object of the program',
  async (group) => {
    const components: unknown = JSON.parse(`{"${group}":{"planted":{"type":"string"}}}`)
    const schema = { $ref: `#/components/${group}/planted` }
    const loading = await load({
      'a.json': describeApi({ '/a': { post: exchange(schema) } }, { components }),
    })
    expect(Object.keys(listOperations(loading))).toEqual(['post /a'])
    expect([Object({}).planted, Object(Object).planted]).toEqual([undefined, undefined])
    expect(readBody(loading, 'post /a')).toEqual({ type: 'string' })
  },
)

test('files of one name that lead to other files are kept apart', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'composition-'))
  try {
    const write = async (name: string) => {
      await mkdir(join(folder, name))
      const files = {
        'api.json': describeApi({ [`/${name}`]: { post: exchange({ $ref: 'pet.json' }) } }),
        'pet.json': { properties: { cat: { $ref: 'cat.json' } } },
        'cat.json': { required: [name] },
      }
      for (const [file, content] of Object.entries(files))
        await writeFile(join(folder, name, file), JSON.stringify(content))
      return join(folder, name, 'api.json')
    }
    const files = [await write('one'), await write('two')]
    const loading = await loadFiles(files, { baseUrls: ['https://api.example.org'] })
    for (const name of ['one', 'two'])
      expect(readBody(loading, `post /${name}`)).toEqual({ properties: { cat: { required: [name] } } })
  } finally {
    await rm(folder, { recursive: true })
  }
})

const answer = { responses: { 200: { description: 'Done' } } }

/** A description whose operations and security schemes have the names of every other that this writes. */
function describeTenant(name: string, rest: object = {}): object {
  const id = { name: 'id', in: 'path', required: true, schema: { type: 'string' } }
  const tenant = { ...id, name: 'tenant', in: 'query', 'x-pin': { credential: 'key' } }
  return describeApi(
    {
      [`/${name}/{id}`]: {
        parameters: [id],
        post: { operationId: 'make', 'x-redeliver': ['change', 'remove', 'unknown'], ...answer },
        put: { operationId: 'change', ...answer },
        delete: answer,
        get: { operationId: 'read', parameters: [tenant], ...answer },
      },
      '/shared': { put: { operationId: `share_${name}`, ...answer } },
      [`/${name}`]: {
        post: {
          operationId: `add_${name}`,
          'x-redeliver': [`share_${name}`, `delete_${name}_id`],
          ...answer,
        },
      },
    },
    {
      components: { securitySchemes: { key: { type: 'apiKey', in: 'header', name: `X-${name}` } } },
      security: [{ key: [] }],
      ...rest,
    },
  )
}

test('what names operations names those of its own file, whatever they are called beside others', async () => {
  const loading = await load({ 'one.json': describeTenant('one'), 'two.json': describeTenant('two') })
  const operations = listOperations(loading)
  const id = (name: string) => operations[name]?.operationId
  expect(operations['post /one/{id}']).toMatchObject({ 'x-redeliver': ['change', 'remove', 'unknown'] })
  expect(id('put /two/{id}')).not.toBe('change')
  expect(operations['post /two/{id}']?.['x-redeliver']).toEqual([id('put /two/{id}'), 'remove', 'unknown'])
  // One operation of both files has the name of the first.
  expect(operations['post /one']?.['x-redeliver']).toEqual(['share_one', id('delete /one/{id}')])
  expect(operations['post /two']?.['x-redeliver']).toEqual(['share_one', id('delete /two/{id}')])
})

test('a link leads to the operation of its own file, wherever the link or its response stands', async () => {
  const link = { operationId: 'read', parameters: { id: '$response.body#/id' } }
  const describe = (name: string) => {
    const inPlace = { description: 'Done', links: { made: link, other: { $ref: '#/components/links/made' } } }
    const post = {
      operationId: 'make',
      responses: { 201: inPlace, 202: { $ref: '#/components/responses/made' } },
    }
    const id = { name: 'id', in: 'path', required: true, schema: { type: 'string' } }
    return describeApi(
      {
        [`/${name}`]: { post },
        [`/${name}/{id}`]: { parameters: [id], get: { operationId: 'read', ...answer } },
      },
      {
        components: {
          links: { made: link, self: { operationId: 'make' } },
          responses: { made: { description: 'Made', links: { self: { $ref: '#/components/links/self' } } } },
        },
      },
    )
  }
  const loading = await load({ 'one.json': describe('one'), 'two.json': describe('two') })
  const operations = listOperations(loading)
  const listLinks = (name: string) => {
    const responses = Object.values(asRecord(operations[`post /${name}`]?.responses))
    const named = responses.flatMap((one) => Object.values(asRecord(readOwn(one, 'links'))))
    return named.map((one) => readOwn(one, 'operationId'))
  }
  for (const name of ['one', 'two']) {
    const [make, read] = [`post /${name}`, `get /${name}/{id}`].map((one) => operations[one]?.operationId)
    expect(listLinks(name)).toEqual([read, read, make])
  }
  expect(new Set([...listLinks('one'), ...listLinks('two')]).size).toBe(4)
})

test('an operation without an id is named by that of its own file', async () => {
  const describe = (path: string) =>
    describeApi({
      '/x/{id}': { post: { operationId: path, 'x-redeliver': ['put_x_id'], ...answer }, put: answer },
    })
  const loading = await load(
    { 'one.json': describe('a'), 'two.json': describe('b') },
    {
      baseUrls: new Map([
        ['one', 'https://one.example.org'],
        ['two', 'https://two.example.org'],
      ]),
    },
  )
  const operations = Object.values(listOperations(loading))
  const [one, two] = operations.filter((operation) => operation['x-redeliver'] !== undefined)
  const ids = operations.map(({ operationId }) => operationId)
  expect(one?.['x-redeliver']).toEqual([ids[0] === 'a' ? ids[1] : ids[0]])
  expect(two?.['x-redeliver']).not.toEqual(one?.['x-redeliver'])
  expect(ids).toContain([two?.['x-redeliver']].flat()[0])
})

test('a pin names the credential of its own file, and each is kept for the pinned value', async () => {
  const { document } = await load({ 'one.json': describeTenant('one'), 'two.json': describeTenant('two') })
  const api = readApi(document ?? { openapi: '', paths: {} })
  const secrets = { ONE_KEY: 'secret-one', TWO_KEY: 'secret-two' }
  const { shared } = readConfig(secrets, api)
  expect(Object.keys(shared)).toEqual([])
  const pinned = readConfig({ ...secrets, API_TENANT: 'acme' }, api)
  expect(pinned.shared).toEqual({ key: 'secret-one', key_two: 'secret-two' })
})

test.each(['first', 'last'])(
  'a pin without a credential lends none of another pin of that name: %s',
  async (place) => {
    const tenant = { name: 'tenant', in: 'query', schema: { type: 'string' } }
    const operations = [
      ['/free', { get: { parameters: [{ ...tenant, 'x-pin': {} }], ...answer } }],
      ['/kept', { get: { parameters: [{ ...tenant, 'x-pin': { credential: 'key' } }], ...answer } }],
    ] as const
    const paths = Object.fromEntries(place === 'first' ? operations : operations.toReversed())
    const securitySchemes = { key: { type: 'apiKey', in: 'header', name: 'X-Key' } }
    const file = describeApi(paths, { components: { securitySchemes }, security: [{ key: [] }] })
    const { document } = await load({ 'shop.json': file })
    const api = readApi(document ?? { openapi: '', paths: {} })
    expect(readConfig({ SHOP_KEY: 'secret' }, api).shared).toEqual({})
  },
)

/** A description that says something of its document as a whole. */
const describeWhole = (path: string, rest: object) => describeApi({ [path]: { get: answer } }, rest)

test('what the error responses of each description repeat is redacted from those of all', async () => {
  const { document } = await load({
    'one.json': describeWhole('/one', { 'x-error-echoes': { members: ['value', 'target'], urls: ['path'] } }),
    'two.json': describeWhole('/two', { 'x-error-echoes': { members: ['given', 'value'] } }),
    'three.json': describeWhole('/three', {}),
    'four.json': describeWhole('/four', { 'x-error-echoes': { urls: ['link'] } }),
  })
  const { responses } = readApi(document ?? { openapi: '', paths: {} })
  expect([...responses.echoMembers]).toEqual(['value', 'target', 'given'])
  expect([...responses.echoUrls]).toEqual(['path', 'link'])
})

test.each([
  ['all', [{ 'x-title': 'One.example' }, {}], 'One.example, Shop'],
  ['all, each once', [{ 'x-title': 'One' }, {}, { 'x-title': 'One' }, {}], 'One, Shop'],
  ['all, each once, without x-title', [{}, {}], 'Shop'],
])('a service of several APIs is called by the titles of %s', async (_, all, title) => {
  const files = all.map((one, index) => [`${index}.json`, describeWhole(`/${index}`, one)])
  const { document } = await load(Object.fromEntries(files))
  expect(readApi(document ?? { openapi: '', paths: {} }).title).toBe(title)
})

test('a header that says how long to wait is warned of where that of another description counts', async () => {
  const header = 'x-retry-after-header'
  const loading = await load({
    'one.json': describeWhole('/one', {}),
    'two.json': describeWhole('/two', { [header]: 'X-Wait' }),
    'three.json': describeWhole('/three', { [header]: 'x-wait' }),
    'four.json': describeWhole('/four', { [header]: 'X-Reset' }),
  })
  expect(readApi(loading.document ?? { openapi: '', paths: {} }).responses.retryAfterHeader).toBe('x-wait')
  expect(listProblems(loading)).toEqual([
    'four.json:18: warning: x-retry-after-header X-Reset does not count beside X-Wait of two.json; one header, or descriptions that are served apart',
  ])
})
