import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createKey } from '../../src/config/gateway-keys.ts'
import { createGateway, type Gateway } from '../../src/index.ts'
import { readCredentials } from '../../src/upstream/secrets.ts'
import { describeApi } from '../description/loading.ts'
import { writeKeys } from '../support/key-file.ts'
import { startUpstream, type UpstreamStub } from '../support/upstream-stub.ts'

/** Names that a header for the gateway has, too. */
const meant = [
  ...['authorization', 'Authorization', 'host', 'User-Agent', 'accept', 'accept-encoding', 'content-type'],
  ...['cookie', 'referer', 'traceparent', 'x-forwarded-for', 'mcp-protocol-version', 'X-Mcp-Tools'],
  'sec-fetch-mode',
]
const toCases = (places: readonly string[], names: readonly string[]) =>
  places.flatMap((place) => names.map((name) => ({ place, name, id: `${place}-${name}` })))
const meantCases = toCases(['query', 'cookie'], meant)
const ownCases = [
  ...toCases(['query', 'cookie'], ['api_key', 'X-Api-Key', 'access_token']),
  ...toCases(['header'], ['Cookie', 'X-Api-Key']),
]
const cases = [...meantCases, ...ownCases]

const { key, line } = createKey('agent', ['read'])
const sent = {
  authorization: `Bearer ${key}`,
  cookie: 'a=planted',
  referer: 'https://planted.example.org',
  traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
  'x-forwarded-for': 'planted',
  'x-mcp-tools': 'read-only',
}

const document = describeApi(
  Object.fromEntries(
    cases.map(({ id }) => [
      `/${id}`,
      { get: { operationId: id, 'x-scope': 'read', security: [{ [id]: [] }] } },
    ]),
  ),
  {
    components: {
      securitySchemes: Object.fromEntries(
        cases.map(({ id, place, name }) => [id, { type: 'apiKey', in: place, name }]),
      ),
    },
  },
)

const eras = ['2025-11-25', '2026-07-28'] as const
const _meta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'c', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
}

let upstream: UpstreamStub
const keys = writeKeys([line])
/** Those whose clients bring the credentials, and those that have them configured. */
const gateways: Gateway[] = []
let restUrl: string
const mcpUrls: string[] = []
beforeAll(async () => {
  upstream = await startUpstream()
  const shop = { document, name: 'shop', baseUrl: upstream.url }
  const credentials = Object.fromEntries(cases.map(({ id }) => [id, 'configured']))
  for (const description of [shop, { ...shop, credentials }]) {
    const gateway = await createGateway({ descriptions: [description], gatewayKeysFile: keys.path })
    gateways.push(gateway)
    mcpUrls.push(await gateway.mcp.listen({ host: '127.0.0.1', port: 0 }))
  }
  restUrl = (await gateways[0]?.rest.listen({ host: '127.0.0.1', port: 0 })) ?? ''
})
afterAll(async () => {
  for (const one of gateways) await one.close()
  keys[Symbol.dispose]()
  await upstream[Symbol.asyncDispose]()
})

describe.each(eras)('an MCP client of %s', (era) => {
  /** Calls a tool; returns the result, what the API received, and in the place of the credential. */
  async function call(index: number, name: string, own: object = {}) {
    upstream.requests.length = 0
    const isStateless = era === '2026-07-28'
    const headers = {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': era,
      ...(isStateless && { 'mcp-method': 'tools/call', 'mcp-name': name }),
      ...sent,
      ...own,
    }
    const params = { name, arguments: {}, ...(isStateless && { _meta }) }
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params })
    const response = await fetch(`${mcpUrls[index]}/mcp`, { method: 'POST', headers, body })
    const { result } = Object(await response.json())
    const received = JSON.stringify(upstream.requests)
    const [one] = upstream.requests
    const at = { query: one?.url.split('?')[1], cookie: one?.headers.cookie, headers: one?.headers }
    return { result, received, at }
  }

  it.each(meantCases)('brings no $place credential as its header $name', async ({ id }) => {
    const { result, received } = await call(0, id)
    expect([result.structuredContent.error?.code, received]).toEqual(['missing_credentials', '[]'])
    expect(JSON.stringify(result)).not.toContain('HTTP header')
    const rest = await fetch(`${restUrl}/${id}`, { headers: sent })
    expect([rest.status, upstream.requests]).toEqual([401, []])
  })

  it.each(meantCases)('goes with the $place credential that is configured: $name', async (one) => {
    const { received, at } = await call(1, one.id)
    expect(one.place === 'query' ? at.query : at.cookie).toBe(`${one.name}=configured`)
    expect(received).not.toContain(key)
    expect(received).not.toContain('planted')
  })

  it.each(ownCases)('brings the $place credential $name as a header', async ({ place, name, id }) => {
    const { received, at } = await call(0, id, { [name.toLowerCase()]: 'own=1' })
    if (place === 'query') expect(at.query).toBe(`${name}=own%3D1`)
    else if (place === 'cookie') expect(at.cookie).toMatch(`${name}=own`)
    else expect(at.headers?.[name.toLowerCase()]).toBe('own=1')
    expect(received).not.toContain(key)
  })
})

it('tells no clients apart by what is no credential', () => {
  const parts = {
    headers: { host: 'one', authorization: 'Bearer a', sid: 'own' },
    query: new URLSearchParams(),
  }
  const found = readCredentials(parts, [
    { in: 'query', key: 'host' },
    { in: 'cookie', key: 'Authorization' },
    { in: 'cookie', key: 'sid' },
  ])
  expect(found).toEqual({ headers: {}, query: {}, cookies: { sid: 'own' } })
})
