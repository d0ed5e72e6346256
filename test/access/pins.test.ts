import { expect, test } from 'vitest'
import { load } from '../description/loading.ts'
import { startGateway } from '../support/gateway.ts'
import { respondJson, startUpstream } from '../support/upstream-stub.ts'

const pinned = (place: string, name: string, type: string, required: boolean) => ({
  ...{ name, in: place, required, schema: { type }, 'x-pin': {} },
})
const file = {
  openapi: '3.1.0',
  info: { title: 'Shops', version: '1' },
  'x-name': 'shops',
  paths: Object.fromEntries(
    [true, false].map((required) => [
      `/${required ? 'needed' : 'free'}/{shop}`,
      {
        get: {
          operationId: required ? 'needed' : 'free',
          'x-rest-path': required ? '/needed' : '/free',
          parameters: [
            pinned('path', 'shop', 'string', true),
            pinned('query', 'tenant', 'integer', required),
            pinned('header', 'X-Region', 'string', required),
            pinned('cookie', 'session', 'string', required),
          ],
          responses: { 200: { description: 'Done' } },
        },
      },
    ]),
  ),
}

test('a parameter with the name of a pinned one is not pinned', async () => {
  const parameters = [
    pinned('path', 'shop', 'string', true),
    { name: 'shop', in: 'query', schema: { type: 'string' } },
  ]
  const operation = { operationId: 'items', parameters, responses: { 200: { description: 'Done' } } }
  const paths = { '/shops/{shop}/items': { get: operation } }
  const { document } = await load({ 'shops.json': { ...file, paths } })
  await using upstream = await startUpstream((_request, response) => respondJson(response, 200, {}))
  const environment = { SHOPS_BASE_URL: upstream.url, SHOPS_SHOP: 'a' }
  await using gateway = await startGateway(upstream.url, environment, document && { document })
  await fetch(`${gateway.restUrl}/shops/a/items`)
  await fetch(`${gateway.restUrl}/shops/a/items?shop=b`)
  expect(upstream.requests.map(({ url }) => url)).toEqual(['/shops/a/items', '/shops/a/items?shop=b'])
})

test.each(['needed', 'free'])(
  'what is pinned may be left out on both servers, and is sent: %s',
  async (name) => {
    const { document } = await load({ 'shops.json': file })
    await using upstream = await startUpstream((_request, response) => respondJson(response, 200, {}))
    await using gateway = await startGateway(
      upstream.url,
      {
        ...{ SHOPS_BASE_URL: upstream.url, SHOPS_SHOP: 'a/b', SHOPS_TENANT: '7' },
        ...{ SHOPS_X_REGION: 'north', SHOPS_SESSION: 's' },
      },
      document && { document },
    )
    const params = { name, arguments: {} }
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params })
    const headers = { 'content-type': 'application/json' }
    await fetch(`${gateway.restUrl}/${name}`)
    await fetch(`${gateway.restUrl}/${name}?tenant=7`, {
      headers: { 'x-region': 'north', cookie: 'session=s' },
    })
    await fetch(`${gateway.mcpUrl}/mcp`, { method: 'POST', headers, body })
    expect(upstream.requests.map((one) => [one.url, one.headers['x-region'], one.headers.cookie])).toEqual(
      Array(3).fill([`/${name}/a%2Fb?tenant=7`, 'north', 'session=s']),
    )
    const other = await fetch(`${gateway.restUrl}/${name}?tenant=8`)
    expect([other.status, Object(await other.json()).code]).toEqual([403, 'value_not_served'])
    const served = Object(await (await fetch(`${gateway.restUrl}/openapi.json`)).json())
    const { parameters } = served.paths[`/${name}`].get
    expect(parameters.map((one: { required: boolean }) => one.required)).toEqual(Array(4).fill(false))
  },
)
