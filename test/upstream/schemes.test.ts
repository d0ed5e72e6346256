import { describe, expect, test } from 'vitest'
import type { OpenApiDocument } from '../../src/document/document.ts'
import { startGateway } from '../support/gateway.ts'
import { respondJson, startUpstream } from '../support/upstream-stub.ts'

const planted = 'planted-4f9a8b7c'
const mayFail = { 200: { description: 'ok' } }
const tool = (name: string) => ({ name, description: 'Does it.', arguments: { Authorization: 'token' } })
const get = (operationId: string, more: object) => ({
  get: { operationId, responses: mayFail, 'x-mcp-tool': tool(operationId), ...more },
})

/** Security schemes by their names, which are those of their operations too. */
const securitySchemes = {
  token: { type: 'apiKey', in: 'header', name: 'Authorization' },
  header: {
    type: 'apiKey',
    in: 'header',
    name: 'X-Token',
    'x-env': { value: 'SHOP_HEADER', prefix: 'Token ' },
  },
  joined: {
    type: 'apiKey',
    in: 'header',
    name: 'X-Joined',
    'x-env': { value: 'SHOP_JOINED', prefix: 'key=' },
  },
  query: { type: 'apiKey', in: 'query', name: 'api_key', 'x-env': { value: 'SHOP_QUERY', prefix: 'key:' } },
  cookie: { type: 'apiKey', in: 'cookie', name: 'sid', 'x-env': { value: 'SHOP_COOKIE', prefix: 's:' } },
}

const document: OpenApiDocument = {
  openapi: '3.1.0',
  info: { title: 'Shop', version: '1' },
  'x-name': 'shop',
  components: { securitySchemes },
  paths: {
    ...Object.fromEntries(
      Object.keys(securitySchemes).map((name) => [`/${name}`, get(name, { security: [{ [name]: [] }] })]),
    ),
    '/parameter': get('parameter', {
      parameters: [
        {
          name: 'Authorization',
          in: 'header',
          required: true,
          schema: { type: 'string', format: 'password' },
        },
      ],
    }),
  },
}

/** How a client brings each credential. */
const brought: readonly (readonly [string, string, Record<string, string>, string])[] = [
  ['token', 'a scheme that HTTP has no name for', { authorization: `Token ${planted}` }, ''],
  ['token', 'a scheme in capitals', { authorization: `SSWS  ${planted}` }, ''],
  ['token', 'a scheme with other characters', { authorization: `AWS4-HMAC.x ${planted}` }, ''],
  ['token', 'a parameter of a scheme', { authorization: `Token token=${planted}` }, ''],
  ['token', 'parameters of a scheme', { authorization: `Custom id="a", key = "${planted}"` }, ''],
  ['parameter', 'a described header', { authorization: `Token ${planted}` }, ''],
  ['header', 'a prefix that is a scheme', { 'x-token': `Token ${planted}` }, ''],
  ['joined', 'a prefix without a space', { 'x-joined': `key=${planted}` }, ''],
  ['query', 'a prefix in the query', {}, `?api_key=key:${planted}`],
  ['cookie', 'a prefix in a cookie', { cookie: `sid=s:${planted}` }, ''],
]

/** An API whose errors repeat the credential without what stands before it. */
function startEcho() {
  return startUpstream((_request, response) => respondJson(response, 401, { message: `no ${planted} here` }))
}

function callTool(url: string, name: string, values: object, headers: Record<string, string>) {
  return fetch(`${url}/mcp`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name, arguments: values },
    }),
  })
}

/** The headers by which a client of MCP brings what a client of REST has in its query and its cookies. */
function toMcpHeaders(headers: Record<string, string>, query: string): Record<string, string> {
  const [, name, value] = /^\?(\w+)=(.*)$/.exec(query) ?? []
  const [, cookie, held] = /^(\w+)=(.*)$/.exec(headers.cookie ?? '') ?? []
  return { ...headers, ...(name && value && { [name]: value }), ...(cookie && held && { [cookie]: held }) }
}

describe('no error repeats a credential without what stands before it', () => {
  test.each(brought)('%s: %s', async (name, _title, headers, query) => {
    await using upstream = await startEcho()
    await using gateway = await startGateway(upstream.url, { SHOP_BASE_URL: upstream.url }, { document })
    const rest = await fetch(`${gateway.restUrl}/${name}${query}`, { headers })
    expect([rest.status, await rest.json()]).toEqual([401, { message: 'no [redacted] here' }])
    const values = name === 'parameter' ? { token: headers.authorization } : {}
    const mcp = await callTool(gateway.mcpUrl, name, values, toMcpHeaders(headers, query))
    expect(await mcp.text()).toContain('no [redacted] here')
    expect(upstream.requests).toHaveLength(2)
  })

  test.each(brought)('the refusal of %s: %s', async (name, _title, headers, query) => {
    await using upstream = await startEcho()
    await using gateway = await startGateway(upstream.url, { SHOP_BASE_URL: upstream.url }, { document })
    const url = `${gateway.restUrl}/${name}${query}${query === '' ? '?' : '&'}${planted}=1`
    const mcp = callTool(gateway.mcpUrl, name, { [planted]: 1 }, toMcpHeaders(headers, query))
    for (const response of [await fetch(url, { headers }), await mcp]) {
      const told = await response.text()
      expect(told).toContain('[redacted]')
      expect(told).not.toContain(planted)
    }
    expect(upstream.requests).toHaveLength(0)
  })

  test('the refusal of an argument', async () => {
    await using gateway = await startGateway(
      'http://127.0.0.1:1',
      { SHOP_BASE_URL: 'http://127.0.0.1:1' },
      { document },
    )
    for (const before of ['Token ', 'Token token=']) {
      const response = await callTool(gateway.mcpUrl, 'token', { token: before + planted, [planted]: 1 }, {})
      const told = await response.text()
      expect(told).toContain('[redacted]')
      expect(told).not.toContain(planted)
    }
  })

  test.each(Object.keys(securitySchemes))('%s, which the operator configured', async (name) => {
    await using upstream = await startEcho()
    const environment = { SHOP_BASE_URL: upstream.url, [`SHOP_${name.toUpperCase()}`]: planted }
    await using gateway = await startGateway(upstream.url, environment, { document })
    const rest = await fetch(`${gateway.restUrl}/${name}`)
    expect([rest.status, await rest.json()]).toEqual([401, { message: 'no [redacted] here' }])
    expect(upstream.requests).toHaveLength(1)
  })

  test('a credential with a space is taken out whole', async () => {
    const phrase = 'sunshine 1234'
    await using upstream = await startUpstream((_request, response) =>
      respondJson(response, 401, { message: `no ${phrase} here` }),
    )
    await using gateway = await startGateway(upstream.url, { SHOP_BASE_URL: upstream.url }, { document })
    const rest = await fetch(`${gateway.restUrl}/token`, { headers: { authorization: phrase } })
    expect(await rest.json()).toEqual({ message: 'no [redacted] here' })
  })
})
