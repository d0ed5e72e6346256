import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { asRecord } from '../../../src/document/json.ts'
import { readOperations } from '../../../src/document/operations.ts'
import { describeApi, listOperations, listProblems, load, loadSound } from '../loading.ts'

const anything = { default: { description: 'Any response.' } }

test('a Swagger 2.0 document becomes 3.1, with its forms, styles and definitions', async () => {
  const { document } = await loadSound(`
swagger: '2.0'
info: { title: Shop, version: '1' }
host: api.example.org
schemes: [https]
consumes: [application/json]
definitions:
  Thing: { type: object, properties: { name: { type: string, x-nullable: true } } }
parameters:
  Limit: { name: limit, in: query, type: integer }
  ThingBody: { name: thing, in: body, required: true, schema: { $ref: '#/definitions/Thing' } }
paths:
  /things:
    get:
      parameters: [{ $ref: '#/parameters/Limit' }, { name: ids, in: query, type: array, items: { type: string }, collectionFormat: pipes }]
      responses: { 200: { description: Things } }
    post:
      parameters: [{ $ref: '#/parameters/ThingBody' }]
      responses: { 201: { description: Made } }
    put:
      consumes: [application/x-www-form-urlencoded]
      parameters: [{ name: name, in: formData, type: string, required: true }]
      responses: { 200: { description: Done } }
`)
  const operations = listOperations({ document: document ?? { openapi: '', paths: {} }, problems: [] })
  expect(operations['get /things']?.parameters).toMatchObject([
    { name: 'limit', in: 'query', schema: { type: 'integer' } },
    { name: 'ids', style: 'pipeDelimited', explode: false, schema: { type: 'array' } },
  ])
  expect(asRecord(operations['post /things']).parameters).toEqual([])
  expect(JSON.stringify(operations['post /things']?.requestBody)).toContain('#/components/')
  expect(operations['put /things']).toMatchObject({
    requestBody: { content: { 'application/x-www-form-urlencoded': { schema: { required: ['name'] } } } },
  })
  expect(asRecord(document?.components).schemas).toMatchObject({
    Thing: { properties: { name: { type: ['string', 'null'] } } },
  })
})

test('lists of a Swagger 2.0 document are written as it says, with commas where it says nothing', async () => {
  const list = 'type: array, items: { type: string }'
  const loading = await load({
    'shop.yaml': `
swagger: '2.0'
info: { title: Shop, version: '1' }
consumes: [application/x-www-form-urlencoded]
parameters:
  Ids: { name: ids, in: formData, ${list} }
  Tags: { name: tags, in: formData, ${list}, collectionFormat: multi }
paths:
  /own:
    post:
      parameters:
        - { name: ids, in: formData, ${list} }
        - { name: parts, in: formData, ${list}, collectionFormat: pipes }
        - { name: files, in: formData, type: array, items: { type: file } }
        - { name: q, in: query, ${list}, collectionFormat: tsv }
        - { name: h, in: header, ${list}, collectionFormat: ssv }
      responses: { 200: { description: Done } }
  /shared:
    post: { parameters: [{ $ref: '#/parameters/Ids' }, { $ref: '#/parameters/Tags' }], responses: { 200: { description: Done } } }
`,
  })
  const encodings = ['post /own', 'post /shared'].map((name) => {
    const { content } = asRecord(listOperations(loading)[name]?.requestBody)
    return asRecord(asRecord(content)['application/x-www-form-urlencoded']).encoding
  })
  const [commas, repeated] = [false, true].map((explode) => ({ style: 'form', explode }))
  expect(encodings).toEqual([
    { ids: commas, parts: { style: 'pipeDelimited', explode: false } },
    { ids: commas, tags: repeated },
  ])
  expect(listProblems(loading)).toEqual([
    'shop.yaml:15: warning: the list "q" is not written as tsv: OpenAPI 3 has no style for it; csv, ssv, pipes or multi',
    'shop.yaml:16: warning: the list "h" is not written as ssv: OpenAPI 3 has no style for it; csv',
  ])
})

test('shared fields of a Swagger 2.0 form stand beside its own, in the types that it takes', async () => {
  const { document, problems } = await loadSound(`
swagger: '2.0'
info: { title: Shop, version: '1' }
consumes: [application/json]
parameters:
  Name: { name: name, in: formData, type: string, required: true }
  Thing: { name: thing, in: body, required: true, schema: { type: object } }
paths:
  /form:
    parameters: [{ $ref: '#/parameters/Name' }, { name: note, in: formData, type: string }]
    post:
      consumes: [application/x-www-form-urlencoded]
      parameters: [{ name: note, in: formData, type: boolean }, { name: count, in: formData, type: integer }]
      responses: { 200: { description: Done } }
  /file:
    post:
      consumes: [multipart/form-data]
      parameters: [{ name: file, in: formData, type: file }]
      responses: { 200: { description: Done } }
  /body:
    parameters: [{ $ref: '#/parameters/Thing' }]
    put: { responses: { 200: { description: Done } } }
    post: { parameters: [{ name: own, in: body, schema: { type: array } }], responses: { 200: { description: Done } } }
`)
  const operations = listOperations({ document: document ?? { openapi: '', paths: {} }, problems })
  const properties = { name: { type: 'string' }, note: { type: 'boolean' }, count: { type: 'integer' } }
  expect(operations['post /form']).toMatchObject({
    parameters: [],
    requestBody: {
      required: true,
      content: { 'application/x-www-form-urlencoded': { schema: { properties, required: ['name'] } } },
    },
  })
  const bodies = ['post /form', 'post /file', 'put /body', 'post /body'].map((name) =>
    asRecord(operations[name]?.requestBody),
  )
  expect(bodies.map(({ content }) => Object.keys(asRecord(content)))).toEqual([
    ['application/x-www-form-urlencoded'],
    ['multipart/form-data'],
    ['application/json'],
    ['application/json'],
  ])
  expect(bodies.map(({ required = false }) => required)).toEqual([true, false, true, false])
  expect(JSON.stringify(bodies[3])).toContain('array')
})

test('what a Swagger 2.0 document refers to in other files is upgraded with it', async () => {
  const shop = `
swagger: '2.0'
info: { title: Shop, version: '1' }
consumes: [application/json]
produces: [application/json]
paths:
  /things:
    get:
      parameters: [{ $ref: 'common.yaml#/parameters/Page' }, { $ref: 'common.yaml#/parameters/Ids' }]
      responses: { 200: { $ref: 'common.yaml#/responses/Things' } }
    post:
      parameters: [{ $ref: 'common.yaml#/parameters/Thing' }]
      responses: { 200: { description: Done } }
  /others: { $ref: 'others.yaml' }
`
  const common = `
parameters:
  Page: { name: page, in: query, type: integer }
  Ids: { name: ids, in: query, type: array, items: { type: string } }
  Thing: { name: thing, in: body, required: true, schema: { $ref: '#/definitions/Thing' } }
responses:
  Things: { description: Things, schema: { type: array, items: { $ref: '#/definitions/Thing' } } }
definitions:
  Thing: { type: object, required: [id], properties: { id: { type: integer } } }
`
  const others = `
get:
  parameters: [{ name: size, in: query, type: integer }]
  responses: { 200: { description: Others, schema: { type: string } } }
`
  const folder = await mkdtemp(join(tmpdir(), 'calgate-swagger-'))
  try {
    await writeFile(join(folder, 'common.yaml'), common)
    await writeFile(join(folder, 'others.yaml'), others)
    const loading = await load({ [join(folder, 'shop.yaml')]: shop })
    expect(listProblems(loading)).toEqual([])
    const operations = listOperations(loading)
    const json = (schema: object) => ({ content: { 'application/json': { schema } } })
    expect(operations['get /things']).toMatchObject({
      parameters: [
        { name: 'page', schema: { type: 'integer' } },
        { name: 'ids', style: 'form', explode: false, schema: { type: 'array' } },
      ],
      responses: { 200: json({ type: 'array' }) },
    })
    expect(operations['post /things']?.requestBody).toMatchObject({ required: true, ...json({}) })
    expect(operations['get /others']).toMatchObject({
      parameters: [{ name: 'size', schema: { type: 'integer' } }],
      responses: { 200: json({ type: 'string' }) },
    })
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('what narrows a value beside a reference is ignored before OpenAPI 3.1', async () => {
  const beside = { type: 'object', minLength: 50, properties: {}, description: 'Its name.', readOnly: true }
  const name = { $ref: '#/components/schemas/Name', ...beside }
  const schema = { type: 'object', properties: { name, $ref: { type: 'string', minLength: 1 } } }
  const example = { $ref: '#/components/schemas/Name', type: 'object' }
  const content = { 'application/json': { schema, example } }
  const read = async (openapi: string) => {
    const paths = { '/a': { post: { requestBody: { content }, responses: anything } } }
    const components = { schemas: { Name: { type: 'string' } } }
    const loading = await loadSound({ ...describeApi(paths, { components }), openapi })
    return asRecord(asRecord(listOperations(loading)['post /a']?.requestBody).content)['application/json']
  }
  expect(await read('3.1.0')).toMatchObject({ schema })
  const narrowed = { $ref: name.$ref, description: 'Its name.', readOnly: true }
  expect(await read('3.0.3')).toMatchObject({
    schema: { properties: { name: narrowed, $ref: { minLength: 1 } } },
  })
  expect(asRecord(asRecord(asRecord(await read('3.0.3')).schema).properties).name).toEqual(narrowed)
  expect(JSON.stringify(await read('3.0.3'))).toContain(JSON.stringify(example))
})

test('a dynamic reference is named, and any value is taken in its place', async () => {
  const children = { type: 'array', items: { $dynamicRef: '#node' } }
  const Tree = { $dynamicAnchor: 'node', type: 'object', properties: { children, $dynamicRef: {} } }
  const schema = { $ref: '#/components/schemas/Tree', default: { $dynamicRef: '#data' } }
  const content = { 'application/json': { schema } }
  const loading = await load({
    'shop.json': describeApi(
      { '/a': { post: { requestBody: { content }, responses: anything } } },
      { components: { schemas: { Tree } } },
    ),
  })
  expect(listProblems(loading).map((problem) => problem.replace(/:\d+/, ''))).toEqual([
    'shop.json: omission: the dynamic reference #node is not followed; $ref: #/components/schemas/…',
  ])
  const [operation] = readOperations(loading.document ?? { openapi: '', paths: {} })
  expect(operation?.body?.schema).toMatchObject({ properties: { children: { type: 'array', items: {} } } })
})

test('nullable and boolean bounds of 3.0 become 3.1', async () => {
  const schema = { type: 'integer', nullable: true, minimum: 1, exclusiveMinimum: true }
  const loading = await loadSound({
    ...describeApi({
      '/a': { get: { parameters: [{ name: 'n', in: 'query', schema }], responses: anything } },
    }),
    openapi: '3.0.3',
  })
  expect(listOperations(loading)['get /a']?.parameters).toMatchObject([
    { schema: { type: ['integer', 'null'], exclusiveMinimum: 1 } },
  ])
})

test('the methods and places of 3.2 are operations', async () => {
  const loading = await loadSound({
    ...describeApi({
      '/a': {
        query: { operationId: 'search', responses: anything },
        additionalOperations: { COPY: { operationId: 'copy', responses: anything } },
        get: {
          parameters: [{ name: 'filter', in: 'querystring', content: { 'application/json': {} } }],
          responses: anything,
        },
      },
    }),
    openapi: '3.2.0',
  })
  expect(Object.keys(listOperations(loading))).toEqual(['get /a', 'query /a', 'additionalOperations /a'])
  const served = readOperations(loading.document ?? { openapi: '', paths: {} })
  expect(served.map(({ method, path }) => `${method} ${path}`)).toEqual(['GET /a', 'QUERY /a', 'COPY /a'])
  expect(listOperations(loading)['get /a']?.parameters).toMatchObject([{ in: 'querystring' }])
})

test('what is composed is 3.2 where a description is, and 3.1 where none is', async () => {
  const paths = (path: string) => ({ [path]: { get: { responses: anything } } })
  const old = { ...describeApi(paths('/a')), openapi: '3.0.3' }
  const latest = { ...describeApi(paths('/b')), openapi: '3.2.0' }
  const toVersion = async (...args: Parameters<typeof load>) => (await load(...args)).document?.openapi
  expect(await toVersion({ 'old.json': old })).toBe('3.1.1')
  expect(await toVersion({ 'old.json': old, 'latest.json': latest })).toBe('3.2.0')
  const schemas = [{ file: 'latest.json', text: JSON.stringify(latest) }]
  expect(await toVersion({ 'old.json': old }, { schemas })).toBe('3.2.0')
})

test('media types of 3.2 may be references, through one another, too', async () => {
  const $ref = '#/components/mediaTypes/Thing'
  const schema = { type: 'object', required: ['name'] }
  const loading = await loadSound({
    ...describeApi(
      {
        '/a': {
          post: {
            parameters: [{ name: 'filter', in: 'query', content: { 'application/json': { $ref } } }],
            requestBody: { content: { 'application/json': { $ref } } },
            responses: { 200: { description: 'A thing.', content: { 'application/json': { $ref } } } },
          },
        },
      },
      { components: { mediaTypes: { Thing: { $ref: '#/components/mediaTypes/value' }, value: { schema } } } },
    ),
    openapi: '3.2.0',
  })
  const [operation] = readOperations(loading.document ?? { openapi: '', paths: {} })
  const described = [operation?.parameters[0]?.schema, operation?.body?.schema, operation?.success.schema]
  expect(described).toEqual([schema, schema, schema])
})

test('what no server takes is left out by name: methods and paths with dot segments', async () => {
  const one = { responses: anything }
  const loading = await load({
    'shop.json': JSON.stringify({
      ...describeApi({
        '/a': { get: one, trace: one, additionalOperations: { FOO: one, CONNECT: one, 'A B': one } },
        '/../b': { get: one },
        '/c/%2E./d': { get: one },
        '/e../f': { get: one },
      }),
      openapi: '3.2.0',
    }),
  })
  expect(Object.keys(listOperations(loading))).toEqual(['get /a', 'get /e../f'])
  expect(listProblems(loading).map((problem) => problem.split(': ')[2]?.split(';')[0])).toEqual([
    'TRACE /a is left out',
    'FOO /a is left out',
    'CONNECT /a is left out',
    'A B /a is left out',
    'the path /../b is left out',
    'the path /c/%2E./d is left out',
  ])
})

test('what stands beside the reference of a path item is served, too', async () => {
  const shared = { get: { operationId: 'shared', responses: anything }, parameters: [] }
  const loading = await loadSound(
    describeApi(
      { '/a': { $ref: '#/components/pathItems/A', post: { operationId: 'own', responses: anything } } },
      { components: { pathItems: { A: shared } } },
    ),
  )
  expect(Object.keys(listOperations(loading))).toEqual(['get /a', 'post /a'])
})

test('what a path item says becomes its operations own, unless they say otherwise', async () => {
  const shared = [
    { name: 'id', in: 'path', required: true, schema: { type: 'integer' } },
    { name: 'view', in: 'query', schema: { type: 'string' } },
  ]
  const own = [{ name: 'view', in: 'query', schema: { type: 'boolean' } }]
  const loading = await loadSound(
    describeApi({ '/a/{id}': { summary: 'An a', parameters: shared, delete: { parameters: own } } }),
  )
  expect(listOperations(loading)['delete /a/{id}']).toMatchObject({
    summary: 'An a',
    parameters: [own[0], shared[0]],
    responses: anything,
  })
})

test('headers whose names differ in case are one parameter, what else does is two', async () => {
  const name = (place: string, spelled: string, type: string) => ({
    ...{ name: spelled, in: place, schema: { type } },
  })
  const shared = [
    name('header', 'X-Id', 'integer'),
    name('query', 'Id', 'integer'),
    name('cookie', 'Id', 'integer'),
  ]
  const own = [
    name('header', 'x-id', 'string'),
    name('query', 'id', 'string'),
    name('cookie', 'id', 'string'),
  ]
  const loading = await load({
    'a.json': describeApi({
      '/a': { parameters: shared, get: { parameters: own } },
      '/b': { get: { parameters: [...shared, ...own] } },
    }),
  })
  const operations = listOperations(loading)
  expect(operations['get /a']?.parameters).toEqual([...own, ...shared.slice(1)])
  expect(operations['get /b']?.parameters).toEqual([...shared, ...own.slice(1)])
  expect(loading.problems.map(({ message }) => message)).toEqual([
    'the header parameter "x-id" of GET /b stands twice',
  ])
})

test.each(['query', 'cookie'])(
  'a %s parameter whose name differs in case from a credential is none',
  async (place) => {
    const parameters = ['Key', 'key'].map((name) => ({ name, in: place, schema: { type: 'string' } }))
    const securitySchemes = { secret: { type: 'apiKey', in: place, name: 'key' } }
    const operation = { parameters, security: [{ secret: [] }], responses: anything }
    const loading = await loadSound(
      describeApi({ '/a': { get: operation } }, { components: { securitySchemes } }),
    )
    expect(listOperations(loading)['get /a']?.parameters).toEqual([parameters[0]])
  },
)

test('a variable that nothing declares is a required text, and a parameter without a form is a text', async () => {
  const loading = await loadSound(
    describeApi({ '/a/{id}': { get: { parameters: [{ name: 'q', in: 'query' }], responses: anything } } }),
  )
  expect(listOperations(loading)['get /a/{id}']?.parameters).toEqual([
    { name: 'q', in: 'query', schema: { type: 'string' } },
    { name: 'id', in: 'path', required: true, schema: { type: 'string' } },
  ])
})

test('a reference that leads nowhere costs a schema, a response or an operation, and is named with its line', async () => {
  const loading = await load({
    'shop.yaml': `openapi: 3.1.0
info: { title: Shop, version: '1' }
paths:
  /a:
    get:
      responses:
        default: { $ref: '#/components/responses/Gone' }
        400: { description: No, content: { application/json: { schema: { $ref: '#/components/schemas/Gone' } } } }
    post:
      parameters:
      - { $ref: '#/components/parameters/Gone' }
    put:
      requestBody: { $ref: '#/components/requestBodies/Gone' }
`,
  })
  expect(listProblems(loading)).toEqual([
    'shop.yaml:7: omission: the reference #/components/responses/Gone leads nowhere; the name of a component',
    'shop.yaml:8: omission: the reference #/components/schemas/Gone leads nowhere; the name of a component',
    'shop.yaml:11: omission: POST /a is left out: the reference #/components/parameters/Gone leads nowhere; the name of a component',
    'shop.yaml:13: omission: PUT /a is left out: the reference #/components/requestBodies/Gone leads nowhere; the name of a component',
  ])
  expect(listOperations(loading)['get /a']?.responses).toEqual({
    default: { description: 'Any response.' },
    400: { description: 'No', content: { 'application/json': { schema: {} } } },
  })
})

test('a reference that leads back to itself leads nowhere; one within a schema is a tree', async () => {
  const schema = (name: string) => ({ $ref: `#/components/schemas/${name}` })
  const content = (name: string) => ({ content: { 'application/json': { schema: schema(name) } } })
  const loading = await load({
    'shop.json': describeApi(
      { '/a': { put: { requestBody: content('Tree') }, post: { requestBody: content('Loop') } } },
      {
        components: {
          schemas: {
            Tree: { type: 'object', properties: { child: schema('Tree') } },
            Loop: schema('Pool'),
            Pool: schema('Loop'),
          },
        },
      },
    ),
  })
  expect(loading.problems.map(({ severity }) => severity)).toEqual(['omission', 'omission', 'omission'])
  expect(asRecord(loading.document?.components).schemas).toEqual({
    Tree: { type: 'object', properties: { child: schema('Tree') } },
  })
})

test('a schema that comes back to itself for the same value loses that reference alone', async () => {
  const loading = await load({
    'shop.yaml': `openapi: 3.1.0
info: { title: Shop, version: '1' }
paths:
  /a:
    post:
      requestBody: { content: { application/json: { schema: { $ref: '#/components/schemas/Own' } } } }
      responses: { 200: { description: Yes, content: { application/json: { schema: { $ref: '#/components/schemas/One' } } } } }
components:
  schemas:
    Own: { allOf: [{ $ref: '#/components/schemas/Own' }], properties: { next: { $ref: '#/components/schemas/Own' } } }
    One: { oneOf: [{ type: string }, { $ref: '#/components/schemas/Two' }] }
    Two: { anyOf: [{ $ref: '#/components/schemas/Any' }], not: { $ref: '#/components/schemas/Six' }, items: { $ref: '#/components/schemas/One' } }
    Six: { dependentSchemas: { a: { else: { $ref: '#/components/schemas/One' } } } }
    Any: { anyOf: [{ type: string }, { $ref: '#/components/schemas/Any' }] }
`,
  })
  const expected = 'a reference from one of its parts, such as a property'
  expect(listProblems(loading)).toEqual([
    `shop.yaml:10: omission: the reference #/components/schemas/Own leads back to its own schema for the same value; ${expected}`,
    `shop.yaml:13: omission: the reference #/components/schemas/One leads back to its own schema for the same value; ${expected}`,
    `shop.yaml:14: omission: the reference #/components/schemas/Any leads back to its own schema for the same value; ${expected}`,
  ])
  expect(asRecord(loading.document?.components).schemas).toMatchObject({
    Own: { allOf: [{}], properties: { next: { $ref: '#/components/schemas/Own' } } },
    Two: { items: { $ref: '#/components/schemas/One' } },
    Six: { dependentSchemas: { a: { else: {} } } },
    Any: { anyOf: [{ type: 'string' }, { not: {} }] },
  })
})

test.each([
  ['/pet first', ['Pet', 'Cat', 'Dog']],
  ['/cat first', ['Cat', 'Dog', 'Pet']],
])('kinds that extend a base which lists them are told apart, %s', async (_, names) => {
  const schema = (name: string) => ({ $ref: `#/components/schemas/${name}` })
  const post = (name: string) => ({
    requestBody: { content: { 'application/json': { schema: schema(name) } } },
  })
  const kind = (sound: string) => ({
    allOf: [schema('Pet'), { properties: { sound: { const: sound } }, required: ['sound'] }],
  })
  const loading = await load({
    'pets.json': describeApi(Object.fromEntries(names.map((name) => [`/${name}`, { post: post(name) }])), {
      components: {
        schemas: {
          Pet: { oneOf: [schema('Cat'), schema('Dog')] },
          ...{ Cat: kind('meow'), Dog: kind('bark') },
        },
      },
    }),
  })
  expect(loading.problems.map(({ severity }) => severity)).toEqual(['omission', 'omission'])
  expect(asRecord(loading.document?.components).schemas).toMatchObject({
    Pet: { oneOf: [schema('Cat'), schema('Dog')] },
    Cat: { allOf: [{}, { required: ['sound'] }] },
    Dog: { allOf: [{}, { required: ['sound'] }] },
  })
})

test('a property that is called $ref and what looks like a reference in an example are none', async () => {
  const schema = { type: 'object', properties: { $ref: { type: 'string' } }, example: { $ref: '#/nowhere' } }
  await loadSound(
    describeApi({
      '/a': {
        post: { requestBody: { content: { 'application/json': { schema, example: { $ref: '#/gone' } } } } },
      },
    }),
  )
})

test('a variable within a fragment is none, and its route is a text', async () => {
  const id = { name: 'id', in: 'path', required: true, schema: { type: 'string' } }
  const loading = await loadSound(describeApi({ '/send/#env/{id}/all': { get: { parameters: [id] } } }))
  expect(listOperations(loading)).toMatchObject({
    'get /send/#env/{id}/all': { parameters: [], 'x-rest-path': '/send/env/id/all' },
  })
  const [operation] = readOperations(loading.document ?? { openapi: '', paths: {} })
  expect(operation?.parameters).toEqual([])
})

test('of two operations of one shape the second is left out, with both places', async () => {
  const loading = await load({
    'shop.json': describeApi({ '/a/{id}': { get: {} }, '/a/{name}': { get: {} } }),
  })
  expect(listProblems(loading)).toEqual([
    'shop.json:12: omission: GET /a/{name} is left out: it has the shape of /a/{id}; one of the two',
  ])
})

test('what is no operation costs itself alone', async () => {
  const loading = await load({
    'shop.json': {
      openapi: '3.0.0',
      paths: {
        'a b': {},
        '/a/{b': { get: {} },
        '/a/{b}/{b}': { get: {}, delete: {} },
        '/d/{b}/{B}?b={b}#{b}': { get: {} },
        '/n': null,
        '/b': {
          get: 7,
          put: { parameters: [{ in: 'query' }] },
          post: { parameters: [{ name: 'x', in: 'body' }] },
        },
        '/c': {
          get: {
            parameters: [
              { name: 'x', in: 'query' },
              { name: 'x', in: 'query' },
            ],
            security: [{ gone: [] }],
          },
        },
      },
    },
  })
  expect(loading.problems.map(({ severity, message }) => `${severity}: ${message}`)).toEqual([
    'warning: info has no title',
    'warning: info has no version',
    'omission: the path a b is left out',
    'omission: the path /a/{b is left out: a brace is not closed',
    'omission: the path /a/{b}/{b} is left out: the variable {b} stands twice',
    'omission: the path /n says nothing',
    'omission: GET /b says nothing',
    'omission: PUT /b is left out: parameter 1 has no name or no place that is known',
    'omission: POST /b is left out: parameter 1 has no name or no place that is known',
    'warning: the query parameter "x" of GET /c stands twice',
    'warning: the security scheme "gone" is not defined',
  ])
  expect(Object.keys(listOperations(loading))).toEqual(['get /d/{b}/{B}#{b}', 'get /c'])
  expect(loading.document?.info).toEqual({ title: 'shop.json', version: '1' })
})

test('credentials are security schemes: reserved headers and their parameters are none', async () => {
  const key = { name: 'X-Key', in: 'header', schema: { type: 'string' } }
  const authorization = { name: 'Authorization', in: 'header', required: true, schema: { type: 'string' } }
  const loading = await loadSound(
    describeApi(
      {
        '/a': { get: { parameters: [key, { ...key, name: 'Accept' }, { ...key, name: 'X-Other' }] } },
        '/b': { get: { parameters: [authorization], security: [] } },
        '/c': { get: { parameters: [authorization], security: undefined } },
      },
      {
        security: [{ key: [] }],
        components: { securitySchemes: { key: { type: 'apiKey', in: 'header', name: 'x-key' } } },
      },
    ),
  )
  const operations = listOperations(loading)
  expect(operations['get /a']).toMatchObject({ parameters: [{ name: 'X-Other' }], security: [{ key: [] }] })
  expect(operations['get /b']).toMatchObject({ parameters: [], security: [] })
  expect(asRecord(loading.document?.components).securitySchemes).toEqual({
    key: { type: 'apiKey', in: 'header', name: 'x-key' },
  })
})

test('a scheme that the security of the whole document names and nothing defines is told once', async () => {
  const own = { security: [{ key: [] }], responses: anything }
  const rest = {
    security: [{ gone: [] }, { key: [] }],
    components: { securitySchemes: { key: { type: 'http', scheme: 'bearer' } } },
  }
  const read = (paths: object) => load({ 'shop.json': describeApi(paths, rest) })
  const whole = await read({ '/a': { get: { responses: anything }, put: { responses: anything } } })
  expect(whole.problems.map(({ severity, message, expected }) => [severity, message, expected])).toEqual([
    ['warning', 'the security scheme "gone" is not defined', 'key'],
  ])
  expect(whole.problems[0]?.line).toBeGreaterThan(1)
  expect(listOperations(whole)['get /a']?.security).toEqual([{ key: [] }])
  expect((await read({ '/a': { get: own } })).problems).toEqual([])
})

test('an Authorization header that only a parameter describes is a credential', async () => {
  const authorization = { name: 'Authorization', in: 'header', schema: { type: 'string' } }
  const loading = await loadSound(describeApi({ '/a': { get: { parameters: [authorization] } } }))
  expect(listOperations(loading)['get /a']).toMatchObject({
    parameters: [],
    security: [{ authorization: [] }, {}],
  })
  expect(asRecord(loading.document?.components).securitySchemes).toEqual({
    authorization: { type: 'apiKey', in: 'header', name: 'Authorization' },
  })
})

test('a security scheme may be a reference, to another or into a file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'calgate-schemes-'))
  try {
    await writeFile(
      join(folder, 'common.yaml'),
      'Default: { $ref: "#/Key" }\nKey: { type: apiKey, in: query, name: key }\n',
    )
    const paths = { '/a': { get: { operationId: 'a', security: [{ default: [], other: [] }] } } }
    const securitySchemes = {
      // A name that elsewhere is a keyword whose value is data.
      default: { $ref: 'common.yaml#/Default' },
      other: { $ref: '#/components/securitySchemes/base' },
      base: { type: 'http', scheme: 'bearer', 'x-env': { value: 'TOKEN' } },
    }
    const api = describeApi(paths, { components: { securitySchemes } })
    for (const files of [
      { [join(folder, 'shop.json')]: api },
      {
        'first.json': describeApi({ '/b': { get: { operationId: 'b' } } }),
        [join(folder, 'shop.json')]: api,
      },
    ]) {
      const { document, problems } = await load(files)
      expect(problems).toEqual([])
      const operation = document && readOperations(document).find(({ id }) => id === 'a')
      expect(operation?.security).toMatchObject([
        [
          { in: 'query', key: 'key', prefix: '' },
          { in: 'header', key: 'Authorization', prefix: 'Bearer ', variables: { value: 'TOKEN' } },
        ],
      ])
    }
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('references lead to files of the same folder alone', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'calgate-references-'))
  try {
    const file = join(folder, 'shop.json')
    const refer = ($ref: string) => ({ content: { 'application/json': { schema: { $ref } } } })
    await writeFile(
      join(folder, 'things.yaml'),
      'Thing: { type: object, properties: { part: { $ref: "#/Part" }, whole: { $ref: "shop.json#/components/schemas/Whole" } } }\nPart: { type: string }\n',
    )
    const loading = await load({
      [file]: describeApi(
        {
          '/a': { post: { requestBody: refer('things.yaml#/Thing') } },
          '/b': { post: { requestBody: refer('../secret.yaml#/a') } },
          '/c': { post: { requestBody: refer('https://example.org/a.yaml') } },
        },
        { components: { schemas: { Whole: { type: 'number' } } } },
      ),
    })
    expect(loading.problems.map(({ severity, message }) => `${severity}: ${message}`)).toEqual([
      'warning: references to files outside of the folder are not followed',
      'omission: the reference ../secret.yaml#/a leads nowhere',
      'warning: references to https://example.org are not followed',
      'omission: the reference https://example.org/a.yaml leads nowhere',
    ])
    expect(JSON.stringify(listOperations(loading)['post /a']?.requestBody)).toContain(
      '#/x-files/things.yaml/Thing',
    )
    expect(loading.document?.['x-files']).toEqual({
      'things.yaml': {
        Thing: {
          type: 'object',
          properties: {
            part: { $ref: '#/x-files/things.yaml/Part' },
            whole: { $ref: '#/components/schemas/Whole' },
          },
        },
        Part: { type: 'string' },
      },
    })
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('a reference by an anchor, or to a whole document, is told by what the file says, and one by $self is followed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'calgate-anchors-'))
  try {
    const file = join(folder, 'shop.json')
    const refer = ($ref: string) => ({
      post: { requestBody: { content: { 'application/json': { schema: { $ref } } } } },
    })
    await writeFile(
      join(folder, 'things.yaml'),
      'Thing: { $anchor: thing, properties: { part: { $ref: "#thing" }, all: { $ref: "#" } } }\n',
    )
    const self = 'https://example.org/api/shop.json'
    const { document, problems } = await load({
      [file]: describeApi(
        {
          '/a': refer('#whole'),
          '/b': refer('things.yaml#thing'),
          '/c': refer('#'),
          '/d': refer('things.yaml#/Thing'),
          '/e': refer(`${self}#/components/schemas/Whole`),
        },
        {
          openapi: '3.2.0',
          $self: self,
          components: { schemas: { Whole: { $anchor: 'whole', type: 'number' } } },
        },
      ),
    })
    const pointer = 'a pointer such as #/components/schemas/…, and no anchor'
    expect(problems.map(({ message, expected }) => `${message}; ${expected}`).toSorted()).toEqual([
      'the reference # leads nowhere; #/components/…',
      `the reference #thing is not followed; ${pointer}`,
      `the reference #whole is not followed; ${pointer}`,
      `the reference things.yaml#thing is not followed; ${pointer}`,
    ])
    const text = JSON.stringify(document)
    expect(text).toContain('"$ref":"#/components/schemas/Whole"')
    expect(text).toContain('"all":{"$ref":"#/x-files/things.yaml"}')
  } finally {
    await rm(folder, { recursive: true })
  }
})

test.each([
  ['openapi: 4.0.0', 'OpenAPI 4.0.0 is not supported'],
  ['a: 1', 'the file is no description of an API'],
  ['', 'the file is no description of an API'],
  ['openapi: [', 'Flow sequence in block collection must be'],
])('%j is no description', async (text, message) => {
  const { document, problems } = await load({ 'a.yaml': text })
  expect(document).toBeUndefined()
  expect(problems).toMatchObject([{ file: 'a.yaml', line: 1, severity: 'error' }])
  expect(problems[0]?.message).toContain(message)
})

test('a path parameter that its path has no variable for is told, since its check is lost', async () => {
  const parameters = [{ name: 'id', in: 'path', required: true, schema: { type: 'integer' } }]
  const api = describeApi({ '/a/{aId}': { get: { parameters } }, '/b': { parameters, get: {} } })
  expect(listProblems(await load({ 'a.json': api }))).toEqual([
    'a.json:9: warning: GET /a/{aId} has no variable {id} for its path parameter "id"; one of aId',
    'a.json:33: warning: GET /b has no variable {id} for its path parameter "id"; {id} in the path',
  ])
})
