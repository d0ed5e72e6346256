import { PassThrough } from 'node:stream'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createKey } from '../../src/config/gateway-keys.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { writeKeys } from '../support/key-file.ts'

const token = `${btoa('{"alg":"HS256"}').replaceAll('=', '')}.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl`
const users = '/v1/v2/oauth-clients/cm9demo/users'
const statelessVersion = '2026-07-28'

/** A credential of each kind; one that is longer than a name that is shown. */
const { key, line } = createKey('app', ['managed-users:read', 'managed-users:write'])
const own = `planted+own/${'secret'.repeat(12)}`
const configured = 'planted-configured'
const keyFile = writeKeys([line])

let gateway: RunningGateway
beforeAll(async () => {
  gateway = await startGateway('http://127.0.0.1:1', {
    GATEWAY_KEYS_FILE: keyFile.path,
    CAL_COM_API_KEY: configured,
  })
})
afterAll(() => keyFile[Symbol.dispose]())
afterAll(() => gateway[Symbol.asyncDispose]())

type Place = readonly [name: string, send: (name: string) => Promise<Response>]

const credentials = { authorization: `Bearer ${key}`, 'x-cal-secret-key': own }
const rest = (path: string, init: RequestInit = {}) =>
  fetch(gateway.restUrl + path, {
    ...init,
    headers: { ...credentials, 'content-type': 'application/json', ...init.headers },
  })
const post = (body: string) => rest(users, { method: 'POST', body })
const mcp = (message: object, headers: Record<string, string> = {}) =>
  fetch(`${gateway.mcpUrl}/mcp`, {
    method: 'POST',
    headers: { ...credentials, 'content-type': 'application/json', accept: 'application/json', ...headers },
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
  [
    'a query key that stands twice',
    (name) => rest(`${users}?${encodeURIComponent(name)}=1&${encodeURIComponent(name)}=2`),
  ],
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

it.each(places)(
  '%s that is a credential is repeated neither to the client nor in the log',
  async (_, send) => {
    for (const secret of [key, own, configured])
      for (const name of [secret, `x ${secret}`]) {
        const response = await send(name).catch((error: unknown) => error)
        // Not every name is one that a header can have.
        if (!(response instanceof Response)) continue
        const told = `${await response.text()}${[...response.headers].join()}${gateway.log.join()}`
        expect(findPlanted(told)).toBeUndefined()
      }
  },
)

it('a secret argument, and a secret in a message over stdio, are repeated no more', async () => {
  const input = new PassThrough()
  const output = new PassThrough()
  const served = gateway.gateway.serveStdio(input, output)
  const clientInfo = { name: 'c', version: '1' }
  const opening = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo }
  const values = { 'x-cal-secret-key': own, [own]: 1, [configured]: 1, body: { [own]: 9 } }
  const lines = [
    { jsonrpc: '2.0', id: 0, method: 'initialize', params: opening },
    ...['create-managed-user', 'get-managed-user'].map((name) => ({
      ...{ jsonrpc: '2.0', id: name, method: 'tools/call' },
      params: { name, arguments: values },
    })),
  ].map((one) => JSON.stringify(one))
  const inexact = `{"x-cal-secret-key":"${own}","${own}":9007199254740993}`
  const params = `{"name":"get-managed-user","arguments":${inexact}}`
  input.end(
    [
      ...lines,
      `{"jsonrpc":"2.0","id":9,"method":"tools/call","params":${params}}`,
      `{"${configured}":1,"${configured}":2}`,
    ].join('\n'),
  )
  await served
  const told = String(output.read())
  expect(told.match(/\[redacted\]/g)?.length).toBeGreaterThan(5)
  expect(findPlanted(told + gateway.log.join())).toBeUndefined()
})

it('a secret of the query, of a cookie, of HTTP Basic or of the body is repeated no more than one of a header', async () => {
  const schema = {
    type: 'object',
    properties: { pin: { type: 'string', format: 'password' }, n: { type: 'integer' } },
  }
  const lax = { ...schema, additionalProperties: { type: 'integer' } }
  const things = {
    operationId: 'things',
    responses: {},
    security: [{ query: [] }, { cookie: [] }, { basic: [] }],
    requestBody: { content: { 'application/json': { schema: lax } } },
  }
  const document = {
    openapi: '3.1.0',
    info: { title: 'Things', version: '1' },
    'x-name': 'things',
    paths: { '/things': { post: things } },
    components: {
      securitySchemes: {
        query: { type: 'apiKey', in: 'query', name: 'key' },
        cookie: { type: 'apiKey', in: 'cookie', name: 'sid' },
        basic: { type: 'http', scheme: 'basic' },
      },
    },
  }
  const url = 'http://127.0.0.1:1'
  await using running = await startGateway(url, { THINGS_BASE_URL: url }, { document })
  const secret = 'planted-here'
  const basic = btoa(`user:${secret}`)
  const named = JSON.stringify({ [`${secret}`]: 'x' })
  const twice = `{"${secret}":1,"${secret}":2}`
  const type = { 'content-type': 'application/json' }
  const sent: [string, Record<string, string>, string][] = [named, twice].flatMap((body) => [
    [`?key=${secret}`, {}, body],
    ['', { cookie: `a=b; sid=${secret}` }, body],
    ['', { authorization: `Basic ${basic}` }, body],
    ['', { authorization: `Basic ${basic}` }, body.replaceAll(secret, basic)],
  ])
  sent.push(['?key=k', {}, JSON.stringify({ pin: secret, [secret]: 'x' })])
  for (const [query, headers, body] of sent) {
    const init = { method: 'POST', headers: { ...type, ...headers }, body }
    const response = await fetch(`${running.restUrl}/things${query}`, init)
    const told = await response.text()
    expect([response.status, told]).toEqual([400, expect.stringContaining('[redacted]')])
    expect(told).not.toContain(secret)
    expect(told).not.toContain(basic)
  }
})

/** A part of a secret, long enough to be told from a word. */
function findPlanted(text: string): string | undefined {
  return [key, own, configured].map((secret) => secret.slice(0, 12)).find((part) => text.includes(part))
}
