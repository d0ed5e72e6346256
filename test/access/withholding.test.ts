import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { parseJson } from '../../src/document/json.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { clients } from '../support/mcp-clients.ts'
import { respondJson, startUpstream, type UpstreamStub } from '../support/upstream-stub.ts'

const secret = 'held-secret'
const user = { id: 7, email: 'a+c@example.org', name: 'Ada', metadata: { tenant: 'acme' } }
const keys = {
  accessToken: 'eyJhbGciOiJIUzI1NiJ9.planted-a.s',
  refreshToken: 'planted-opaque',
  accessTokenExpiresAt: 1,
  refreshTokenExpiresAt: 2,
}

let answer: unknown
let status = 201
let upstream: UpstreamStub
let running: RunningGateway
beforeAll(async () => {
  upstream = await startUpstream((_request, response) => respondJson(response, status, answer))
  running = await startGateway(upstream.url, { CAL_COM_CLIENT_ID: 'cm9demo', CAL_COM_SECRET_KEY: secret })
})
beforeEach(() => void upstream.requests.splice(0))
afterAll(async () => {
  await running[Symbol.asyncDispose]()
  await upstream[Symbol.asyncDispose]()
})

const creation = { name: 'create-managed-user', arguments: { body: { email: 'a@example.org', name: 'Ada' } } }

describe.each(clients)('through $client, a gateway with a configured secret', ({ connect }) => {
  /** Creates a user, to which the upstream responds with an error. */
  const failToCreate = async (code: number, error: unknown) => {
    status = code
    answer = error
    const client = await connect({ url: `${running.mcpUrl}/mcp` })
    const result = await client.callTool(creation)
    await client.close()
    status = 201
    return result
  }

  it('answers a creation with the user, and says how the application gets the tokens', async () => {
    answer = { status: 'success', data: { user, ...keys } }
    const client = await connect({ url: `${running.mcpUrl}/mcp` })
    await client.listTools()
    const result = await client.callTool(creation)
    await client.close()
    expect(result.structuredContent).toEqual({ status: 'success', data: { user } })
    expect(result.content).toEqual([
      { type: 'text', text: JSON.stringify({ status: 'success', data: { user } }) },
      { type: 'text', text: expect.stringMatching(/not shown here.*force-refresh on REST/s) },
    ])
  })

  it.each([
    { data: { user, ...keys, access_token: keys.accessToken, tokens: { refresh: keys.refreshToken } } },
    { data: { user: { ...user, accessToken: keys.accessToken, refreshToken: keys.refreshToken } } },
    { data: { user: { ...user, bio: { token: keys.refreshToken } } } },
    { data: { user: { ...user, bio: `see ${keys.accessToken}` } } },
    { data: { user: { ...user, metadata: { note: keys.accessToken } } } },
    { data: [keys] },
    { data: keys.refreshToken },
    { data: { user: keys.refreshToken } },
    { data: { user: [keys] } },
    { ...keys },
    [keys],
    JSON.stringify(keys.refreshToken),
  ])('shows no token that the upstream has put elsewhere: %j', async (drifted) => {
    answer = drifted
    const client = await connect({ url: `${running.mcpUrl}/mcp` })
    const result = await client.callTool(creation)
    await client.close()
    expect(result.isError).toBeFalsy()
    expect(JSON.stringify(result)).not.toContain('planted')
  })

  it('answers every other call with all that the document describes, and with no token', async () => {
    const picture = { ...user, avatarUrl: 'https://cdn.money-eyes.example.org/a.b.png' }
    const client = await connect({ url: `${running.mcpUrl}/mcp` })
    for (const [name, values, data] of [
      ['get-all-managed-users', {}, [user, picture]],
      ['get-managed-user', { userId: 7 }, picture],
      ['update-managed-user', { userId: 7, body: {} }, picture],
      ['delete-managed-user', { userId: 7 }, picture],
    ] as const) {
      answer = { status: 'success', data }
      const { structuredContent } = await client.callTool({ name, arguments: values })
      expect([name, structuredContent]).toEqual([name, answer])
      answer = {
        status: 'success',
        data: Array.isArray(data) ? [{ ...user, ...keys }] : { ...user, ...keys },
      }
      const result = await client.callTool({ name, arguments: values })
      expect(result.structuredContent).toEqual({
        status: 'success',
        data: Array.isArray(data) ? [user] : user,
      })
      expect(JSON.stringify(result)).not.toContain('planted')
    }
    await client.close()
  })

  it('shows no token that an error brings', async () => {
    const error = { code: 'Failed', message: 'failed' }
    const result = await failToCreate(500, { status: 'error', error, data: keys })
    expect(result.content).toEqual([
      { type: 'text', text: expect.stringContaining('returned 500 Failed: failed') },
    ])
    expect(JSON.stringify(result)).not.toContain('planted')
  })

  it.each([
    '{"message":"failed","value":NaN,"refreshToken":"planted-opaque"}',
    '\n[{"message":"failed","refreshToken":"planted-opaque"},]',
    '[1,{"message":"failed","refreshToken":"planted-opaque"},]',
    `{"refreshToken":"planted-opaque","a":${'['.repeat(600)}${']'.repeat(600)}}`,
  ])('shows nothing of an error that is JSON to lenient readers alone, %#', async (text) => {
    const result = await failToCreate(500, text)
    expect(result.content).toEqual([{ type: 'text', text: expect.stringContaining('returned 500.') }])
    expect(JSON.stringify(result)).not.toContain('planted')
  })

  it.each(['{email} is wrong', '[ERROR] no', '[400] {email} is wrong'])(
    'shows %s, which is no JSON',
    async (text) => {
      const result = await failToCreate(400, text)
      expect(result.structuredContent).toMatchObject({ error: { message: text } })
    },
  )

  it('asks for no secret, has a default for the client, and promises no token', async () => {
    const client = await connect({ url: `${running.mcpUrl}/mcp` })
    const { tools } = await client.listTools()
    await client.close()
    expect(tools).toHaveLength(5)
    for (const { inputSchema } of tools) {
      expect(inputSchema.properties).toHaveProperty('clientId.default', 'cm9demo')
      expect(inputSchema.properties).not.toHaveProperty('x-cal-secret-key')
      expect(inputSchema.required ?? []).not.toContain('clientId')
    }
    const creator = tools.find(({ name }) => name === 'create-managed-user')
    expect(JSON.stringify(creator?.outputSchema)).not.toMatch(/accessToken|refreshToken/)
    expect(creator?.description).toContain('force-refresh on REST')
    expect(JSON.stringify(tools)).not.toContain(secret)
  })

  it('refuses a secret as an argument, and another client, without a call', async () => {
    const client = await connect({ url: `${running.mcpUrl}/mcp` })
    const get = (values: object) =>
      client.callTool({ name: 'get-managed-user', arguments: { userId: 7, ...values } })
    const withSecret = await get({ 'x-cal-secret-key': 'own' })
    const other = await get({ clientId: 'another' })
    expect([withSecret, other].map((one) => Object(one.structuredContent).error?.code)).toEqual([
      'invalid_argument',
      'value_not_served',
    ])
    expect(upstream.requests).toEqual([])
    await get({ clientId: null })
    await client.close()
    // Null counts as left out, and the client that is served is the default.
    expect(upstream.requests.map(({ url }) => url)).toEqual(['/v2/oauth-clients/cm9demo/users/7'])
  })
})

it('tells of what is redacted only where something is', async () => {
  const operation = (responses: object) => ({
    operationId: 'drop',
    responses,
    'x-redacted-notice': 'It is on REST.',
    'x-mcp-tool': { name: 'drop', description: 'Drops it.' },
  })
  const token = { type: 'object', properties: { id: { type: 'integer' }, token: { format: 'password' } } }
  const shown = { description: 'Done', content: { 'application/json': { schema: token } } }
  for (const [responses, description] of [
    [{ 204: { description: 'Done' } }, 'Drops it.'],
    [{ 200: shown }, 'Drops it. It is on REST.'],
  ] as const) {
    const document = {
      ...{ openapi: '3.1.0', info: { title: 'Shop', version: '1' }, 'x-name': 'shop' },
      paths: { '/a': { post: operation(responses) } },
    }
    const environment = { SHOP_BASE_URL: upstream.url, MCP_TOKENS: 'withhold' }
    await using shop = await startGateway(upstream.url, environment, { document })
    const response = await fetch(`${shop.mcpUrl}/mcp`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
    })
    const { result } = Object(await response.json())
    expect(result.tools[0].description).toBe(description)
  }
})

it.each([
  ['nothing is taken out', { tenant: 'acme' }],
  ['names that are tokens become one', { [keys.accessToken]: 'a', [`${keys.accessToken}2`]: 'b' }],
])('tells a machine what it tells a model, in one reading, where %s', async (_, metadata) => {
  answer = { status: 'success', data: { ...user, metadata } }
  const params = { name: 'get-managed-user', arguments: { userId: 7 } }
  const response = await fetch(`${running.mcpUrl}/mcp`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 'a "1"', method: 'tools/call', params }),
  })
  const bytes = Buffer.from(await response.text())
  const { id, result } = Object(parseJson(bytes))
  expect(id).toBe('a "1"')
  expect(parseJson(Buffer.from(result.content[0].text))).toEqual(result.structuredContent)
  expect(bytes.toString()).not.toContain('planted')
})

describe('REST with a configured secret', () => {
  const path = '/v1/v2/oauth-clients/cm9demo/users/7/force-refresh'

  it('answers with the tokens, byte for byte', async () => {
    answer = '{"status":"success", "data":{"accessToken":"planted"}}'
    const response = await fetch(running.restUrl + path, { method: 'POST' })
    expect(await response.text()).toBe(answer)
    expect(upstream.requests[0]?.headers['x-cal-secret-key']).toBe(secret)
  })

  it('lets a caller bring a secret of its own, and takes an empty one for none at all', async () => {
    answer = { status: 'success', data: {} }
    const call = (own: string) =>
      fetch(running.restUrl + path, { method: 'POST', headers: { 'x-cal-secret-key': own } })
    expect((await call('own')).status).toBe(201)
    expect((await call('')).status).toBe(401)
    expect(upstream.requests.map(({ headers }) => headers['x-cal-secret-key'])).toEqual(['own'])
  })

  it('serves no other client', async () => {
    const response = await fetch(`${running.restUrl}/v1/v2/oauth-clients/another/users`)
    expect([response.status, Object(await response.json()).code]).toEqual([403, 'value_not_served'])
    expect(upstream.requests).toEqual([])
  })
})
