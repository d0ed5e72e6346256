import { afterAll, beforeAll, expect, it } from 'vitest'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { respondJson, startUpstream, type UpstreamStub } from '../support/upstream-stub.ts'

const secret = { 'x-secret': true }
const text = { type: 'string' }
const parts = {
  password: { type: 'string', format: 'password' },
  token: { ...text, ...secret },
  pin: { type: 'integer', maximum: 9_999_999, ...secret },
  code: { type: 'integer', format: 'password', maximum: 9_999_999 },
  either: {
    ...secret,
    anyOf: [
      { type: 'integer', maximum: 9_999_999 },
      { type: 'string', maxLength: 30 },
    ],
  },
  list: { type: 'array', items: text, ...secret },
  map: { type: 'object', additionalProperties: { type: ['string', 'integer'] }, ...secret },
  fixed: { const: 'planted-constant', ...secret },
  plain: { type: 'integer', maximum: 9_999_999 },
}
const query = (name: string, schema: object) => ({ name, in: 'query', schema })
const document = {
  openapi: '3.1.0',
  info: { title: 'Shop', version: '1' },
  'x-name': 'shop',
  paths: {
    '/things': {
      post: {
        operationId: 'things',
        'x-mcp-tool': { name: 'things', arguments: { token: 'token', pin: 'pin', body: 'body' } },
        parameters: [query('token', parts.token), query('pin', parts.pin)],
        requestBody: { content: { 'application/json': { schema: { type: 'object', properties: parts } } } },
        responses: {},
      },
    },
  },
}

let upstream: UpstreamStub
let gateway: RunningGateway
beforeAll(async () => {
  upstream = await startUpstream(({ url, body }, response) => {
    const message = `cannot do ${decodeURIComponent(url)} with ${body}`
    respondJson(response, 400, { message })
  })
  gateway = await startGateway(upstream.url, { SHOP_BASE_URL: upstream.url }, { document })
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await upstream[Symbol.asyncDispose]()
})

const post = async (url: string, value: unknown) => {
  const headers = { 'content-type': 'application/json' }
  return (await fetch(url, { method: 'POST', headers, body: JSON.stringify(value) })).text()
}
const servers = {
  rest: (body: object, own: Record<string, string | number> = {}) => {
    const values = Object.entries(own).map(([name, one]) => `${name}=${one}`)
    return post(`${gateway.restUrl}/things?${values.join('&')}`, body)
  },
  mcp: (body: object, own: Record<string, string | number> = {}) => {
    const params = { name: 'things', arguments: { ...own, body } }
    return post(`${gateway.mcpUrl}/mcp`, { jsonrpc: '2.0', id: 1, method: 'tools/call', params })
  },
}

it.each(['rest', 'mcp'] as const)(
  'on %s the error of an API repeats no secret of its request',
  async (server) => {
    const own = { token: 'planted-query', pin: 7_654_321 }
    const body = {
      ...{ password: 'planted-password', token: 'planted-token', pin: 1_234_567, code: 2_345_678 },
      ...{ either: 3_456_789, list: ['planted-one'], map: { a: 'planted-two', b: 4_567_890 } },
      ...{ fixed: 'planted-constant', plain: 5_678_901 },
    }
    const told = await servers[server](body, own)
    expect(told).toContain('cannot do')
    expect(told).toContain('5678901')
    expect(told.match(/planted-\w+|7654321|1234567|2345678|3456789|4567890/g)).toBeNull()
  },
)

it.each(['rest', 'mcp'] as const)('on %s a refusal repeats no secret of its request', async (server) => {
  const wrong = 12_345_678
  for (const name of ['pin', 'code', 'either', 'list', 'map', 'fixed', 'token']) {
    const told = await servers[server]({ [name]: wrong })
    expect(told).toContain(`body.${name}`)
    expect(told).not.toMatch(/12345678|planted-constant/)
  }
  const told = await servers[server]({ map: { a: { b: wrong } } }, { pin: wrong })
  expect(told).toContain('map.a')
  expect(told).not.toContain('12345678')
  expect(await servers[server]({ plain: wrong })).toContain('12345678')
})
