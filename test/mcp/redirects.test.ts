import { afterAll, beforeAll, expect, test } from 'vitest'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { startUpstream, type UpstreamStub } from '../support/upstream-stub.ts'

const document = {
  openapi: '3.1.0',
  info: { title: 'Shop', version: '1' },
  'x-name': 'shop',
  paths: {
    '/things': {
      get: {
        operationId: 'things',
        responses: { 200: { description: 'Done' } },
        'x-mcp-tool': { name: 'things', description: 'Lists.', arguments: {} },
      },
    },
  },
}

let location = ''
let upstream: UpstreamStub
let gateway: RunningGateway
beforeAll(async () => {
  upstream = await startUpstream((_request, response) => response.writeHead(302, { location }).end())
  gateway = await startGateway(upstream.url, { SHOP_BASE_URL: upstream.url }, { document })
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await upstream[Symbol.asyncDispose]()
})

const jwt = `eyJ${'a'.repeat(20)}.eyJ${'b'.repeat(20)}.${'c'.repeat(20)}`

test.each([
  ['https://example.org/v2/things', 'https://example.org/v2/things'],
  ['/things?email=ada@example.org&page=2', '/things?email=[redacted]&page=[redacted]'],
  [
    'https://bucket.example.org/a?X-Sig=abc%3D=&b=&c',
    'https://bucket.example.org/a?X-Sig=[redacted]&b=[redacted]&[redacted]',
  ],
  ['/x?opaque-ticket#access_token=opaque&more', '/x?[redacted]#access_token=[redacted]&[redacted]'],
  ['/x#opaque', '/x#[redacted]'],
  ['https://example.org/users/ada@example.org/calls', 'https://example.org/users/[redacted]/calls'],
  ['/users/ada%40example.org', '/users/[redacted]'],
  ['https://user:opaque@example.org/x', 'https://[redacted]/x'],
  [`/x/${jwt}?a=${jwt}`, '/x/[redacted]?a=[redacted]'],
])('a redirect to %s tells a model of %s', async (led, told) => {
  location = led
  const params = { name: 'things', arguments: {} }
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params })
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(`${gateway.mcpUrl}/mcp`, { method: 'POST', headers, body })
  const { result } = JSON.parse(await response.text())
  expect(result.structuredContent.error.message).toContain(`names ${told}`)
  const rest = await fetch(`${gateway.restUrl}/things`, { redirect: 'manual' })
  expect(rest.headers.get('location')).toBe(led)
})
