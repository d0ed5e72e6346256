import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { asRecord } from '../../src/document/json.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { respondJson, startUpstream, type UpstreamStub } from '../support/upstream-stub.ts'
import { describeApi, load } from './loading.ts'

/** A list within lists, deeper than a check can be compiled for. */
const deep = Array.from({ length: 900 }).reduce<object>((items) => ({ type: 'array', items }), {})
const json = (schema: object) => ({ required: true, content: { 'application/json': { schema } } })

/** One description that refers to another file, one of Swagger 2.0, and what their folders and a web server hold. */
const files = {
  'shop.json': {
    openapi: '3.1.0',
    info: { title: 'Shop', version: '1' },
    paths: {
      '/things': {
        post: { operationId: 'add_thing', requestBody: json({ $ref: 'parts.yaml#/Thing' }) },
        put: { operationId: 'set_thing', requestBody: json({ $ref: '../secret.yaml#/Thing' }) },
      },
      '/pointers': {
        post: {
          operationId: 'add_pointer',
          parameters: [{ name: 'Content-Length', in: 'header', schema: { type: 'integer' } }],
          requestBody: json({
            type: 'object',
            properties: { $ref: { type: 'string' } },
            required: ['$ref'],
            example: { $ref: '#/nowhere' },
          }),
        },
      },
      '/deep/{id}': {
        post: {
          operationId: 'add_deep',
          parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'integer' } }],
          requestBody: json(deep),
        },
      },
    },
  },
  'old.yaml': `
swagger: '2.0'
info: { title: Old, version: '1' }
host: api.example.org
basePath: /v2
schemes: [https]
consumes: [application/json]
securityDefinitions: { key: { type: apiKey, in: query, name: token } }
security: [{ key: [] }]
definitions:
  Pet: { type: object, required: [name], properties: { name: { type: string }, tag: { type: string, x-nullable: true } } }
paths:
  /pets:
    get:
      operationId: list_pets
      parameters:
      - { name: ids, in: query, type: array, items: { type: integer }, collectionFormat: pipes }
      - { name: tags, in: query, type: array, items: { type: string }, collectionFormat: multi }
      responses: { 200: { description: Pets, schema: { type: array, items: { $ref: '#/definitions/Pet' } } } }
    post:
      operationId: add_pet
      parameters: [{ name: pet, in: body, required: true, schema: { $ref: '#/definitions/Pet' } }]
      responses: { 201: { description: Made } }
  /pets/{id}:
    post:
      operationId: change_pet
      consumes: [application/x-www-form-urlencoded]
      parameters:
      - { name: id, in: path, required: true, type: integer }
      - { name: name, in: formData, required: true, type: string }
      - { name: photo, in: formData, type: array, items: { type: string }, collectionFormat: csv }
      responses: { 200: { description: Changed } }
`,
  'fixed.yaml': `
naftiko: 1.0.0-alpha2
info: { label: Fixed, description: Constants of each place }
capability:
  consumes:
  - type: http
    namespace: fixed
    baseUri: https://api.example.org
    inputParameters: [{ name: X-Version, in: header, value: '2022-06-28' }, { name: Accept, in: header, value: application/vnd.x+json }]
    resources:
    - path: '/{kind}/{id}'
      inputParameters: [{ name: kind, in: path, value: big things }, { name: session, in: cookie, value: abc }]
      operations:
      - name: set
        method: PUT
        inputParameters:
        - { name: id, in: path, type: integer }
        - { name: draft, in: query, value: 'a b' }
        - { name: X-Version, in: header, type: integer, value: '7' }
        - { name: Content-Type, in: header, value: application/x-www-form-urlencoded }
        - { name: theme, in: cookie }
        - { name: thing, in: body, type: object, required: true }
  exposes:
  - { type: rest, namespace: fixed-rest, port: 8080, resources: [{ path: '/fixed/{id}', operations: [{ method: PUT, call: fixed.set }] }] }
  - { type: mcp, namespace: fixed-mcp, port: 9090, tools: [{ name: set-fixed, call: fixed.set }] }
`,
} as const

let folder: string
let upstream: UpstreamStub
let gateway: RunningGateway

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'calgate-gateway-'))
  await writeFile(
    join(folder, 'parts.yaml'),
    'Thing: { type: object, properties: { size: { type: integer } } }\n',
  )
  upstream = await startUpstream((_request, response) => respondJson(response, 200, '[{"name":"Rex"}]'))
  const named = Object.entries(files).map(([file, content]) => [join(folder, file), content])
  const baseUrls = new Map([['', `${upstream.url}/v2`]])
  const { document } = await load(Object.fromEntries(named), { baseUrls })
  gateway = await startGateway(
    upstream.url,
    { ALLOW_INSECURE_UPSTREAM: 'true', OLD_KEY: 'planted' },
    document && { document },
  )
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await upstream[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

async function callRest(method: string, path: string, body: object | string): Promise<number> {
  const isForm = typeof body === 'string'
  const type = isForm ? 'application/x-www-form-urlencoded' : 'application/json'
  const init = { method, headers: { 'content-type': type }, body: isForm ? body : JSON.stringify(body) }
  return (await fetch(gateway.restUrl + path, init)).status
}

async function ask(method: string, params: object): Promise<Readonly<Record<string, unknown>>> {
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
  const response = await fetch(`${gateway.mcpUrl}/mcp`, { method: 'POST', headers, body })
  return asRecord(asRecord(await response.json()).result)
}

/** True where a tool has done what it was asked for. */
async function callTool(name: string, values: object): Promise<boolean> {
  return (await ask('tools/call', { name, arguments: values })).isError !== true
}

/** The requests that reached the API since the last look, as method, target and body. */
function takeArrived(): string[] {
  return upstream.requests.splice(0).map(({ method, url, body }) => `${method} ${url} ${body}`)
}

describe('a reference to another file', () => {
  test('of the same folder is checked on both servers', async () => {
    expect([
      await callRest('POST', '/things', { size: 1 }),
      await callRest('POST', '/things', { size: 'x' }),
      await callTool('add_thing', { body: { size: 2 } }),
      await callTool('add_thing', { body: { size: 'x' } }),
    ]).toEqual([200, 400, true, false])
    expect(takeArrived()).toEqual(['POST /v2/things {"size":1}', 'POST /v2/things {"size":2}'])
  })

  test('elsewhere is not followed: the schema allows any value', async () => {
    expect(await callRest('PUT', '/things', { size: 'x' })).toBe(200)
    takeArrived()
  })
})

test('a property that is called $ref is one, on both servers', async () => {
  expect([
    await callRest('POST', '/pointers', { $ref: '#/a' }),
    await callRest('POST', '/pointers', { $ref: 7 }),
    await callTool('add_pointer', { body: { $ref: '#/b' } }),
    await callTool('add_pointer', { body: {} }),
  ]).toEqual([200, 400, true, false])
  expect(takeArrived()).toEqual(['POST /v2/pointers {"$ref":"#/a"}', 'POST /v2/pointers {"$ref":"#/b"}'])
  const { tools } = await ask('tools/list', {})
  const tool = [tools]
    .flat()
    .map(asRecord)
    .find(({ name }) => name === 'add_pointer')
  expect(tool?.inputSchema).toMatchObject({
    properties: { body: { properties: { $ref: { type: 'string' } } } },
  })
  expect(JSON.stringify(tool?.inputSchema)).not.toContain('Content-Length')
})

test('a schema that does not compile is told once and allows any value, and the others are checked', async () => {
  expect([
    await callRest('POST', '/deep/1', { any: 1 }),
    await callRest('POST', '/deep/x', { any: 1 }),
    await callTool('add_deep', { id: 2, body: { any: 2 } }),
    await callTool('add_deep', { id: 'x', body: {} }),
  ]).toEqual([200, 400, true, false])
  expect(takeArrived()).toEqual(['POST /v2/deep/1 {"any":1}', 'POST /v2/deep/2 {"any":2}'])
  const told = gateway.log.filter((line) => line.includes('"schema not checked"'))
  expect(told).toEqual([expect.stringContaining('"operation":"add_deep"')])
})

test('Swagger 2.0 is checked and written as it says, on both servers', async () => {
  const get = async (path: string) => (await fetch(gateway.restUrl + path)).status
  expect([
    await get('/pets?ids=1|2&tags=a&tags=b'),
    await get('/pets?ids=1|x'),
    await callRest('POST', '/pets', { name: 'Rex', tag: null }),
    await callRest('POST', '/pets', { tag: 'x' }),
    await callRest('POST', '/pets/7', 'name=Rex&photo=a,b'),
    await callRest('POST', '/pets/7', 'photo=a'),
    await callTool('list_pets', { ids: [1, 2], tags: ['a', 'b'] }),
    await callTool('add_pet', { body: { name: 'Rex' } }),
    await callTool('change_pet', { id: 7, body: { name: 'Rex', photo: ['a', 'b'] } }),
    await callTool('change_pet', { id: 7, body: {} }),
  ]).toEqual([200, 400, 200, 400, 200, 400, true, true, true, false])
  const key = 'token=planted'
  expect(takeArrived()).toEqual([
    `GET /v2/pets?ids=1%7C2&tags=a&tags=b&${key} `,
    `POST /v2/pets?${key} {"name":"Rex","tag":null}`,
    `POST /v2/pets/7?${key} name=Rex&photo=a,b`,
    `GET /v2/pets?ids=1%7C2&tags=a&tags=b&${key} `,
    `POST /v2/pets?${key} {"name":"Rex"}`,
    `POST /v2/pets/7?${key} name=Rex&photo=a,b`,
  ])
})

test('constants of a capability are sent with each call, on both servers, and are no arguments', async () => {
  const type = 'application/x-www-form-urlencoded'
  const headers = {
    'content-type': type,
    'x-version': '9',
    cookie: 'theme=dark; session=mine',
    accept: '*/*',
  }
  const response = await fetch(`${gateway.restUrl}/fixed/5`, { method: 'PUT', headers, body: 'a=1' })
  const values = { id: 5, theme: 'dark', thing: { a: 1 } }
  expect([response.status, await callTool('set-fixed', values)]).toEqual([200, true])
  const arrived = upstream.requests.splice(0)
  expect(arrived).toHaveLength(2)
  for (const { url, headers, body } of arrived) {
    expect([url, String(body)]).toEqual(['/v2/big%20things/5?draft=a%20b', 'a=1'])
    expect(headers).toMatchObject({
      ...{ 'x-version': '7', accept: 'application/vnd.x+json', 'content-type': type },
      cookie: 'session=abc; theme=dark',
    })
  }
  const { tools } = await ask('tools/list', {})
  const [tool] = [tools].flat().filter((one) => asRecord(one).name === 'set-fixed')
  expect(Object.keys(asRecord(asRecord(asRecord(tool).inputSchema).properties))).toEqual([
    'id',
    'theme',
    'thing',
  ])
})

test('the served document names no address of the API and no file', async () => {
  const served = await (await fetch(`${gateway.restUrl}/openapi.json`)).text()
  const told = [upstream.url, folder, 'x-base-url', 'x-constant-headers', 'planted'].filter((one) =>
    served.includes(one),
  )
  expect(told).toEqual([])
})

test('a link that leads out of the folder is not followed, and one within it is', async () => {
  const inner = join(folder, 'inner')
  await mkdir(inner)
  await writeFile(join(inner, 'own.yaml'), 'Thing: { type: integer }')
  await writeFile(join(inner, '.real.yaml'), 'Thing: { type: integer }')
  await symlink(join(inner, '.real.yaml'), join(inner, 'near.yaml'))
  await symlink(join(folder, 'parts.yaml'), join(inner, 'far.yaml'))
  await symlink(folder, join(inner, 'up'))
  await symlink(inner, join(folder, 'linked'))
  const refer = ($ref: string) => describeApi({ '/a': { post: { requestBody: json({ $ref }) } } })
  const read = async (at: string, target: string) => {
    const { document, problems } = await load({ [join(folder, at, 'a.json')]: refer(`${target}#/Thing`) })
    return [document?.['x-files'] !== undefined, problems[0]?.message]
  }
  const refused = [false, 'references to symbolic links that lead out of the folder are not followed']
  for (const at of ['inner', 'linked'])
    expect([
      await read(at, 'own.yaml'),
      await read(at, 'near.yaml'),
      await read(at, 'far.yaml'),
      await read(at, 'up/parts.yaml'),
    ]).toEqual([[true, undefined], [true, undefined], refused, refused])
})

test('a URL is followed where it is allowed, and none that only begins like it', async () => {
  const server = createServer((_request, response) => response.end('Thing: { type: integer }'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const origin = `http://127.0.0.1:${port}`
  const refer = ($ref: string) => ({
    ...files['shop.json'],
    paths: { '/a': { post: { requestBody: json({ $ref }) } } },
  })
  const read = async (target: string, ...allowReferences: string[]) => {
    const { document, problems } = await load({ 'shop.json': refer(target) }, { allowReferences })
    return [document?.['x-files'] !== undefined, ...problems.map(({ message }) => message)]
  }
  const dangling = (target: string) => `the reference ${target} leads nowhere`
  const idle = (beginning: string) => `no reference begins with "${beginning}"`
  const other = `http://127.0.0.1:${port}@127.0.0.1:${port}/a.yaml#/Thing`
  expect([
    await read(`${origin}/a.yaml#/Thing`, origin),
    await read(`${origin}/a.yaml#/Thing`, `${origin}/a`),
    await read(`${origin}/b.yaml#/Thing`, `${origin}/a`),
    await read(other, origin),
  ]).toEqual([
    [true],
    [true],
    [
      false,
      idle(`${origin}/a`),
      `references to ${origin} are not followed`,
      dangling(`${origin}/b.yaml#/Thing`),
    ],
    [
      false,
      idle(origin),
      `references to ${origin} are not followed`,
      dangling(other.replace(/\/\/.*@/, '//[redacted]@')),
    ],
  ])
  server.close()
})
