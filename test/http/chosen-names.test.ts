import { afterAll, beforeAll, expect, it } from 'vitest'
import { type RunningGateway, startGateway } from '../support/gateway.ts'

const token = `${btoa('{"alg":"HS256"}').replaceAll('=', '')}.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl`
const users = '/v1/v2/oauth-clients/cm9demo/users'
const statelessVersion = '2026-07-28'

let gateway: RunningGateway
beforeAll(async () => {
  gateway = await startGateway('http://127.0.0.1:1')
})
afterAll(() => gateway[Symbol.asyncDispose]())

type Place = readonly [name: string, send: (name: string) => Promise<Response>]

const rest = (path: string, init: RequestInit = {}) =>
  fetch(gateway.restUrl + path, {
    ...init,
    headers: { 'x-cal-secret-key': 'demo-secret', 'content-type': 'application/json', ...init.headers },
  })
const post = (body: string) => rest(users, { method: 'POST', body })
const mcp = (message: object, headers: Record<string, string> = {}) =>
  fetch(`${gateway.mcpUrl}/mcp`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, ...message }),
  })
const call = (params: object) => mcp({ method: 'tools/call', params })
const stateless = (method: string, params: object, headers: Record<string, string>) => {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': statelessVersion,
    'io.modelcontextprotocol/clientInfo': { name: 'c', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': {},
  }
  return mcp(
    { method, params: { ...params, _meta } },
    { 'mcp-protocol-version': statelessVersion, ...headers },
  )
}

const places: readonly Place[] = [
  ['a query key', (name) => rest(`${users}?${encodeURIComponent(name)}=1`)],
  ['a query key that stands twice', (name) => rest(`${users}?${name}=1&${name}=2`)],
  ['a path', (name) => rest(`/v1/${name}`)],
  ['a variable of a path', (name) => rest(`${users}/${name}`)],
  [
    'a content type',
    (name) => rest(users, { method: 'POST', body: '{}', headers: { 'content-type': `text/${name}` } }),
  ],
  ['a member of a body', (name) => post(JSON.stringify({ [name]: 1 }))],
  ['a member that stands twice', (name) => post(`{"${name}":1,"${name}":2}`)],
  ['a member within a body', (name) => post(JSON.stringify({ metadata: { [name]: {} } }))],
  ['an argument', (name) => call({ name: 'get-managed-user', arguments: { [name]: 1 } })],
  [
    'an argument to the SDK path',
    (name) => call({ name: 'get-managed-user', arguments: { [name]: 1 }, x: 1 }),
  ],
  [
    'a member of an argument',
    (name) => call({ name: 'create-managed-user', arguments: { body: { [name]: 1 } } }),
  ],
  ['a tool', (name) => call({ name, arguments: {} })],
  ['a method', (name) => mcp({ method: name })],
  ['a protocol version', (name) => mcp({ method: 'tools/list' }, { 'mcp-protocol-version': name })],
  ['a header that names a method', (name) => stateless('tools/list', {}, { 'mcp-method': name })],
  [
    'a header that names a tool',
    (name) => stateless('tools/call', { name: 'a' }, { 'mcp-method': 'tools/call', 'mcp-name': name }),
  ],
]

it.each(places)(
  '%s that is an e-mail address or a token is repeated neither to the client nor in the log',
  async (_, send) => {
    for (const name of ['ada@example.org', 'ada%40example.org', token]) {
      const response = await send(name)
      const text = `${await response.text()}${[...response.headers].join()}`
      expect(text).not.toMatch(/example\.org/)
      expect(text).not.toContain(token)
      const log = gateway.log.join()
      expect(log).not.toMatch(/ada.{0,3}example\.org/)
      expect(log).not.toContain(token)
    }
  },
)
