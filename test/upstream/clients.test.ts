import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { OpenApiDocument } from '../../src/document/document.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { respondJson, startUpstream, type UpstreamStub } from '../support/upstream-stub.ts'

const places = ['header', 'query', 'cookie'] as const
type Place = (typeof places)[number]

const trace = { name: 'X-Trace', in: 'header', schema: { type: 'string' } }
const callKey = {
  name: 'Idempotency-Key',
  in: 'header',
  'x-idempotency-key': true,
  schema: { type: 'string' },
}

/** An operation of each method below a path whose credential stands in that place. */
function describePlace(place: Place) {
  const describe = (method: string, parameters: object[] = []) => ({
    operationId: `${method}-${place}`,
    security: [{ [place]: [] }],
    parameters: [trace, ...parameters],
    responses: { 200: { description: 'ok', content: { 'application/json': {} } } },
    'x-mcp-tool': { name: `${method}-${place}`, description: 'Does it.', arguments: {} },
  })
  return { get: describe('get'), post: describe('post', [callKey]), delete: describe('delete') }
}

const document: OpenApiDocument = {
  openapi: '3.1.0',
  info: { title: 'Shop', version: '1' },
  'x-name': 'shop',
  paths: Object.fromEntries(places.map((place) => [`/${place}`, describePlace(place)])),
  components: {
    securitySchemes: Object.fromEntries(
      places.map((place) => [place, { type: 'apiKey', in: place, name: `key-${place}` }]),
    ),
  },
}

let upstream: UpstreamStub
let status = 200
let gateway: RunningGateway
beforeAll(async () => {
  upstream = await startUpstream((_request, response) =>
    respondJson(response, status, {}, status === 429 ? { 'retry-after': '60' } : {}),
  )
  gateway = await startGateway(upstream.url, { SHOP_BASE_URL: upstream.url }, { document })
})
beforeEach(() => {
  status = 200
  upstream.requests.length = 0
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await upstream[Symbol.asyncDispose]()
})

interface ClientCall {
  readonly place: Place
  readonly client: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** Ways to make a call as a client; each resolves with the code of a refusal, else with the status. */
const servers = {
  async rest({ restUrl }: RunningGateway, { place, client, method = 'GET', headers }: ClientCall) {
    const name = `key-${place}`
    const query = place === 'query' ? `?${name}=${client}` : ''
    const own = { header: { [name]: client }, cookie: { cookie: `other=o; ${name}=${client}` }, query: {} }
    const init = { method, headers: { ...own[place], ...headers } }
    return readEnd(await fetch(`${restUrl}/${place}${query}`, init))
  },
  async mcp({ mcpUrl }: RunningGateway, { place, client, method = 'GET', headers }: ClientCall) {
    const params = { name: `${method.toLowerCase()}-${place}`, arguments: {} }
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params })
    const own = { 'content-type': 'application/json', [`key-${place}`]: client }
    return readEnd(await fetch(`${mcpUrl}/mcp`, { method: 'POST', body, headers: { ...own, ...headers } }))
  },
}

async function readEnd(response: Response): Promise<string | number> {
  const text = await response.text()
  return /"code":"(\w+)"/.exec(text)?.[1] ?? (/"isError":true/.test(text) ? 'failed' : response.status)
}

const everywhere = (['rest', 'mcp'] as const).flatMap((server) => places.map((place) => ({ server, place })))

test.each(everywhere)('$server: who has to wait is told by a credential in the $place', async (one) => {
  const { place } = one
  const call = servers[one.server]
  status = 429
  const client = `${one.server}-slow`
  await call(gateway, { place, client })
  status = 200
  const others = [await call(gateway, { place, client: 'quick' }), await call(gateway, { place, client })]
  expect(others).toEqual([200, 'upstream_rate_limited'])
})

test.each(everywhere)(
  '$server: calls are counted by a credential in the $place',
  async ({ server, place }) => {
    const variables = { SHOP_BASE_URL: upstream.url, RATE_LIMIT: '1/h' }
    await using limited = await startGateway(upstream.url, variables, { document })
    const ends: (string | number)[] = []
    for (const client of ['one', 'two', 'one']) ends.push(await servers[server](limited, { place, client }))
    expect(ends).toEqual([200, 200, 'rate_limited'])
  },
)

test.each(places)('deletions are counted by a credential in the %s', async (place) => {
  const variables = { SHOP_BASE_URL: upstream.url, MCP_DELETE_LIMIT: '1/h' }
  await using limited = await startGateway(upstream.url, variables, { document })
  const ends: (string | number)[] = []
  for (const client of ['one', 'two', 'one'])
    ends.push(await servers.mcp(limited, { place, client, method: 'DELETE' }))
  expect(ends).toEqual([200, 200, 'rate_limited'])
})

test.each(places)('an idempotency key belongs to the client with its credential in the %s', async (place) => {
  const call = (client: string, headers = {}) =>
    servers.rest(gateway, {
      ...{ place, client, method: 'POST' },
      headers: { 'idempotency-key': 'k', ...headers },
    })
  expect([
    await call('one'),
    await call('two'),
    await call('one'),
    await call('one', { 'x-trace': '2' }),
    await call('one', {
      'x-unknown': '2',
      'user-agent': 'other',
      traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`,
    }),
  ]).toEqual([200, 200, 200, 'idempotency_key_reused', 200])
  expect(upstream.requests).toHaveLength(2)
})
