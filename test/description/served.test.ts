import { once } from 'node:events'
import { createServer, request as requestHttp } from 'node:http'
import { PassThrough } from 'node:stream'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readConfig } from '../../src/config/config.ts'
import { readApi } from '../../src/document/api.ts'
import { asRecord } from '../../src/document/json.ts'
import { createServers } from '../../src/gateway.ts'
import { createLogger } from '../../src/observability/logger.ts'
import { toMcpRequest } from '../support/servers.ts'
import { describeApi, type Files, load } from './loading.ts'

/** A request as an API received it. */
interface Recorded {
  readonly request: string
  readonly authorization: string | undefined
  readonly body: string
}

const recorded: Recorded[] = []
const apis = [0, 1].map(() =>
  createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      const { method, url, headers } = request
      recorded.push({
        request: `${method} ${headers.host} ${url}`,
        authorization: headers.authorization,
        body,
      })
      response.setHeader('content-type', 'application/json').end('{"ok":true}')
    })
  }),
)
const hosts: string[] = []

beforeAll(async () => {
  for (const api of apis) {
    await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve))
    const address = api.address()
    hosts.push(`127.0.0.1:${typeof address === 'object' ? address?.port : ''}`)
  }
})
afterAll(() => {
  for (const api of apis) api.close()
})

const json = { 'content-type': 'application/json' }

/** A gateway that serves descriptions, at the first API unless they are named with another. */
async function serve(files: Files, baseUrls: ReadonlyMap<string, string>, environment = {}) {
  const { document } = await load(files, { baseUrls })
  if (!document) throw new Error('nothing was loaded')
  const config = readConfig(environment, readApi(document))
  const gateway = await createServers({
    config,
    document,
    version: '0',
    logger: createLogger('silent', { write() {} }),
  })
  const listen = { host: '127.0.0.1', port: 0 }
  const [rest, mcp] = [await gateway.rest.listen(listen), await gateway.mcp.listen(listen)]
  recorded.length = 0
  return {
    url: rest,
    rest: (method: string, path: string, body?: object | string, headers = json) =>
      fetch(`${rest}${path}`, {
        method,
        ...(body && { body: typeof body === 'string' ? body : JSON.stringify(body), headers }),
      }),
    mcp(tool: string, args: Readonly<Record<string, unknown>>) {
      const { path, init } = toMcpRequest({ tool, arguments: args })
      return fetch(mcp + path, init)
    },
    async stdio(name: string) {
      const [input, output] = [new PassThrough(), new PassThrough()]
      const message = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: {} } }
      const clientInfo = { name: 'test', version: '1' }
      const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo }
      input.write(`${JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params })}\n`)
      input.end(`${JSON.stringify(message)}\n`)
      await gateway.serveStdio(input, output)
    },
    [Symbol.asyncDispose]: () => gateway.close(),
  }
}

const capability = `naftiko: 1.0.0-alpha2
info: { label: Shop, description: A shop }
capability:
  consumes:
  - type: http
    namespace: shop
    baseUri: ''
    authentication: { type: basic, username: '{{env.SHOP_USER}}', password: '{{env.SHOP_PASS}}' }
    resources:
    - { path: '/things/{thing_id}.json?draft=false', operations: [{ name: get, method: GET, inputParameters: [{ name: filter, in: query, type: object }] }] }
    - { path: '/#Action=Add', operations: [{ name: add, method: POST, inputParameters: [{ name: _body, in: body, type: object, required: true }] }] }
    - { path: /Line Items, operations: [{ name: add, method: GET }] }
  exposes:
  - { type: rest, namespace: shop-rest, port: 8080, resources: [
      { path: /v1/things/thing-json, operations: [{ method: GET, call: shop.get }] },
      { path: /v1/add, operations: [{ method: POST, call: shop.add }] },
      { path: /v1/items, operations: [{ method: GET, call: shop.add }] }] }
  - { type: mcp, namespace: shop-mcp, port: 9090, tools: [
      { name: get-thing, call: shop.get }, { name: add-thing, call: shop.add }, { name: list-items, call: shop.add }] }
`

test('every construct of a capability reaches the API as one request, from both servers', async () => {
  const [host] = hosts
  const baseUrls = new Map([['', `http://${host}/base`]])
  await using gateway = await serve({ 'shop.yaml': capability }, baseUrls, {
    SHOP_USER: 'ada',
    SHOP_PASS: 'swordfish',
  })
  await gateway.rest('GET', '/v1/things/thing-json?thing_id=7&filter%5Ba%5D=b')
  await gateway.rest('POST', '/v1/add', { a: 1 })
  await gateway.rest('GET', '/v1/items')
  const onRest = recorded.splice(0)
  await gateway.mcp('get-thing', { thing_id: '7', filter: { a: 'b' } })
  await gateway.mcp('add-thing', { _body: { a: 1 } })
  await gateway.mcp('list-items', {})
  expect(onRest.map(({ request, body }) => [request, body])).toEqual([
    [expect.stringMatching(/^GET \S+ \/base\/things\/7\.json\?/), ''],
    [`POST ${host} /base/`, '{"a":1}'],
    [`GET ${host} /base/Line%20Items`, ''],
  ])
  const { searchParams } = new URL(onRest[0]?.request.split(' ')[2] ?? '', 'http://a')
  expect([...searchParams].sort()).toEqual([
    ['draft', 'false'],
    ['filter[a]', 'b'],
  ])
  expect(recorded).toEqual(onRest)
  const basic = `Basic ${Buffer.from('ada:swordfish').toString('base64')}`
  expect(new Set(recorded.map(({ authorization }) => authorization))).toEqual(new Set([basic]))
})

test('parameters that share a name, and one that is called body, have arguments of their own', async () => {
  const query = (name: string) => ({ name, in: 'query', schema: { type: 'string' } })
  const path = { name: 'id', in: 'path', required: true, schema: { type: 'string' } }
  const requestBody = { content: { 'application/json': { schema: { type: 'object' } } } }
  const api = describeApi({
    '/things/{id}': {
      post: { operationId: 'add', parameters: [path, query('id'), query('body')], requestBody },
    },
  })
  await using gateway = await serve({ 'a.json': api }, new Map([['', `http://${hosts[0]}`]]))
  await gateway.mcp('add', { id: '1', body: { a: 1 } })
  await gateway.mcp('add', { id: '1', query_id: '2', query_body: '3' })
  expect(recorded.map(({ request, body }) => [request, body])).toEqual([
    [`POST ${hosts[0]} /things/1`, '{"a":1}'],
    [`POST ${hosts[0]} /things/1?id=2&body=3`, ''],
  ])
})

test('operations of several APIs reach each its own, with its own credentials', async () => {
  const describe = (path: string) =>
    describeApi(
      { [path]: { get: { operationId: path.slice(1), security: [{ key: [] }] } } },
      { components: { securitySchemes: { key: { type: 'http', scheme: 'bearer' } } } },
    )
  const baseUrls = new Map([
    ['a', `http://${hosts[0]}`],
    ['a-2', `http://${hosts[1]}/v2`],
  ])
  const files = { 'one/a.json': describe('/a'), 'two/a.json': describe('/b') }
  const requests = [`GET ${hosts[0]} /a`, `GET ${hosts[1]} /v2/b`]
  const both = { A_KEY: 'secret-of-a', A_2_KEY: 'secret-of-b' }
  for (const [keys, secrets] of [
    [both, ['Bearer secret-of-a', 'Bearer secret-of-b']],
    [{ A_KEY: 'secret-of-a' }, ['Bearer secret-of-a']],
    [{ A_2_KEY: 'secret-of-b' }, [undefined, 'Bearer secret-of-b']],
  ] as const) {
    await using gateway = await serve(files, baseUrls, keys)
    const got: Recorded[][] = []
    for (const call of ['rest', 'mcp', 'stdio'] as const) {
      for (const name of ['a', 'b'])
        await (call === 'rest' ? gateway.rest('GET', `/${name}`) : gateway[call](name, {}))
      got.push(recorded.splice(0))
    }
    const expected = secrets.flatMap((authorization, index) =>
      authorization === undefined ? [] : [{ request: requests[index], authorization, body: '' }],
    )
    expect(got).toEqual([expected, expected, expected])
  }
})

test('a secret that goes to several origins is warned of', async () => {
  const operation = (origin: string) => ({
    get: { servers: [{ url: origin }], security: [{ key: [] }, { other: [] }] },
  })
  const paths = { '/a': operation('https://a.example'), '/b': operation('https://b.example') }
  const key = { type: 'http', scheme: 'bearer', 'x-env': { value: 'TOKEN' } }
  const securitySchemes = { key, other: { type: 'http', scheme: 'basic' } }
  const { problems } = await load(
    { 'a.json': describeApi(paths, { components: { securitySchemes } }) },
    { baseUrls: new Map() },
  )
  expect(problems.map(({ message, severity }) => [severity, message])).toEqual([
    ['warning', 'the credential TOKEN is sent to several origins: https://a.example, https://b.example'],
    ['warning', 'the credential other is sent to several origins: https://a.example, https://b.example'],
  ])
})

test('values that look like steps in a path, and a body of XML, reach the API as they are', async () => {
  const parameters = [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }]
  const schema = { type: 'object', properties: { name: { type: 'string' } } }
  const requestBody = { content: { 'text/xml': { schema } } }
  const api = describeApi({ '/things/{id}/xml': { put: { operationId: 'put', parameters, requestBody } } })
  await using gateway = await serve({ 'a.json': api }, new Map([['', `http://${hosts[0]}`]]))
  const headers = { 'content-type': 'text/xml' }
  for (const id of ['..1', '1..', 'a/..b', '//']) {
    await gateway.rest('PUT', `/things/${encodeURIComponent(id)}/xml`, '<thing/>', headers)
    await gateway.mcp('put', { id, body: '<thing/>' })
    const request = `PUT ${hosts[0]} /things/${encodeURIComponent(id)}/xml`
    expect(recorded.splice(0).map((one) => [one.request, one.body])).toEqual([
      [request, '<thing/>'],
      [request, '<thing/>'],
    ])
  }
})

test('a body with GET reaches the API, from both servers', async () => {
  const requestBody = { content: { 'application/json': { schema: { type: 'object' } } } }
  const api = describeApi({ '/search': { get: { operationId: 'search', requestBody } } })
  await using gateway = await serve({ 'a.json': api }, new Map([['', `http://${hosts[0]}`]]))
  const { hostname, port } = new URL(gateway.url)
  const request = requestHttp({
    hostname,
    port,
    path: '/search',
    method: 'GET',
    headers: { ...json, 'content-length': 7 },
  })
  request.end('{"a":1}')
  await once(request, 'response')
  await gateway.mcp('search', { body: { a: 1 } })
  expect(recorded.map((one) => [one.request, one.body])).toEqual([
    [`GET ${hosts[0]} /search`, '{"a":1}'],
    [`GET ${hosts[0]} /search`, '{"a":1}'],
  ])
})

test('what a description exposes to one server is not served by the other', async () => {
  const operation = (more: object) => ({ get: { operationId: 'hidden', ...more } })
  const paths = {
    '/a': operation({ 'x-rest-path': null, operationId: 'tool' }),
    '/b': operation({ 'x-mcp-tool': null }),
  }
  const tools = `naftiko: 1.0.0-alpha2
info: { label: Shop, description: A shop }
capability:
  consumes: [{ type: http, namespace: shop, baseUri: '', resources: [{ path: /c, operations: [{ name: get, method: GET }] }] }]
  exposes: [{ type: mcp, namespace: shop-mcp, port: 9090, tools: [{ name: get-c, call: shop.get }] }]
`
  const baseUrls = new Map([['', `http://${hosts[0]}`]])
  await using gateway = await serve({ 'a.json': describeApi(paths), 'shop.yaml': tools }, baseUrls)
  const statuses = await Promise.all(
    ['/a', '/b', '/c'].map(async (path) => (await gateway.rest('GET', path)).status),
  )
  expect(statuses).toEqual([404, 200, 404])
  const document: unknown = await (await gateway.rest('GET', '/openapi.json')).json()
  expect(Object.keys(asRecord(asRecord(document).paths))).toEqual(['/b'])
  recorded.length = 0
  for (const name of ['tool', 'hidden', 'get-c']) await gateway.mcp(name, {})
  expect(recorded.map(({ request }) => request)).toEqual([`GET ${hosts[0]} /a`, `GET ${hosts[0]} /c`])
})
