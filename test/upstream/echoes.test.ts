import { afterAll, beforeAll, expect, test } from 'vitest'
import type { OpenApiDocument } from '../../src/document/document.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { startUpstream, type UpstreamStub } from '../support/upstream-stub.ts'

const configured = 'sk_live_planted!+c/D(4)=Z'
const second = 'sk_live_planted'

const describe = (operationId: string, more: object) => ({
  ...{ operationId, responses: { 200: { description: 'ok' } }, ...more },
  'x-mcp-tool': { name: operationId, description: 'Does it.', arguments: { body: 'body' } },
})
const user = {
  type: 'object',
  properties: { name: { type: 'string' }, password: { type: 'string', format: 'password' } },
}
const bodyOf = (schema: object) => ({ requestBody: { content: { 'application/json': { schema } } } })
const document: OpenApiDocument = {
  openapi: '3.1.0',
  info: { title: 'Shop', version: '1' },
  'x-name': 'shop',
  security: [{ key: [], second: [], other: [] }],
  paths: {
    ...Object.fromEntries(
      ['refused', 'bytes', 'done', 'moved', 'events'].map((name) => [
        `/${name}`,
        { get: describe(name, {}) },
      ]),
    ),
    '/named': { post: describe('named', bodyOf({ type: 'object', additionalProperties: false })) },
    '/users': {
      post: describe(
        'users',
        bodyOf({ type: 'object', properties: { users: { type: 'array', items: user } } }),
      ),
    },
  },
  components: {
    securitySchemes: {
      key: { type: 'apiKey', in: 'query', name: 'api_key' },
      second: { type: 'apiKey', in: 'header', name: 'x-second' },
      other: { type: 'apiKey', in: 'header', name: 'x-other' },
    },
  },
}

let upstream: UpstreamStub
let gateway: RunningGateway
beforeAll(async () => {
  upstream = await startUpstream(({ url, body }, response) => {
    const at = new URL(url, upstream.url)
    const told = `bad key ${at.searchParams.get('api_key')}, ${at.search}`
    const json = { 'content-type': 'application/json' }
    if (at.pathname === '/users') {
      const { users }: { users: { name: string; password: string }[] } = JSON.parse(String(body))
      const list = users.map((one) => `${one.password} of ${one.name} & others is too weak`)
      response.writeHead(400, json).end(JSON.stringify({ message: list }))
    } else if (at.pathname === '/bytes')
      response.writeHead(400, { 'content-type': 'image/png' }).end(Buffer.from(`\u00ff ${told}`, 'latin1'))
    else if (at.pathname === '/moved') response.writeHead(302, { location: `/x?${told}` }).end()
    else if (at.pathname === '/events') {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      for (const part of told.split(/(?<=planted)/)) response.write(part)
      response.end('\n\n')
    } else
      response.writeHead(at.pathname === '/done' ? 200 : 400, json).end(JSON.stringify({ message: told }))
  })
  const environment = {
    ...{ SHOP_BASE_URL: upstream.url, SHOP_KEY: configured, SHOP_SECOND: second },
    MCP_TOKENS: 'reveal',
  }
  gateway = await startGateway(upstream.url, environment, { document })
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await upstream[Symbol.asyncDispose]()
})

async function callRest(path: string, brought: string, body?: object): Promise<string> {
  const headers = { 'x-other': brought, ...(body && { 'content-type': 'application/json' }) }
  const init: RequestInit = { headers, redirect: 'manual', method: body ? 'POST' : 'GET' }
  const response = await fetch(gateway.restUrl + path, body ? { ...init, body: JSON.stringify(body) } : init)
  return `${response.headers.get('location')} ${await response.text()}`
}

async function callTool(name: string, brought: string, body?: object): Promise<string> {
  const params = { name, arguments: body ? { body } : {} }
  const headers = { 'content-type': 'application/json', 'x-other': brought }
  const message = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params })
  return (await fetch(`${gateway.mcpUrl}/mcp`, { method: 'POST', headers, body: message })).text()
}

test.each(['sk_live_', 'bad key sk_live_pla', 'planted!+c', '[redacted]'])(
  'the credential %j of a client does not cut a configured one open',
  async (brought) => {
    const told: Record<string, string> = {}
    for (const name of ['refused', 'bytes', 'done', 'moved', 'events'])
      for (const [server, call] of [
        ['rest', () => callRest(`/${name}`, brought)],
        ['mcp', () => callTool(name, brought)],
      ] as const) {
        // An endless stream is no tool's.
        if (`${server} ${name}` !== 'mcp events') told[`${server} ${name}`] = await call()
      }
    const body = { [configured]: 1, [`${'x'.repeat(50)}${configured}`]: 1 }
    told['rest named'] = await callRest('/named', brought, body)
    told['mcp named'] = await callTool('named', brought, body)
    const open = Object.keys(told).filter((one) => /live|nted|c.{1,3}D/.test(told[one] ?? ''))
    expect(open).toEqual([])
    const silent = Object.keys(told).filter((one) => !told[one]?.includes('redacted'))
    // A tool tells nothing of bytes.
    expect(silent).toEqual(['mcp bytes'])
  },
)

const listUsers = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ name: `u${index}`, password: `plant+${index}` }))

test.each([
  ['rest', 2_000, /^null "\[redacted\]"$/, (body: object) => callRest('/users', 'mine-of-client', body)],
  ['mcp', 600, /\[redacted\] of u599/, (body: object) => callTool('users', 'mine-of-client', body)],
])('an error of a bulk of passwords repeats none, and stops nobody: %s', async (_, most, told, call) => {
  const few = await call({ users: listUsers(100) })
  expect(few).toContain('[redacted] of u99 & others')
  expect(few).not.toContain('plant')
  const begin = process.threadCpuUsage()
  const many = await call({ users: listUsers(most) })
  const { user, system } = process.threadCpuUsage(begin)
  expect(many).toMatch(told)
  expect(many).not.toContain('plant')
  // Microseconds.
  expect(user + system).toBeLessThan(500_000)
})
