import { createServer } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readConfig } from '../../src/config/config.ts'
import { readApi } from '../../src/document/api.ts'
import { createGateway } from '../../src/gateway.ts'
import { createLogger } from '../../src/observability/logger.ts'
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

/** A gateway that serves descriptions, at the first API unless they are named with another. */
async function serve(files: Files, baseUrls: ReadonlyMap<string, string>, environment = {}) {
  const { document } = await load(files, { baseUrls })
  if (!document) throw new Error('nothing was loaded')
  const config = readConfig(environment, readApi(document))
  const gateway = await createGateway({
    config,
    document,
    version: '0',
    logger: createLogger('silent', { write() {} }),
  })
  const listen = { host: '127.0.0.1', port: 0 }
  const [rest, mcp] = [await gateway.rest.listen(listen), await gateway.mcp.listen(listen)]
  recorded.length = 0
  return {
    rest: (method: string, path: string, body?: object) =>
      fetch(`${rest}${path}`, {
        method,
        ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      }),
    mcp: (name: string, args: object) =>
      fetch(`${mcp}/mcp`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
        body: JSON.stringify({
          jsonrpc: '2.0',
          id: 1,
          method: 'tools/call',
          params: { name, arguments: args },
        }),
      }),
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
      { components: { securitySchemes: { key: { type: 'http', scheme: 'bearer', description: path } } } },
    )
  const baseUrls = new Map([
    ['a', `http://${hosts[0]}`],
    ['b', `http://${hosts[1]}/v2`],
  ])
  const keys = { A_KEY: 'secret-of-a', B_KEY: 'secret-of-b' }
  await using gateway = await serve({ 'a.json': describe('/a'), 'b.json': describe('/b') }, baseUrls, keys)
  await gateway.rest('GET', '/a')
  await gateway.rest('GET', '/b')
  const onRest = recorded.splice(0)
  await gateway.mcp('a', {})
  await gateway.mcp('b', {})
  expect(onRest).toEqual([
    { request: `GET ${hosts[0]} /a`, authorization: 'Bearer secret-of-a', body: '' },
    { request: `GET ${hosts[1]} /v2/b`, authorization: 'Bearer secret-of-b', body: '' },
  ])
  expect(recorded).toEqual(onRest)
})
