import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { loadFiles } from '../../src/description/files.ts'
import { readApi } from '../../src/document/api.ts'
import { resolveReference } from '../../src/document/document.ts'
import { asRecord } from '../../src/document/json.ts'
import { describeApi, listOperations, listProblems, load, loadSound, toTexts } from './loading.ts'

const things = describeApi({ '/things': { get: { operationId: 'list', summary: 'List', responses: {} } } })

/** A capability of one operation, `GET /things` with a limit. */
function writeCapability(baseUri = '', extra = ''): string {
  return `naftiko: 1.0.0-alpha2
info: { label: Shop, description: A shop }
capability:
  consumes:
  - type: http
    namespace: shop
    baseUri: '${baseUri}'
    resources:
    - path: /things/{id}
      operations:
      - { name: getthing, method: GET, inputParameters: [{ name: Limit, in: query, type: integer }] }
  exposes:
  - { type: rest, namespace: shop-rest, port: 8080, resources: [{ path: '/v1/things/{id}', operations: [{ method: GET, call: shop.getthing }] }] }
  - { type: mcp, namespace: shop-mcp, port: 9090, tools: [{ name: get-thing, call: shop.getthing }] }
${extra}`
}

test('an OpenAPI document is served at its own paths, each operation as a tool', async () => {
  const { document } = await loadSound(things)
  expect(document).toEqual({
    openapi: '3.1.1',
    info: { title: 'Shop', version: '1' },
    'x-name': 'shop',
    'x-base-url': 'https://api.example.org',
    servers: [{ url: 'https://api.example.org' }],
    paths: {
      '/things': {
        get: {
          operationId: 'list',
          summary: 'List',
          parameters: [],
          'x-rest-path': '/things',
          'x-mcp-tool': {
            name: 'list',
            title: 'List',
            description: 'List',
            annotations: { readOnlyHint: true },
            arguments: {},
          },
          responses: { default: { description: 'Any response.' } },
        },
      },
    },
    components: {},
  })
})

test.each([
  ['get', { readOnlyHint: true }],
  ['head', { readOnlyHint: true }],
  ['put', { idempotentHint: true }],
  ['delete', { idempotentHint: true }],
  ['post', {}],
  ['patch', {}],
])('the hints of %s are what the method says', async (method, annotations) => {
  const loading = await loadSound(describeApi({ '/a': { [method]: {} } }))
  expect(listOperations(loading)[`${method} /a`]?.['x-mcp-tool']).toMatchObject({ annotations })
})

test('a tool is told by texts alone, whatever its description says in their places', async () => {
  const content = describeApi({
    '/a': { get: { summary: 404, description: ['x'] } },
    '/b': { summary: true, get: { operationId: 'b', summary: '', description: 'Reads b.' } },
  })
  const { document } = await loadSound(content)
  expect(document?.paths).toMatchObject({
    '/a': { get: { 'x-mcp-tool': { title: 'get_a', description: 'get_a' } } },
    '/b': { get: { 'x-mcp-tool': { title: 'b', description: 'Reads b.' } } },
  })
  expect((await loadSound(JSON.stringify(document))).document).toEqual(document)
})

test('names are those of the operation, else its method and path; clean, short, unique and always the same', async () => {
  const long = `/${'long/'.repeat(20)}path`
  const paths = {
    '/a': { get: { operationId: 'get.a b' }, put: { operationId: 'get_a_b' } },
    '/things/{id}.json': { post: {} },
    [long]: { get: {} },
    '/é': { get: { operationId: 'Ωμέγα' } },
    '/_': { get: { operationId: '_get' } },
  }
  const read = async () =>
    Object.values(listOperations(await loadSound(describeApi(paths)))).map(
      (one) => asRecord(one['x-mcp-tool']).name,
    )
  const names = await read()
  expect(names).toEqual([
    'get_a_b',
    expect.stringMatching(/^get_a_b-[0-9a-f]{7}$/),
    'post_things_id_json',
    expect.stringMatching(/^get_long_long[a-z_]*-[0-9a-f]{7}$/),
    'operation',
    '_get',
  ])
  for (const name of names) expect(name).toMatch(/^[A-Za-z0-9_-]{1,64}$/)
  expect(await read()).toEqual(names)
})

test('arguments have names that every client takes, and parameters of one name have two', async () => {
  const query = (name: string) => ({ name, in: 'query', schema: { type: 'string' } })
  const parameters = [
    query('filter[name]'),
    query('filter(name)'),
    query('id'),
    query('body'),
    query('x'.repeat(70)),
  ]
  const content = { 'application/json': {} }
  const loading = await loadSound(
    describeApi({ '/a/{id}': { post: { parameters, requestBody: { content } } } }),
  )
  const { arguments: names } = asRecord(listOperations(loading)['post /a/{id}']?.['x-mcp-tool'])
  expect(names).toEqual({
    'filter[name]': 'filter_name',
    'filter(name)': 'filter_name_2',
    id: 'id',
    'query.body': 'query_body',
    ['x'.repeat(70)]: expect.stringMatching(/^x{56}-[0-9a-f]{7}$/),
    'path.id': 'path_id',
    body: 'body',
  })
})

test.each([
  ['/#Action=List', '/Action=List'],
  ['/things#more', '/things/more'],
  ['/things?draft=false', '/things/draft=false'],
  ['/a b/', '/a%20b/'],
])('the path %s is offered at %s below the prefix', async (path, restPath) => {
  const loading = await loadSound(describeApi({ [path]: { get: {} } }), { prefixes: new Map([['', '/v1']]) })
  expect(Object.values(listOperations(loading)).map((one) => one['x-rest-path'])).toEqual([`/v1${restPath}`])
})

test('what a problem tells of a description is cut within no character', async () => {
  const after = (length: number) => `${'a'.repeat(length)}😀${'a'.repeat(200)}`
  const schema = { pattern: `(?=${after(56)})`, maxLength: after(58) }
  const parameters = [{ name: 'q', in: 'query', schema }]
  const files = [describeApi({ '/a': { get: { parameters } } }), `a: *${after(148)}`]
  const all = await Promise.all(files.map((one) => load({ 'a.yaml': one })))
  const messages = all.flatMap(({ problems }) => problems.map(({ message }) => message))
  expect(messages.map((one) => [one.includes('\ufffd…'), one.isWellFormed()])).toEqual(
    Array.from({ length: 3 }, () => [true, true]),
  )
})

test('a number sign in the name of a variable stays where its path is taken by another API', async () => {
  const file = describeApi({ '/things/{a#b}': { get: {} } })
  const { document } = await load(
    { 'one.json': file, 'two.json': file },
    {
      baseUrls: new Map([
        ['one', 'https://one.example.org'],
        ['two', 'https://two.example.org'],
      ]),
    },
  )
  expect(Object.keys(document?.paths ?? {})).toEqual(['/things/{a#b}', '/things/{a#b}#two'])
})

test('equal operations of several files are one, and copies that differ are told with both places', async () => {
  const other = describeApi({ '/things': { get: { operationId: 'index', summary: 'All things' } } })
  const loading = await load({ 'a.json': things, 'b.json': things, 'c.json': other })
  expect(Object.keys(listOperations(loading))).toEqual(['get /things'])
  expect(listProblems(loading)).toEqual([
    'c.json:9: warning: GET /things is described otherwise than in a.json:9, which is served; one description of it, or the better one named first',
  ])
})

test('paths that the REST server cannot route are named, and cost no others', async () => {
  const anything = { responses: { default: { description: 'Anything.' } } }
  const loading = await load({
    'odd.yaml': `openapi: 3.1.0
info: { title: Odd, version: '1' }
servers: [{ url: https://api.example.org }]
paths:
  /openapi.json: { get: ${JSON.stringify(anything)} }
  /a%2Fb: { get: ${JSON.stringify(anything)} }
  /a%252Fb: { get: ${JSON.stringify(anything)} }
  /../c: { get: ${JSON.stringify(anything)} }
  /d/%2e: { get: ${JSON.stringify(anything)} }
  /jobs/*/runs: { get: ${JSON.stringify(anything)} }
  /files/%2A: { get: ${JSON.stringify(anything)} }
  '/g/{name*}': { get: ${JSON.stringify({ ...anything, parameters: [{ ...{ name: 'name*', in: 'path' }, required: true, schema: { type: 'string' } }] })} }
  '/h/{id}': { get: ${JSON.stringify({ ...anything, 'x-rest-path': '/h/{id}/of/{id}' })} }
  '/i/{id}/{ID}': { get: ${JSON.stringify({ ...anything, 'x-rest-path': '/i/{id}/of/{ID}' })} }
  /caf%E9: { get: ${JSON.stringify(anything)} }
  /j: { get: ${JSON.stringify({ ...anything, 'x-rest-path': '/100%' })} }
  /k~: { get: ${JSON.stringify(anything)} }
  /k%7E: { get: ${JSON.stringify(anything)} }
  '/l/{id}': { get: ${JSON.stringify({ ...anything, 'x-rest-path': '/l%4{id}1' })} }
`,
  })
  expect(listProblems(loading)).toEqual([
    'odd.yaml:5: warning: GET /openapi.json is the gateway’s own document, so this one is served at /odd/openapi.json; --prefix odd=/…',
    'odd.yaml:6: omission: GET /a%2Fb is left out on REST: its path has an encoded delimiter or a *; an x-rest-path without one, set by an overlay',
    'odd.yaml:8: omission: the path /../c is left out: its dots lead to another path; the path that they lead to',
    'odd.yaml:9: omission: the path /d/%2e is left out: its dots lead to another path; the path that they lead to',
    'odd.yaml:10: omission: GET /jobs/*/runs is left out on REST: its path has an encoded delimiter or a *; an x-rest-path without one, set by an overlay',
    'odd.yaml:11: omission: GET /files/%2A is left out on REST: its path has an encoded delimiter or a *; an x-rest-path without one, set by an overlay',
    'odd.yaml:13: omission: GET /h/{id}/of/{id} is left out on REST: the variable {id} stands twice; an x-rest-path with a name of its own for each variable, set by an overlay',
    'odd.yaml:15: omission: GET /caf%E9 is left out on REST: its path is not percent-encoded UTF-8; an x-rest-path that is, set by an overlay',
    'odd.yaml:16: omission: GET /100% is left out on REST: its path is not percent-encoded UTF-8; an x-rest-path that is, set by an overlay',
    'odd.yaml:18: warning: GET /k%7E is that of odd.yaml:17, so this one is served at /odd/k%7E; --prefix odd=/…',
    'odd.yaml:19: omission: GET /l%4{id}1 is left out on REST: its path is not percent-encoded UTF-8; an x-rest-path that is, set by an overlay',
  ])
  const paths = Object.values(asRecord(loading.document?.paths)).map((item) => {
    const { 'x-rest-path': path, 'x-mcp-tool': tool } = asRecord(asRecord(item).get)
    return [path, typeof tool]
  })
  expect(paths).toEqual([
    ['/odd/openapi.json', 'object'],
    [false, 'object'],
    ['/a%252Fb', 'object'],
    [false, 'object'],
    [false, 'object'],
    ['/g/{name*}', 'object'],
    [false, 'object'],
    ['/i/{id}/of/{ID}', 'object'],
    [false, 'object'],
    [false, 'object'],
    ['/k~', 'object'],
    ['/odd/k%7E', 'object'],
    [false, 'object'],
  ])
})

test('operations of several APIs with one path are both served, each at its address and prefix', async () => {
  const files = { 'a.json': things, 'b.json': things }
  const baseUrls = new Map([
    ['a', 'https://a.example.org'],
    ['b', 'https://b.example.org/v2/'],
  ])
  const collided = await load(files, { baseUrls })
  expect(listProblems(collided)).toEqual([
    'b.json:9: warning: GET /things is that of a.json:9, so this one is served at /b/things; --prefix b=/…',
  ])
  const loading = await load(files, { baseUrls, prefixes: new Map([['b', '/b']]) })
  expect([listProblems(loading), loading.document?.['x-base-url']]).toEqual([[], 'https://a.example.org'])
  expect(listOperations(loading)).toMatchObject({
    'get /things': { operationId: 'list', 'x-rest-path': '/things' },
    'get /things#b': {
      operationId: 'list_b',
      'x-rest-path': '/b/things',
      'x-base-url': 'https://b.example.org/v2',
    },
  })
})

test('an operation without an address never takes that of another API', async () => {
  const known = describeApi({ '/a': { get: {} } }, { servers: [{ url: 'https://a.example.org' }] })
  const unknown = describeApi({ '/b': { get: {} } })
  const { document } = await load({ 'a.json': known, 'b.json': unknown }, { baseUrls: new Map() })
  expect(document).not.toHaveProperty('x-base-url')
  expect(document?.paths).toMatchObject({ '/a': { get: { 'x-base-url': 'https://a.example.org' } } })
  expect(document?.paths['/b']?.get).not.toHaveProperty('x-base-url')
})

test.each([
  ['members', (next: object) => ({ properties: { next } })],
  ['parts', (next: object) => ({ allOf: [next] })],
])('a chain of 5,000 references by %s is kept', async (_, describeNext) => {
  const refer = (name: string) => ({ $ref: `#/components/schemas/${name}` })
  const chain = Array.from({ length: 5_000 }, (_, n) => [`S${n}`, describeNext(refer(`S${n + 1}`))])
  const schemas = { ...Object.fromEntries(chain), S5000: {}, Lost: {} }
  const content = { 'application/json': { schema: refer('S0') } }
  const { document } = await loadSound(
    describeApi(
      { '/a': { get: { responses: { 200: { description: 'One', content } } } } },
      { components: { schemas } },
    ),
  )
  expect(Object.keys(asRecord(asRecord(asRecord(document).components).schemas))).toHaveLength(5_001)
})

test.each<[string, object]>([
  ['half a character in a path', describeApi({ '/a\ud800': { get: {} }, '/b': { get: {} } })],
  [
    'a reference that is no URL',
    describeApi({ '/a': { get: { parameters: [{ $ref: './a%zz.json' }] } }, '/b': { get: {} } }),
  ],
  [
    'a place that every object has a member for',
    {
      swagger: '2.0',
      info: { title: 'Shop', version: '1' },
      paths: {
        '/a': { get: { parameters: [{ in: 'constructor', name: 'a', type: 'array' }] } },
        '/b': { get: {} },
      },
    },
  ],
])('%s costs one operation at most', async (_what, file) => {
  expect(Object.keys(listOperations(await load({ 'a.json': file })))).toContain('get /b')
})

test('components are kept apart however their names are written in references', async () => {
  const describe = (path: string, type: string) => {
    const names = ['List%3CFoo%3E', 'List<Foo>', 'a~1b', 'a%2Fb', 'c%2541', 'List%3CFoo%3E/properties/v']
    const anyOf = names.map((name) => ({ $ref: `#/components/schemas/${name}` }))
    const requestBody = { content: { 'application/json': { schema: { anyOf } } } }
    const schema = { type: 'object', properties: { v: { type } } }
    const securitySchemes = { 'k/e~y': { type: 'apiKey', in: 'header', name: `X-${type}` } }
    return describeApi(
      { [path]: { post: { requestBody, security: [{ 'k/e~y': [] }] } } },
      {
        components: {
          schemas: { 'List<Foo>': schema, 'a/b': schema, 'c%41': schema, '\ud800': schema },
          securitySchemes,
        },
      },
    )
  }
  const loading = await load({ 'a.json': describe('/a', 'integer'), 'b.json': describe('/b', 'string') })
  const document = loading.document ?? { openapi: '', paths: {} }
  const listSchemas = (path: string) => {
    const body = asRecord(listOperations(loading)[path]?.requestBody)
    const { schema } = asRecord(asRecord(body.content)['application/json'])
    return [asRecord(schema).anyOf].flat().map((one) => resolveReference(document, one))
  }
  const expectTypes = (type: string) => [
    ...Array(5).fill({ type: 'object', properties: { v: { type } } }),
    { type },
  ]
  expect(listSchemas('post /a')).toEqual(expectTypes('integer'))
  expect(listSchemas('post /b')).toEqual(expectTypes('string'))
  expect(readApi(document).schemes.map(({ key }) => key)).toEqual(['X-integer', 'X-string'])
  expect(listOperations(loading)['post /b']?.security).toEqual([{ 'k/e~y_b': [] }])
})

test('components of one name are kept apart, and those that nothing leads to are left out', async () => {
  const describe = (path: string, type: string) =>
    describeApi(
      {
        [path]: {
          post: {
            requestBody: {
              content: { 'application/json': { schema: { $ref: '#/components/schemas/Thing' } } },
            },
            security: [{ key: [] }],
          },
        },
      },
      {
        components: {
          schemas: {
            Thing: { type, properties: { self: { $ref: '#/components/schemas/Thing' } } },
            Unused: {},
          },
          securitySchemes: { key: { type: 'apiKey', in: 'header', name: `X-${type}` } },
        },
      },
    )
  const loading = await load({ 'a.json': describe('/a', 'object'), 'b.json': describe('/b', 'string') })
  expect(loading.document?.components).toEqual({
    schemas: {
      Thing: { type: 'object', properties: { self: { $ref: '#/components/schemas/Thing' } } },
      Thing_b: { type: 'string', properties: { self: { $ref: '#/components/schemas/Thing_b' } } },
    },
    securitySchemes: {
      key: { type: 'apiKey', in: 'header', name: 'X-object', 'x-env': { value: 'A_KEY' } },
      key_b: { type: 'apiKey', in: 'header', name: 'X-string', 'x-env': { value: 'B_KEY' } },
    },
  })
  expect(listOperations(loading)['post /b']).toMatchObject({
    requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Thing_b' } } } },
    security: [{ key_b: [] }],
  })
})

test.each([
  [{ prefix: 'Token ' }, { prefix: 'Token ', value: 'A_KEY' }, { prefix: 'Token ', value: 'B_KEY' }],
  [{ username: 'USER' }, { username: 'USER', value: 'A_KEY' }, { username: 'USER', value: 'B_KEY' }],
  [{ value: 'TOKEN' }, { value: 'TOKEN' }, undefined],
  [{ username: 'USER', password: 'PASS' }, { username: 'USER', password: 'PASS' }, undefined],
])('two schemes with x-env %j are two, unless it names their variables', async (given, first, second) => {
  const describe = (path: string) =>
    describeApi(
      { [path]: { get: { security: [{ key: [] }] } } },
      { components: { securitySchemes: { key: { type: 'http', scheme: 'basic', 'x-env': given } } } },
    )
  const { document } = await load({ 'a.json': describe('/a'), 'b.json': describe('/b') })
  expect(asRecord(document?.components).securitySchemes).toEqual({
    key: { type: 'http', scheme: 'basic', 'x-env': first },
    ...(second && { key_b: { type: 'http', scheme: 'basic', 'x-env': second } }),
  })
})

test('a document types a capability, which keeps the names that it exposes', async () => {
  const typed = describeApi(
    {
      '/v1/things/{thingId}': {
        get: {
          parameters: [
            { name: 'thingId', in: 'path', required: true, schema: { type: 'integer' } },
            {
              name: 'limit',
              in: 'query',
              explode: false,
              schema: { type: 'array', items: { type: 'integer' } },
            },
            { name: 'view', in: 'query', schema: { type: 'string' } },
          ],
          responses: {
            200: { description: 'A thing', content: { 'application/json': { schema: { type: 'object' } } } },
          },
        },
      },
    },
    { servers: [{ url: 'https://api.example.org' }] },
  )
  const files = { 'shop.yaml': writeCapability('https://api.example.org/v1') }
  const loading = await load(files, { schemas: toTexts({ 'typed.json': typed }), baseUrls: new Map() })
  expect(listProblems(loading)).toEqual([])
  expect(listOperations(loading)).toMatchObject({
    'get /things/{id}': {
      operationId: 'getthing',
      'x-rest-path': '/v1/things/{id}',
      'x-mcp-tool': { name: 'get-thing', arguments: { id: 'id', Limit: 'Limit', view: 'view' } },
      parameters: [
        { name: 'Limit', explode: false, schema: { type: 'array' } },
        { name: 'id', schema: { type: 'integer' } },
        { name: 'view' },
      ],
      responses: { 200: { description: 'A thing' } },
    },
  })
})

test('an argument that has the name of two parameters is the value of the first alone', async () => {
  const thing = (name: string, tool: object) => ({
    parameters: [
      { name, in: 'path', required: true, schema: { type: 'string' } },
      { name: 'id', in: 'query', schema: { type: 'string' } },
    ],
    responses: { 200: { description: 'A thing' } },
    ...tool,
  })
  const typed = describeApi({ '/things/{thingId}': { get: thing('thingId', {}) } })
  const files = { 'shop.yaml': writeCapability() }
  const loading = await load(files, { schemas: toTexts({ 'typed.json': typed }) })
  expect(listOperations(loading)['get /things/{id}']).toMatchObject({
    'x-mcp-tool': { arguments: { id: 'id', 'query.id': 'query_id' } },
  })
  const written = describeApi({
    '/a/{id}': { get: thing('id', { 'x-mcp-tool': { name: 'a', arguments: { id: 'thing' } } }) },
    '/b/{id}': {
      get: thing('id', { 'x-mcp-tool': { name: 'b', arguments: { id: 'other', 'path.id': 'thing' } } }),
    },
  })
  const { document } = await loadSound(written)
  const operations = listOperations({ document: document ?? { openapi: '', paths: {} }, problems: [] })
  expect(operations['get /a/{id}']).toMatchObject({ 'x-mcp-tool': { arguments: { 'path.id': 'thing' } } })
  expect(operations['get /b/{id}']).toMatchObject({
    'x-mcp-tool': { arguments: { id: 'other', 'path.id': 'thing' } },
  })
})

test.each([
  ['page[size]', { page_size: 'page_size', 'page[size]': 'page_size_2' }],
  ['$page_size', { page_size: 'page_size', $page_size: 'page_size_2' }],
  ['[body]', { body: 'body', '[body]': 'body_2' }],
])('%s never takes the argument that another part is called by, in whatever order', async (name, names) => {
  const parameters = [name, 'page_size'].map((one) => ({ name: one, in: 'query', schema: {} }))
  const requestBody = { content: { 'application/json': { schema: {} } } }
  const thing = (all: object[]) => ({ post: { parameters: all, requestBody, responses: {} } })
  const { document } = await loadSound(
    describeApi({ '/a': thing(parameters), '/b': thing(parameters.toReversed()) }),
  )
  const tool = { 'x-mcp-tool': { arguments: names } }
  expect(document?.paths).toMatchObject({ '/a': { post: tool }, '/b': { post: tool } })
})

test('a parameter that shares its name never takes the argument of another parameter', async () => {
  const place = (name: string, where: string) => ({
    name,
    in: where,
    required: true,
    schema: { type: 'string' },
  })
  const parameters = [place('id', 'path'), place('id', 'query'), place('query_id', 'query')]
  const { document } = await loadSound(describeApi({ '/a/{id}': { get: { parameters, responses: {} } } }))
  expect(document?.paths['/a/{id}']).toMatchObject({
    get: { 'x-mcp-tool': { arguments: { id: 'id', 'query.id': 'query_id_2', query_id: 'query_id' } } },
  })
})

test('a document that was derived is served as what it was derived from', async () => {
  const onRestAlone = writeCapability('https://api.example.org').replace(/ {2}- \{ type: mcp.*\n/, '')
  const onMcpAlone = writeCapability('https://api.example.org').replace(/ {2}- \{ type: rest.*\n/, '')
  for (const content of [onRestAlone, onMcpAlone, things]) {
    const first = await loadSound(content)
    const second = await loadSound(JSON.stringify(first.document))
    expect(second.document).toEqual(first.document)
  }
})

test('what no schema document has, or two have, is told', async () => {
  const typed = describeApi({ '/things/{id}': { get: {} } })
  const none = await load({ 'shop.yaml': writeCapability() }, { schemas: toTexts({ 'a.json': things }) })
  const two = await load(
    { 'shop.yaml': writeCapability() },
    { schemas: toTexts({ 'a.json': typed, 'b.json': typed }) },
  )
  expect([...listProblems(none), ...listProblems(two)]).toEqual([
    'shop.yaml:13: warning: GET /things/{id} stands in no document that --schemas names; a document that describes it',
    'shop.yaml:13: warning: GET /things/{id} stands in a.json, b.json and follows the first; one of them',
  ])
})

test('an overlay renames, hides and corrects what any description says', async () => {
  const overlay = `overlay: 1.1.0
info: { title: Mine, version: '1' }
actions:
- { target: "$.paths['/things'].get", update: { x-mcp-tool: { name: all-things }, x-rest-path: null } }
- { target: "$.paths['/gone']", remove: true }
- { target: "$.paths['/nowhere']", remove: true }
`
  const loading = await load(
    { 'a.json': describeApi({ '/things': { get: {} }, '/gone': { get: {} } }) },
    { overlays: [{ file: 'mine.yaml', text: overlay.replace(/.*nowhere.*\n/, '') }] },
  )
  expect(listProblems(loading)).toEqual([])
  const operations = listOperations(loading)
  expect(operations).toMatchObject({ 'get /things': { 'x-mcp-tool': { name: 'all-things' } } })
  expect(operations['get /things']).toMatchObject({ 'x-rest-path': false })
  const refused = await load({ 'a.json': things }, { overlays: [{ file: 'mine.yaml', text: overlay }] })
  expect(refused.document).toBeUndefined()
  expect(listProblems(refused)).toEqual([
    expect.stringMatching(/^mine\.yaml:5: error: the target .* matches nothing/),
    expect.stringMatching(/^mine\.yaml:6: error: the target .* matches nothing/),
  ])
})

test('an overlay changes one of the places that an alias stands in alone', async () => {
  const file = `openapi: 3.1.0
info: { title: Shop, version: '1' }
paths:
  /a: { get: { parameters: &shared [{ name: q, in: query }, { name: r, in: query }] } }
  /b: { get: { parameters: *shared } }
`
  const overlay = `overlay: 1.0.0
info: { title: Mine, version: '1' }
actions:
- { target: "$.paths['/a'].get.parameters[0]", remove: true }
- { target: "$.paths[*].get.parameters", update: { name: s, in: query } }
`
  const loading = await load({ 'a.yaml': file }, { overlays: [{ file: 'mine.yaml', text: overlay }] })
  expect(listProblems(loading)).toEqual([])
  const names = Object.values(listOperations(loading)).map(({ parameters }) =>
    [parameters].flat().map((one) => asRecord(one).name),
  )
  expect(names).toEqual([
    ['r', 's'],
    ['q', 'r', 's'],
  ])
})

test('a key that stands twice is refused with its line in every file that is read', async () => {
  const twice = (text: string) => ({ file: 'twice.json', text: text.replace('{', '{\n"a": 1,\n"a": 2,') })
  const api = JSON.stringify(describeApi({ '/things': { get: {} } }))
  const overlay = JSON.stringify({ overlay: '1.0.0', info: { title: 'Mine', version: '1' }, actions: [] })
  const capability = writeCapability()
  for (const loading of [
    await load({ 'twice.json': twice(api).text }),
    await load({ 'twice.json': `a: 1\n\na: 2\n${capability}` }),
    await load({ 'a.json': api }, { overlays: [twice(overlay)] }),
    await load({ 'a.yaml': capability }, { schemas: [twice(api)] }),
  ])
    expect(listProblems(loading)).toEqual([
      expect.stringMatching(/^twice\.json:3: error: Map keys must be unique/),
    ])
})

test.each([
  'https://planted:planted@api.example.org',
  'https://api.example.org/a?key=planted',
  'https://api.example.org?key=%22plan&key=planted',
  'https://api.example.org#planted',
])('no problem repeats what may be secret of the URL %s, whatever its file', async (url) => {
  const refer = { requestBody: { content: { 'application/json': { schema: { $ref: `${url}/a.yaml#/A` } } } } }
  const servers = (...urls: string[]) =>
    describeApi({ '/things': { get: {} } }, { servers: urls.map((one) => ({ url: one })) })
  const none = { baseUrls: new Map() }
  const capability = writeCapability().replaceAll(/baseUri: \S+/g, `baseUri: ${url}/x?y=1`)
  const overlay = JSON.stringify({
    overlay: '1.0.0',
    info: { title: 'Mine', version: '1' },
    actions: [{ target: '$', update: { 'x-base-url': `${url}/` } }],
  })
  const all = [
    ...[
      servers(url),
      servers(`${url}/{v}`),
      servers(`//planted:planted@localhost/`),
      servers(`${url}:x`),
      servers(`${url}?a b=planted`),
      servers('/relative?key=planted value#planted'),
    ].map((one) => load({ 'a.json': one }, none)),
    load({ 'a.json': describeApi({ '/things': { post: refer } }) }),
    load({ 'a.json': describeApi({ 'things?token=planted': { get: {} } }) }),
    load(
      {
        'a.json': describeApi(
          { '/things': { get: {} } },
          { servers: [{ url: '/{region}?sig=planted', variables: regions }] },
        ),
      },
      { ...none, serverVariables: new Map([['region', 'mars']]) },
    ),
    load({ 'a.yaml': capability }, none),
    load({ 'a.json': servers() }, { ...none, overlays: [{ file: 'o.json', text: overlay }] }),
  ]
  for (const loading of await Promise.all(all)) {
    expect(loading.problems).not.toEqual([])
    expect(JSON.stringify(loading.problems)).not.toContain('planted')
  }
  for (const [files, options] of [
    [[], { baseUrls: [`${url}?`] }],
    [[], { baseUrls: [`${url}?planted`] }],
    [[], { baseUrls: [`${url}?a= planted "planted`] }],
    [[], { prefixes: [`${url}?k=planted`] }],
    [[`${url}/a.yaml`], {}],
  ] as const) {
    const refused: unknown = await loadFiles(files, options).catch((error: unknown) => error)
    expect(String(refused)).toContain('[redacted]')
    expect(String(refused)).not.toContain('planted')
  }
})

const selectable = describeApi({
  '/a': { get: { operationId: 'a', tags: ['First'] }, post: { operationId: 'b', tags: ['First'] } },
  '/c': { get: { operationId: 'c', tags: ['Second'] }, put: { operationId: 'd' } },
  '/e': { post: { operationId: 'e', 'x-mcp-tool': { name: 'find', annotations: { readOnlyHint: true } } } },
})

test.each([
  [{ tags: ['first'] }, ['a', 'b']],
  [{ operations: ['a', 'PUT /c', 'find'] }, ['a', 'd', 'e']],
  [{ exclude: ['a', 'POST /a'] }, ['c', 'd', 'e']],
  [{ readOnly: true }, ['a', 'c', 'e']],
  [{ tags: ['First', 'Second'], readOnly: true, exclude: ['c'] }, ['a']],
])('the selection %j keeps %j', async (selection, ids) => {
  const all = { tags: [], operations: [], exclude: [], readOnly: false }
  const loading = await loadSound(selectable, { selection: { ...all, ...selection } })
  expect(Object.values(listOperations(loading)).map(({ operationId }) => operationId)).toEqual(ids)
})

test('a name that selects nothing is an error', async () => {
  const selection = { tags: ['Third'], operations: ['z'], exclude: [], readOnly: false }
  const loading = await load({ 'a.json': selectable }, { selection })
  expect(loading.problems.map(({ severity, message }) => `${severity}: ${message}`)).toEqual([
    'error: "Third" selects no operation',
    'error: "z" selects no operation',
  ])
})

test('a name that is nearly one of an operation or a tag is told with it', async () => {
  const selection = { tags: ['Firstz'], operations: ['POST /aa'], exclude: [], readOnly: false }
  const api = describeApi({ '/a': { post: { tags: ['Firsts'] } } })
  const { problems } = await load({ 'a.json': api }, { selection })
  expect(problems.filter(({ severity }) => severity === 'error').map(({ expected }) => expected)).toEqual([
    'Firsts',
    'POST /a',
  ])
})

interface Operator {
  readonly baseUrls?: Readonly<Record<string, string>>
  readonly variables?: Readonly<Record<string, string>>
}

const templated = { url: 'https://{region}.example.org/{base}', variables: { base: { default: 'v1' } } }

test.each<[object[], Operator, string]>([
  [[{ url: '//api.example.org' }], {}, 'https://api.example.org'],
  [[{ url: 'https://api.example.org/v1/' }], {}, 'https://api.example.org/v1'],
  [[{ url: 'https://api.example.org/v1//' }], {}, 'https://api.example.org/v1'],
  [[{ url: 'HTTPS://api.example.org/v1' }], {}, 'https://api.example.org/v1'],
  [[templated], { variables: { region: 'eu' } }, 'https://eu.example.org/v1'],
  [[{ url: '/v1' }], { baseUrls: { '': 'https://b.example.org' } }, 'https://b.example.org'],
  [
    [{ url: 'https://a.example.org' }],
    { baseUrls: { shop: 'http://127.0.0.1:4010' } },
    'http://127.0.0.1:4010',
  ],
])('the servers %j with %j lead to %s', async (servers, { baseUrls = {}, variables = {} }, url) => {
  const { document } = await loadSound(describeApi({ '/a': { get: {} } }, { servers }), {
    baseUrls: new Map(Object.entries(baseUrls)),
    serverVariables: new Map(Object.entries(variables)),
  })
  expect(document?.['x-base-url']).toBe(url)
})

test.each(['v2', '/v2', '/v2//'])(
  'the base path %s of a Swagger 2.0 document is a path',
  async (basePath) => {
    const paths = { '/a': { get: { responses: { 200: { description: 'Done' } } } } }
    const swagger = { swagger: '2.0', info: { title: 'A', version: '1' }, host: 'a.example.org', basePath }
    const content = { ...swagger, schemes: ['https'], paths }
    expect((await loadSound(content, { baseUrls: new Map() })).document?.['x-base-url']).toBe(
      'https://a.example.org/v2',
    )
  },
)

test.each([
  ['/v1', 'the server /v1 is relative; --base-url'],
  [
    'https://{region}.example.org',
    'the server https://{region}.example.org needs a value of region; --server-variable region=',
  ],
  ['http://localhost:3000', 'is this machine or its link; --base-url'],
  ['http://127.0.0.1/', 'is this machine or its link'],
  ['http://2130706433/', 'is this machine or its link'],
  ['http://[::1]:80', 'is this machine or its link'],
  ['http://[::ffff:127.0.0.1]', 'is this machine or its link'],
  ['http://169.254.169.254/latest', 'is this machine or its link'],
  ['http://[fe80::1]', 'is this machine or its link'],
  ['https://user:secret@example.org', 'is more than an address'],
  ['https://', 'is no URL'],
  ['https:///example.org', 'is no URL'],
  ['https://example.org/a b', 'is no URL'],
  ['https://@example.org', 'is more than an address'],
  ['https://example.org/v1?', 'is more than an address'],
  ['https://example.org/v1#', 'is more than an address'],
])('the server %s is not reached by a document alone', async (url, problem) => {
  const content = describeApi({ '/a': { get: {} } }, { servers: [{ url }] })
  const loading = await load({ 'a.json': content }, { baseUrls: new Map() })
  expect(listProblems(loading)).toHaveLength(1)
  expect(listProblems(loading)[0]).toContain(problem)
  expect(loading.document).not.toHaveProperty('x-base-url')
})

const regions = { region: { default: 'eu', enum: ['eu', 'us', 8443] } }

test.each<[Record<string, string>, object, string[]]>([
  [{ region: 'us' }, {}, []],
  [{ region: '8443' }, {}, []],
  [{}, { '': 'https://b.example.org' }, []],
  [{ region: 'mars' }, { '': 'https://b.example.org' }, []],
  [
    { region: 'mars' },
    {},
    [
      'error: the server https://{region}.example.org has no region mars; --server-variable region= with one of eu, us, 8443',
    ],
  ],
  [{ regoin: 'us' }, {}, ['error: "regoin" is a variable of no server that is used; one of region']],
  [{ port: '80' }, {}, ['error: "port" is a variable of no server that is used; one of region']],
])('server variables %j with the addresses %j are told: %j', async (variables, baseUrls, problems) => {
  // Only the first server is used.
  const servers = [
    { url: 'https://{region}.example.org', variables: regions },
    { url: 'https://example.org:{port}', variables: { port: { default: '80' } } },
  ]
  const loading = await load(
    { 'a.json': describeApi({ '/a': { get: {} } }, { servers }) },
    { baseUrls: new Map(Object.entries(baseUrls)), serverVariables: new Map(Object.entries(variables)) },
  )
  expect(listProblems(loading).map((one) => one.replace(/^a\.json:\d+: /, ''))).toEqual(problems)
})

test.each<[object, Record<string, string>, string | RegExp]>([
  [{ default: '', enum: ['', '/v2'] }, {}, 'https://api.example.org'],
  [{ default: '', enum: ['', '/v2'] }, { base: '/v2' }, 'https://api.example.org/v2'],
  [{ default: '/v2' }, { base: '' }, 'https://api.example.org'],
  [{ default: '' }, { base: '' }, 'https://api.example.org'],
  [{ default: '' }, {}, /needs a value of base/],
  [{ default: '/v2', enum: ['/v2'] }, { base: '' }, /has no base ""/],
])('the server variable %j with the values %j may be empty: %s', async (base, variables, expected) => {
  const servers = [{ url: 'https://api.example.org{base}', variables: { base } }]
  const loading = await load(
    { 'a.json': describeApi({ '/a': { get: {} } }, { servers }) },
    { baseUrls: new Map(), serverVariables: new Map(Object.entries(variables)) },
  )
  if (typeof expected === 'string') expect(loading.document?.['x-base-url']).toBe(expected)
  else expect(listProblems(loading)).toEqual([expect.stringMatching(expected)])
})

test('a server variable can be given an empty value', async () => {
  const servers = [{ url: 'https://api.example.org{base}', variables: { base: { default: '/v2' } } }]
  const text = JSON.stringify(describeApi({ '/a': { get: {} } }, { servers }))
  const { document } = await loadFiles([{ file: 'a.json', text }], { serverVariables: ['base='] })
  expect(document?.['x-base-url']).toBe('https://api.example.org')
})

test.each(['https://b.example.org/v1//', 'HTTPS://b.example.org/v1'])(
  '--base-url %s is an address',
  async (url) => {
    const text = JSON.stringify(describeApi({ '/a': { get: {} } }))
    const { document } = await loadFiles([{ file: 'a.json', text }], { baseUrls: [url] })
    expect(document?.['x-base-url']).toBe('https://b.example.org/v1')
  },
)

test.each(['http://localhost:80800', 'http://[::1', 'http://a%zz'])(
  '--base-url %s is no URL, and refused',
  async (url) => {
    const files = [{ file: 'a.json', text: JSON.stringify(things) }]
    await expect(loadFiles(files, { baseUrls: [url] })).rejects.toThrow('--base-url takes [NAME=]URL')
  },
)

test('a server variable is one of any server that an operation has', async () => {
  const get = { servers: [{ url: 'https://{own}.example.org', variables: { own: { default: 'a' } } }] }
  const own = describeApi(
    { '/a': { get }, '/b': { get: {} } },
    { servers: [{ url: 'https://b.example.org' }] },
  )
  const of = (name: string) => ({ baseUrls: new Map(), serverVariables: new Map([[name, 'x']]) })
  expect((await loadSound(own, of('own'))).document).toMatchObject({ 'x-base-url': 'https://x.example.org' })
  const plain = describeApi({ '/a': { get: {} } }, { servers: [{ url: 'https://a.example.org' }] })
  expect(listProblems(await load({ 'a.json': plain }, of('own')))).toEqual([
    'a.json:1: error: "own" is a variable of no server that is used; no --server-variable',
  ])
})

test.each([
  [{ 'x-base-url': 'http://169.254.169.254/latest' }, {}],
  [{}, { 'x-base-url': 'http://localhost:6379' }],
  [{ servers: [{ url: 'https://api.example.org' }] }, { servers: [{ url: 'http://[::1]:80' }] }],
])('a description with %j and %j leads to no address of this machine or its link', async (root, own) => {
  const file = describeApi({ '/a': { get: own } }, root)
  const loading = await load({ 'a.json': file }, { baseUrls: new Map() })
  expect(JSON.stringify(loading.document)).not.toMatch(/169\.254|localhost|::1/)
  expect(loading.problems.map(({ message }) => message).join()).toMatch(/is this machine or its link/)
  const named = await load({ 'a.json': file }, { baseUrls: new Map([['', 'http://127.0.0.1:1']]) })
  expect(named.document).toMatchObject({ 'x-base-url': 'http://127.0.0.1:1' })
})

test('an address that an overlay names is served, of all operations or of one', async () => {
  const actions = [
    { target: '$', update: { 'x-base-url': 'https://api.example.org/v1' } },
    { target: "$.paths['/b'].get", update: { 'x-base-url': 'https://files.example.org' } },
  ]
  const overlay = JSON.stringify({ overlay: '1.0.0', info: { title: 'Mine', version: '1' }, actions })
  const loading = await load(
    { 'a.json': describeApi({ '/a': { get: {} }, '/b': { get: {} } }) },
    { baseUrls: new Map(), overlays: [{ file: 'mine.json', text: overlay }] },
  )
  expect(loading.document).toMatchObject({ 'x-base-url': 'https://api.example.org/v1' })
  expect(listOperations(loading)['get /b']).toMatchObject({ 'x-base-url': 'https://files.example.org' })
})

test('copies of a description are one, whatever they need credentials for, and tell each problem once', async () => {
  const responses = { 200: { $ref: '#/components/responses/Gone' } }
  const secured = describeApi(
    { '/things': { get: { security: [{ key: [] }], responses } } },
    { components: { securitySchemes: { key: { type: 'http', scheme: 'bearer' } } } },
  )
  const text = JSON.stringify(secured)
  const named = ['shop.json', 'shop.json', './shop.json', 'copy.json'].map((file) => ({ file, text }))
  const loading = await load({}, { files: named })
  expect(Object.keys(listOperations(loading))).toEqual(['get /things'])
  const gone = 'omission: the reference #/components/responses/Gone leads nowhere; the name of a component'
  expect(listProblems(loading)).toEqual(
    ['shop.json', './shop.json', 'copy.json'].map((file) => `${file}:1: ${gone}`),
  )
  const other = text.replace('bearer', 'basic')
  expect(
    listProblems(await load({}, { files: [...named, { file: 'other.json', text: other }] })).at(-1),
  ).toMatch(/^other\.json:1: warning: GET \/things is described otherwise than in shop\.json:1/)
})

test.each([
  ['no path', {}, [], 'one at least'],
  ['no operation', { '/a': {} }, [], 'one at least'],
  [
    'none that is selected',
    { '/a': { get: { operationId: 'one' } } },
    ['one'],
    'a selection that leaves one',
  ],
])('a description with %s is refused', async (_, paths, exclude, expected) => {
  const selection = { tags: [], operations: [], exclude, readOnly: false }
  const loading = await load({ 'a.json': describeApi(paths) }, { selection })
  expect(listProblems(loading)).toEqual([`a.json:7: error: no operation is left to serve; ${expected}`])
})

test('an option without an effect is refused', async () => {
  const shop = describeApi({ '/a': { get: {} } })
  const idle = await load(
    { 'a.json': shop },
    { allowReferences: ['https://one.test/'], schemas: toTexts({ 'b.json': shop }) },
  )
  expect(listProblems(idle)).toEqual([
    'a.json:1: error: no reference begins with "https://one.test/"; no --allow-ref, or the beginning of one',
    'a.json:1: error: b.json types nothing: no description is a capability; no --schemas',
  ])
  const capability = readFileSync(new URL('../../openapi/capability.yaml', import.meta.url), 'utf8')
  const prefixed = await load({ 'own.yaml': capability }, { prefixes: new Map([['', '/v2']]) })
  expect(listProblems(prefixed)).toContain(
    'own.yaml:1: error: a prefix without a name is for OpenAPI documents; --prefix own=/…',
  )
})
