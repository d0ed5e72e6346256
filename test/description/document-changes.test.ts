import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listChanges } from '../../src/description/document-changes.ts'
import type { Change } from '../../src/description/tool-changes.ts'

const at = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))
const user = {
  type: 'object',
  required: ['id'],
  properties: { id: { type: 'integer' }, name: { type: 'string', maxLength: 40 } },
}
const tool = {
  name: 'get-user',
  description: 'Reads a user.',
  annotations: { readOnlyHint: true, destructiveHint: false },
  arguments: { limit: 'limit' },
}
const answer = { description: 'A user', content: { 'application/json': { schema: user } } }
const reference = { $ref: '#/components/schemas/User' }

/** A document of two operations that share a schema, one as request and one as answer. */
const base = {
  openapi: '3.0.3',
  info: { title: 'Users', version: '1' },
  servers: [{ url: '/v1' }],
  paths: {
    '/users': {
      get: {
        operationId: 'getUser',
        'x-rest-path': '/v1/users/{userid}',
        'x-mcp-tool': tool,
        'x-scope': 'users:read',
        parameters: [
          { name: 'limit', in: 'query', schema: { type: 'integer', maximum: 250 } },
          { name: 'offset', in: 'query', schema: { type: 'integer', maximum: 250 } },
        ],
        responses: { 200: { ...answer, content: { 'application/json': { schema: reference } } } },
      },
      post: {
        operationId: 'createUser',
        requestBody: { content: { 'application/json': { schema: reference }, 'image/png': {} } },
        responses: { 201: { ...answer, headers: { 'X-Next': { schema: { type: 'string' } } } } },
      },
      patch: {
        'x-rest-path': false,
        'x-single-use': true,
        'x-redeliver': ['createUser'],
        parameters: [
          { name: 'Idempotency-Key', in: 'header', schema: { type: 'string' }, 'x-idempotency-key': true },
          { name: 'team', in: 'query', schema: { type: 'string' }, 'x-pin': {} },
          { name: 'any', in: 'query' },
        ],
        responses: { 200: answer },
      },
    },
  },
  components: { schemas: { User: user, Unused: { type: 'string' } } },
}

type Described = typeof base
type Path = readonly (string | number)[]

const get = ['paths', '/users', 'get']
const post = ['paths', '/users', 'post']
const patch = ['paths', '/users', 'patch']
const schema = ['components', 'schemas', 'User']
const maximum = [...get, 'parameters', 0, 'schema', 'maximum']

/** Changes that break a client: what changes, the place of the member, and its value; undefined removes it. */
const breaking: readonly (readonly [string, Path, unknown])[] = [
  ['a removed operation', ['paths', '/users', 'post'], undefined],
  ['a removed status', ['paths', '/users', 'post', 'responses'], { 200: answer }],
  ['a removed field of an answer', [...schema, 'properties'], { id: { type: 'integer' } }],
  ['another type', [...schema, 'properties', 'id', 'type'], 'string'],
  ['another exposed path', [...get, 'x-rest-path'], '/v1/people/{userid}'],
  ['another tool name', [...get, 'x-mcp-tool', 'name'], 'read-user'],
  ['another argument name', [...get, 'x-mcp-tool', 'arguments', 'limit'], 'most'],
  ['a tool that is missing', [...get, 'x-mcp-tool'], undefined],
  ['a tool that is turned off', [...post, 'x-mcp-tool'], false],
  ['a tool with a name of its own', [...post, 'x-mcp-tool'], { name: 'make-user' }],
  ['another scope', [...get, 'x-scope'], 'users:see'],
  ['a scope that is missing', [...get, 'x-scope'], undefined],
  ['a first path of its own', [...post, 'x-rest-path'], '/people'],
  ['a path that is hidden', [...post, 'x-rest-path'], null],
  ['a tool without an id that is turned off', [...patch, 'x-mcp-tool'], false],
  ['a hint that the method gives', [...get, 'x-mcp-tool', 'annotations'], { readOnlyHint: false }],
  ['a header that names no call', [...patch, 'parameters', 0, 'x-idempotency-key'], undefined],
  ['a parameter that is not pinned', [...patch, 'parameters', 1, 'x-pin'], undefined],
  ['a call that may run twice', [...patch, 'x-single-use'], false],
  ['a response that is not kept', [...patch, 'x-redeliver'], undefined],
  ['a first schema of a parameter', [...patch, 'parameters', 2, 'schema'], { type: 'integer' }],
  [
    'a removed schema of a response',
    [...post, 'responses', 201, 'content', 'application/json', 'schema'],
    undefined,
  ],
  ['a removed schema of a header', [...post, 'responses', 201, 'headers', 'X-Next', 'schema'], undefined],
  ['a removed media type', [...post, 'requestBody', 'content', 'image/png'], undefined],
  ['a tool that no longer only reads', [...get, 'x-mcp-tool', 'annotations', 'readOnlyHint'], false],
  ['a tool that begins to destroy', [...get, 'x-mcp-tool', 'annotations', 'destructiveHint'], true],
  ['a rule for names of members', [...schema, 'x-propertyNames'], { maxLength: 40 }],
  [
    'a schema that refers to itself',
    schema,
    { type: 'object', properties: { child: { $ref: '#/components/schemas/User' } } },
  ],
]

const compatible: readonly (readonly [string, Path, unknown])[] = [
  ['a new operation', ['paths', '/users', 'delete'], { responses: { 200: answer } }],
  ['a new field of an answer', [...schema, 'properties', 'bio'], { type: 'string' }],
  ['other words of a tool', [...get, 'x-mcp-tool', 'description'], 'Reads one user.'],
  ['another name of a path variable', [...get, 'x-rest-path'], '/v1/users/{userId}'],
  ['a first scope', [...post, 'x-scope'], 'users:write'],
  ['a path that is no longer hidden', [...patch, 'x-rest-path'], undefined],
  ['a tool with other operations', [...patch, 'x-redeliver'], ['deleteUser']],
  ['a media type more', [...post, 'requestBody', 'content', 'image/gif'], {}],
  [
    'a range of media types',
    [...post, 'requestBody', 'content'],
    { 'application/json': { schema: reference }, 'image/*': {} },
  ],
  [
    'any media type',
    [...post, 'requestBody', 'content'],
    { 'application/json': { schema: reference }, '*/*': {} },
  ],
  ['a further argument', [...get, 'x-mcp-tool', 'arguments', 'offset'], 'offset'],
  ['a component that nobody uses', ['components', 'schemas', 'Unused', 'type'], 'integer'],
]

/** What says the same in another way. */
const equal: readonly (readonly [string, Path, unknown])[] = [
  ['nothing', ['openapi'], '3.0.3'],
  ['the default path', [...post, 'x-rest-path'], '/users'],
  ['another way to hide a path', [...patch, 'x-rest-path'], null],
  ['the default name of a tool', [...post, 'x-mcp-tool'], { name: 'createUser' }],
  ['the default hints of a tool', [...get, 'x-mcp-tool', 'annotations', 'readOnlyHint'], undefined],
  ['the default style', [...get, 'parameters', 0, 'style'], 'form'],
  ['the default of explode', [...get, 'parameters', 0, 'explode'], true],
  ['the default of required', [...get, 'parameters', 0, 'required'], false],
  [
    'the case of a header',
    [...post, 'responses', 201, 'headers'],
    { 'x-next': { schema: { type: 'string' } } },
  ],
  [
    'the case of a media type',
    [...post, 'requestBody', 'content'],
    { 'application/json': { schema: reference }, 'Image/PNG': {} },
  ],
  [
    'a reference that is written out',
    [...post, 'requestBody', 'content', 'application/json', 'schema'],
    user,
  ],
]

const others: readonly (readonly [string, Path, unknown])[] = [
  ...equal,
  ['a lowered maximum', maximum, 100],
  ['a raised maximum', maximum, 500],
  ['a required member', [...schema, 'required'], ['id', 'name']],
]

/** What the name of a copy ends with whose operations have methods that Path Item Objects know since OpenAPI 3.2. */
const newer = ' of OpenAPI 3.2'

let folder: string
let changes: readonly Change[]
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'calgate-changes-'))
  // Redocly takes a second for any two documents, so each change has a copy of the base in the same two.
  const rows = [...breaking, ...compatible, ...others]
  const old = rows.flatMap(([name]) => [copyAs(name, base), copyAs(`${name}${newer}`, toNewer(base))])
  const next = rows.flatMap(([name, path, value]) => {
    const changed = change(path, value)
    return [copyAs(name, changed), copyAs(`${name}${newer}`, toNewer(changed))]
  })
  changes = await listChanges(...(await write(merge(old), merge(next))), process)
})
afterAll(() => rm(folder, { recursive: true }))

/** Returns a document with QUERY in the place of GET, and LOCK in that of POST. */
function toNewer(document: Described): object {
  const { get: query, post, ...rest } = document.paths['/users']
  const item = { ...rest, query, additionalOperations: post && { LOCK: post } }
  return { ...document, paths: { '/users': item } }
}

/** Returns the base with a changed member. */
function change(path: Path, value: unknown): Described {
  const next: Described = JSON.parse(JSON.stringify(base))
  const parent = path.slice(0, -1).reduce<object>((place, name) => Reflect.get(place, name), next)
  const last = path.at(-1) ?? ''
  if (value === undefined) Reflect.deleteProperty(parent, last)
  else Reflect.set(parent, last, value)
  return next
}

/** Copies a document with names of its own for paths and schemas. */
function copyAs(name: string, document: object): typeof base {
  const text = JSON.stringify(document)
  const own = name.replaceAll(' ', '-')
  const copy = JSON.parse(
    text.replaceAll('"/users"', `"/${own}/users"`).replaceAll(/(schemas\/\w+)"/g, `$1-${own}"`),
  )
  const schemas = Object.entries(copy.components.schemas).map(([key, one]) => [`${key}-${own}`, one])
  return { ...copy, components: { schemas: Object.fromEntries(schemas) } }
}

function merge(documents: readonly (typeof base)[]): object {
  const paths = Object.assign({}, ...documents.map((one) => one.paths))
  const schemas = Object.assign({}, ...documents.map(({ components }) => components.schemas))
  return { ...base, paths, components: { schemas } }
}

async function write(old: object, next: object): Promise<[string, string]> {
  const files: [string, string] = [join(folder, 'old.json'), join(folder, 'new.json')]
  await writeFile(files[0], JSON.stringify(old))
  await writeFile(files[1], JSON.stringify(next))
  return files
}

/** The changes of one copy, as those of the base. */
function find(name: string): Change[] {
  const path = `/${name.replaceAll(' ', '-')}/users`
  return changes
    .filter(({ operation }) => operation.endsWith(` ${path}`))
    .map((one) => ({
      ...one,
      operation: one.operation.replace(path, '/users'),
      what: one.what.replace(path, '/users'),
    }))
}

describe('two documents', () => {
  it.each(equal)('show nothing of %s', (name) => {
    expect(find(name)).toEqual([])
  })

  it('show changes of the copies alone', () => {
    const names = [...breaking, ...compatible, ...others].flatMap(([name]) => [
      find(name),
      find(`${name}${newer}`),
    ])
    expect(names.flat()).toHaveLength(changes.length)
  })

  it('show a lowered maximum by the name of its parameter', () => {
    expect(find('a lowered maximum')).toEqual([
      {
        breaking: true,
        operation: 'GET /users',
        place: 'query.limit/schema maximum',
        what: "Upper bound changed from '<= 250' to '<= 100'",
        callers: 'all callers',
      },
    ])
  })

  it('show a raised maximum as compatible', () => {
    expect(find('a raised maximum')).toMatchObject([{ breaking: false, what: 'changed from 250 to 500' }])
  })

  it('rate a change of a shared schema by the direction it travels in', () => {
    const ratings = find('a required member').map(({ operation, breaking }) => [operation, breaking])
    expect(ratings).toEqual([
      ['POST /users', true],
      ['GET /users', false],
    ])
  })

  it.each(breaking)('show %s as breaking', (name) => {
    expect(find(name).map(({ breaking }) => breaking)).toContain(true)
  })

  it.each([...breaking, ...compatible, ...others])('show %s of QUERY and LOCK as of GET and POST', (name) => {
    const known = find(name).map((one) => ({
      ...one,
      operation: one.operation.replace('GET', 'QUERY').replace('POST', 'LOCK'),
      what: one.what.replace('`GET', '`QUERY').replace('`POST', '`LOCK'),
    }))
    const byText = (one: Change) => JSON.stringify(one)
    expect(find(`${name}${newer}`).map(byText).sort()).toEqual(known.map(byText).sort())
  })

  it.each([...breaking, ...compatible, ...others])('show each part of %s once', (name) => {
    const places = find(name).map(({ operation, place }) => `${operation} ${place}`)
    expect(places).toEqual([...new Set(places)])
  })

  it('show a parameter of a path at each of its operations, by its name', async () => {
    const share = (maximum: number) => ({
      ...base,
      paths: {
        '/users': {
          parameters: [{ name: 'limit', in: 'query', schema: { type: 'integer', maximum } }],
          get: { responses: { 200: answer } },
          query: { responses: { 200: answer } },
          additionalOperations: { LOCK: { responses: { 200: answer } } },
        },
      },
    })
    const found = await listChanges(...(await write(share(9), share(8))), process)
    expect(found.map(({ operation, place, breaking }) => [operation, place, breaking]).sort()).toEqual([
      ['GET /users', 'query.limit/schema maximum', true],
      ['LOCK /users', 'query.limit/schema maximum', true],
      ['QUERY /users', 'query.limit/schema maximum', true],
    ])
  })

  it('show no parameter of a path that an operation replaces under a name in another case', async () => {
    const name = (spelled: string, maximum: number) => ({
      ...{ name: spelled, in: 'header', schema: { type: 'integer', maximum } },
    })
    const describeItem = (maximum: number) => ({
      ...base,
      paths: {
        '/users': {
          parameters: [name('X-Id', maximum)],
          get: { parameters: [name('x-id', 9)], responses: { 200: answer } },
        },
      },
    })
    expect(await listChanges(...(await write(describeItem(9), describeItem(8))), process)).toEqual([])
  })

  it('show what is removed where a path has nothing but methods of OpenAPI 3.2', async () => {
    const item = {
      query: { responses: { 200: answer } },
      additionalOperations: { LOCK: { responses: { 200: answer } } },
    }
    const old = { ...base, openapi: '3.1.1', paths: { '/users': base.paths['/users'], '/s': item } }
    const without = { ...old, paths: { '/users': base.paths['/users'], '/s': {} } }
    const found = await listChanges(...(await write(old, without)), process)
    expect(found.map(({ operation, what, breaking }) => [operation, what, breaking]).sort()).toEqual([
      ['LOCK /s', 'Operation `LOCK /s` was removed', true],
      ['QUERY /s', 'Operation `QUERY /s` was removed', true],
    ])
  })

  it('show a path variable with another name as compatible for QUERY and LOCK too', async () => {
    const describePath = (name: string) => ({
      ...base,
      paths: {
        [`/users/{${name}}`]: {
          parameters: [{ name, in: 'path', required: true, schema: { type: 'string' } }],
          query: { responses: { 200: answer }, 'x-mcp-tool': false },
          additionalOperations: { LOCK: { responses: { 200: answer }, 'x-mcp-tool': false } },
        },
      },
    })
    const found = await listChanges(...(await write(describePath('id'), describePath('userId'))), process)
    expect(found.filter(({ breaking }) => breaking)).toEqual([])
  })

  it('show one change where one of two references is removed', async () => {
    const User = { ...user, required: ['name', 'id'], properties: { id: { const: 1 }, name: { not: {} } } }
    const header = { $ref: '#/components/headers/X-Next' }
    const describeAnswers = (schema: object, next: object) => ({
      ...change([...post, 'responses'], {
        200: { ...answer, headers: { 'X-Next': next }, content: { 'application/json': { schema } } },
        201: {
          ...answer,
          headers: { 'X-Next': header },
          content: { 'application/json': { schema: reference } },
        },
      }),
      components: { schemas: { User }, headers: { 'X-Next': { schema: { type: ['null', 'string'] } } } },
    })
    const files = await write(
      describeAnswers(reference, header),
      describeAnswers({ type: 'integer' }, { schema: { type: 'integer' } }),
    )
    const places = (await listChanges(...files, process)).map(({ place }) => place.split('/')[1])
    expect([...new Set(places)]).toEqual(['200'])
  })

  it('show a header of a response that has the name of an extension', async () => {
    const describeHeader = (type: string) => {
      const headers = { 'x-scope': { schema: { type } } }
      return change([...post, 'responses'], { 201: { ...answer, headers } })
    }
    const files = await write(describeHeader('string'), describeHeader('integer'))
    const found = await listChanges(...files, process)
    expect(found.map(({ place }) => place)).toEqual(['responses/201/headers/x-scope/schema type'])
  })

  it('show a change once for each operation where schemas lead to one another', async () => {
    const names = Array.from({ length: 12 }, (_, index) => `S${index}`)
    const share = (type: string) => {
      const references = names.map((name) => [name, { $ref: `#/components/schemas/${name}` }])
      const properties = { ...Object.fromEntries(references), x: { type: 'string' } }
      const schemas = names.map((name, index) => [
        name,
        { type: 'object', properties: { ...properties, ...(index === 11 && { x: { type } }) } },
      ])
      const User = { $ref: '#/components/schemas/S0' }
      return { ...base, components: { schemas: { User, ...Object.fromEntries(schemas) } } }
    }
    const found = await listChanges(...(await write(share('string'), share('integer'))), process)
    const broken = found.filter(({ breaking }) => breaking).map(({ operation }) => operation)
    expect([...new Set(broken)].sort()).toEqual(['GET /users', 'POST /users'])
    expect(broken.length).toBeLessThan(10)
  })

  it.each([
    ['behind a percent-encoded reference', { $ref: '#/components/schemas/A%20B' }, { type: 'string' }],
    ['beside a reference', { $ref: '#/components/schemas/User', minLength: 5 }, { type: 'integer' }],
    ['that a reference overrides', { $ref: '#/components/schemas/A%20B', type: 'string' }, {}],
  ])('show what changes %s', async (_, schema, other) => {
    const share = (shared: object, own: object) => ({
      ...change([...post, 'requestBody'], { content: { 'application/json': { schema: own } } }),
      openapi: '3.1.0',
      components: { schemas: { User: { type: 'string' }, 'A B': shared } },
    })
    const files = await write(
      share({ type: 'integer' }, { $ref: schema.$ref }),
      share({ type: 'integer', ...other }, schema),
    )
    const found = await listChanges(...files, process)
    expect(found.map(({ operation, breaking }) => [operation, breaking])).toContainEqual([
      'POST /users',
      true,
    ])
  })

  it.each([
    ['bytes in Base64', { format: 'byte' }, { contentEncoding: 'base64' }],
    ['an example', { example: 'a' }, { examples: ['a'] }],
    [
      'what stood beside a reference for nothing',
      { allOf: [{ ...reference, minLength: 5 }] },
      { allOf: [reference] },
    ],
  ])('show nothing of %s that two versions of OpenAPI write in their ways', async (_, own, nextOwn) => {
    const describe = (openapi: string, schema: object) => ({
      ...change([...post, 'requestBody'], {
        content: { 'application/json': { schema: { type: 'string', ...schema } } },
      }),
      openapi,
      components: { schemas: { User: { type: 'string' } } },
    })
    const files = await write(describe('3.0.3', own), describe('3.1.0', nextOwn))
    expect(await listChanges(...files, process)).toEqual([])
  })

  it('show what changes in a part that YAML merges', async () => {
    const write = async (name: string, type: string) => {
      const file = join(folder, name)
      const limit = `{ name: limit, in: query, schema: { type: ${type} } }`
      const operation =
        'get: { parameters: [{ <<: *limit, required: true }], responses: { 200: { description: A } } }'
      await writeFile(
        file,
        `openapi: 3.1.0\ninfo: { title: A, version: '1' }\nx-limit: &limit ${limit}\npaths: { /a: { ${operation} } }\n`,
      )
      return file
    }
    const found = await listChanges(
      await write('a.yaml', 'string'),
      await write('b.yaml', 'integer'),
      process,
    )
    expect(found.map(({ place, breaking }) => [place, breaking])).toEqual([['query.limit/schema type', true]])
  })

  it('are refused where they differ in too much', async () => {
    const properties = Object.fromEntries(Array.from({ length: 2_000 }, (_, index) => [`p${index}`, {}]))
    const describe = (summary: string) => {
      const paths = Array.from({ length: 600 }, (_, index) => [
        `/${index}`,
        {
          get: {
            summary,
            responses: { 200: { ...answer, content: { 'application/json': { schema: reference } } } },
          },
        },
      ])
      return { ...base, paths: Object.fromEntries(paths), components: { schemas: { User: { properties } } } }
    }
    const compared = listChanges(...(await write(describe('one'), describe('two'))), process)
    await expect(compared).rejects.toThrow('the operations that changed have more than 1000000 parts')
  })

  const describeSecurity = (members: object, security: unknown, schemes: object = securitySchemes) => ({
    ...{ ...base, ...members },
    paths: {
      '/users': {
        get: { ...base.paths['/users'].get, security },
        additionalOperations: { LOCK: { responses: { 200: answer }, security } },
      },
    },
    components: { ...base.components, securitySchemes: schemes },
  })
  const securitySchemes = {
    'x-key': { type: 'apiKey', in: 'header', name: 'X-Key' },
    token: { type: 'http', scheme: 'bearer' },
  }
  const byKey = [{ 'x-key': [] }]

  it('show nothing of security that each operation says instead of all', async () => {
    const all = describeSecurity({ security: byKey }, undefined)
    const each = describeSecurity({}, byKey)
    expect(await listChanges(...(await write(all, each)), process)).toEqual([])
    expect(await listChanges(...(await write(each, all)), process)).toEqual([])
  })

  it('show another security of all operations at each that has none of its own', async () => {
    const next = describeSecurity({ security: [{ token: [] }] }, undefined)
    const files = await write(describeSecurity({ security: byKey }, undefined), next)
    const found = await listChanges(...files, process)
    const broken = found.filter(({ breaking }) => breaking).map(({ operation }) => operation)
    expect(broken.sort()).toEqual(['GET /users', 'LOCK /users'])
  })

  it('show another name of a security scheme to operators, and nothing of the case of its header', async () => {
    const { 'x-key': key, ...rest } = securitySchemes
    const renamed = describeSecurity({ security: [{ secret: [] }] }, undefined, { ...rest, secret: key })
    const found = await listChanges(
      ...(await write(describeSecurity({ security: byKey }, undefined), renamed)),
      process,
    )
    expect(found).toEqual([
      {
        breaking: false,
        operation: '',
        place: 'components/securitySchemes/secret',
        what: 'changed its name from "x-key" to "secret"',
        callers: 'operators',
      },
    ])
    const other = describeSecurity({}, byKey, { ...securitySchemes, 'x-key': { ...key, name: 'x-key' } })
    expect(await listChanges(...(await write(describeSecurity({}, byKey), other)), process)).toEqual([])
  })

  it('show a credential that clients cannot bring any more as breaking', async () => {
    const key = { ...securitySchemes['x-key'], 'x-configured-only': true }
    const next = describeSecurity({}, byKey, { ...securitySchemes, 'x-key': key })
    const compare = async (old: object, next: object) =>
      (await listChanges(...(await write(old, next)), process)).map(({ breaking }) => breaking)
    expect(await compare(describeSecurity({}, byKey), next)).toEqual([true])
    expect(await compare(next, describeSecurity({}, byKey))).toEqual([false])
  })

  it('show an id where there was none to tools', async () => {
    const files = await write(base, change([...patch, 'operationId'], 'changeUser'))
    expect(await listChanges(...files, process)).toMatchObject([
      { breaking: true, what: 'changed from "patch_users" to "changeUser"', callers: 'MCP callers' },
      { breaking: false, callers: 'generated clients' },
    ])
  })

  it.each([
    ['by default', undefined, undefined, true],
    ['against an argument of its own', undefined, { userId: 'user' }, true],
    ['against an argument of the same name', undefined, { userId: 'id' }, false],
    ['between arguments of one name', { id: 'user' }, { userId: 'user' }, false],
    ['where it had an argument of its own', { id: 'user' }, undefined, true],
  ])('show another name of a path variable to tools %s', async (_, old, next, isBreaking) => {
    const describeItem = (name: string, bound?: object) => ({
      ...base,
      paths: {
        [`/users/{${name}}`]: {
          parameters: [{ name, in: 'path', required: true, schema: { type: 'string' } }],
          get: {
            responses: { 200: answer },
            'x-mcp-tool': { name: 'getUser', ...(bound && { arguments: bound }) },
          },
        },
      },
    })
    const files = await write(describeItem('id', old), describeItem('userId', next))
    const found = (await listChanges(...files, process)).filter(({ breaking }) => breaking)
    expect(found.map(({ place, callers }) => [place, callers])).toEqual(
      isBreaking ? [['x-mcp-tool arguments.id', 'MCP callers']] : [],
    )
  })

  it('show nothing of a slash at the end of an address', async () => {
    const files = await write(base, change(['servers', 0, 'url'], '/v1/'))
    expect(await listChanges(...files, process)).toEqual([])
  })

  it('show another address of the same operations as breaking', async () => {
    const found = await listChanges(...(await write(base, change(['servers', 0, 'url'], '/v2'))), process)
    expect(found.map(({ breaking }) => breaking)).toContain(true)
  })

  it.each(compatible)('do not show %s as breaking', (name) => {
    expect(find(name).filter(({ breaking }) => breaking)).toEqual([])
  })
})

describe('calgate diff', () => {
  it('exits with 1 and names the breaking change first', async () => {
    const files = await write(base, change([...get, 'x-mcp-tool', 'name'], 'read-user'))
    const { code, output } = await run('diff', ...files)
    expect(code).toBe(1)
    expect(output).toBe(
      'BREAKING    GET /users  x-mcp-tool name  changed from "get-user" to "read-user"  (MCP callers)\n' +
        '1 breaking, 0 compatible\n',
    )
  })

  it('exits with 0 when every change is compatible', async () => {
    const files = await write(base, change([...get, 'x-mcp-tool', 'description'], 'Reads one user.'))
    expect(await run('diff', ...files)).toMatchObject({ code: 0 })
  })

  it('compares the files that the documents refer to', async () => {
    const described = change([...get, 'responses', '200', 'content', 'application/json', 'schema'], {
      $ref: 'user.json#/User',
    })
    const folders = ['old', 'new'].map((name) => join(folder, name))
    for (const one of folders) {
      await mkdir(one)
      await writeFile(join(one, 'api.json'), JSON.stringify(described))
    }
    const { id } = user.properties
    await writeFile(join(folder, 'old/user.json'), JSON.stringify({ User: user }))
    await writeFile(join(folder, 'new/user.json'), JSON.stringify({ User: { ...user, properties: { id } } }))
    const [old = '', next = ''] = folders.map((one) => join(one, 'api.json'))
    const { code, output } = await run('diff', old, next)
    expect(code).toBe(1)
    expect(output).toContain('BREAKING    GET /users')
    expect((await run('diff', old, old)).output).toBe('0 breaking, 0 compatible\n')
  })

  it('says which file it cannot compare', async () => {
    const described = change([...get, 'responses'], { 200: { $ref: '../user.json#/User' } })
    const [file = ''] = await write(described, base)
    const { code, errors } = await run('diff', file, file)
    expect(code).toBe(2)
    expect(errors).toContain('references to files outside of the folder are not followed')
  })

  it.each([
    ['a file that is not there', ['none.json', 'none.json'], 'none.json cannot be read (ENOENT)'],
    ['a file that is no OpenAPI document', [at('package.json'), at('package.json')], 'is not an OpenAPI 3'],
    ['a single file', [at('package.json')], "missing required argument 'new'"],
  ])('exits with 2 and one sentence for %s', async (_, files, sentence) => {
    const { code, errors } = await run('diff', ...files)
    expect(code).toBe(2)
    expect(errors.split('\n')[0]).toContain(sentence)
  })
})

function run(...command: string[]): Promise<{ code: unknown; output: string; errors: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [at('src/main.ts'), ...command], (error, output, errors) =>
      resolve({ code: error?.code ?? 0, output, errors }),
    )
  })
}
