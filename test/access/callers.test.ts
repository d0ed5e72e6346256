import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createKey } from '../../src/config/gateway-keys.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { writeKeys } from '../support/key-file.ts'
import { respondJson, startUpstream, type UpstreamStub } from '../support/upstream-stub.ts'

const scopes = ['managed-users:read', 'managed-users:write', 'managed-users:tokens']
const [first, second] = [createKey('first', scopes), createKey('second', scopes)] as const
const path = '/v1/v2/oauth-clients/cm9demo/users/7/force-refresh'

let upstream: UpstreamStub
let running: RunningGateway
let keyFile: Disposable & { readonly path: string }
let count = 0
beforeAll(async () => {
  keyFile = writeKeys([first.line, second.line])
  upstream = await startUpstream((_request, response) => {
    count += 1
    respondJson(response, 200, { status: 'success', data: { count } })
  })
  running = await startGateway(upstream.url, {
    CAL_COM_CLIENT_ID: 'cm9demo',
    CAL_COM_SECRET_KEY: 'held-secret',
    GATEWAY_KEYS_FILE: keyFile.path,
    RATE_LIMIT: '1000/min',
  })
})
beforeEach(() => void upstream.requests.splice(0))
afterAll(async () => {
  await running[Symbol.asyncDispose]()
  await upstream[Symbol.asyncDispose]()
  keyFile[Symbol.dispose]()
})

async function refresh(key: string, headers: Record<string, string> = {}) {
  const response = await fetch(running.restUrl + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, ...headers },
  })
  return Object(await response.json())
}

describe('two clients that act with the same configured secret', () => {
  it('have idempotency keys of their own', async () => {
    const named = { 'idempotency-key': 'the-same' }
    const own = await refresh(first.key, named)
    expect(await refresh(first.key, named)).toEqual(own)
    expect(await refresh(second.key, named)).not.toEqual(own)
    expect(upstream.requests).toHaveLength(2)
  })

  it('never appear upstream by the key that let them in', async () => {
    await refresh(first.key)
    await refresh(second.key)
    expect(JSON.stringify(upstream.requests.map(({ headers }) => headers))).not.toContain('calgate_')
  })
})

it('a key never goes upstream, whatever parameter of the API stands in its header', async () => {
  const key = createKey('reader', ['notes:read'])
  using file = writeKeys([key.line])
  const parameters = [{ name: 'Authorization', in: 'header', required: true, schema: { type: 'string' } }]
  const operation = { operationId: 'notes', 'x-scope': 'notes:read', parameters, responses: {} }
  const document = {
    ...{ openapi: '3.1.0', info: { title: 'Notes', version: '1' }, 'x-name': 'notes' },
    paths: { '/notes': { get: { ...operation, 'x-mcp-tool': { name: 'notes' } } } },
  }
  await using notes = await startGateway(
    upstream.url,
    { NOTES_BASE_URL: upstream.url, GATEWAY_KEYS_FILE: file.path },
    { document },
  )
  const headers = { authorization: `Bearer ${key.key}`, 'content-type': 'application/json' }
  expect((await fetch(`${notes.restUrl}/notes`, { headers })).status).toBe(200)
  const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'notes', arguments: {} } }
  const result = await fetch(`${notes.mcpUrl}/mcp`, { method: 'POST', headers, body: JSON.stringify(call) })
  expect(await result.text()).not.toContain('isError')
  expect(upstream.requests.map((request) => request.headers.authorization)).toEqual([undefined, undefined])
})

describe('the limit of deletions', () => {
  it('is each caller’s own, though both act with one secret', async () => {
    const wide = [
      createKey('one', ['managed-users:delete']),
      createKey('two', ['managed-users:delete']),
    ] as const
    using file = writeKeys(wide.map(({ line }) => line))
    await using limited = await startGateway(upstream.url, {
      CAL_COM_CLIENT_ID: 'cm9demo',
      CAL_COM_SECRET_KEY: 'held-secret',
      GATEWAY_KEYS_FILE: file.path,
      MCP_DELETE_LIMIT: '2/min',
    })
    const remove = async (key: string) => {
      const params = { name: 'delete-managed-user', arguments: { userId: 7 } }
      const response = await fetch(`${limited.mcpUrl}/mcp`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }),
      })
      return Object(await response.json()).result.structuredContent.error?.code
    }
    const [one, two] = wide
    expect([await remove(one.key), await remove(one.key), await remove(one.key)]).toEqual([
      undefined,
      undefined,
      'rate_limited',
    ])
    expect(await remove(two.key)).toBeUndefined()
  })
})

describe('a caller', () => {
  it.each([
    ['no credential', {}],
    ['another scheme', { authorization: 'Basic Zmlyc3Q6a2V5' }],
    ['an empty one', { authorization: 'Bearer ' }],
    ['two of them in one header', { authorization: `Bearer ${first.key}, Bearer ${second.key}` }],
  ])('with %s is refused on both ports, whatever it asks for, before a body is read', async (_, headers) => {
    const asked = [
      `${running.restUrl}${path}`,
      `${running.restUrl}/openapi.json`,
      `${running.restUrl}/unknown`,
      `${running.mcpUrl}/mcp`,
    ]
    for (const url of asked) {
      const response = await fetch(url, { method: 'POST', headers, body: 'no JSON' })
      expect([url, response.status]).toEqual([url, 401])
      expect(response.headers.get('www-authenticate')).toMatch(/^Bearer/)
    }
    expect(upstream.requests).toEqual([])
  })

  it('is told in the log and in answers by nothing that it sent', async () => {
    await refresh('planted-key')
    await refresh(first.key)
    expect(running.log.length).toBeGreaterThan(1)
    expect(running.log.join('')).not.toMatch(/planted|calgate_|held-secret/)
  })

  it('whose key has one letter wrong, at either end, is refused', async () => {
    for (const key of [
      `x${first.key.slice(1)}`,
      `${first.key.slice(0, -1)}!`,
      first.key.slice(0, -1),
      `${first.key}a`,
    ])
      expect((await refresh(key)).code).toBe('invalid_token')
    expect(upstream.requests).toEqual([])
  })
})

describe('a key', () => {
  it('with a scope that no operation has does not let the gateway start', async () => {
    const { line } = createKey('typist', ['managed-users:raed'])
    using file = writeKeys([line])
    await expect(startGateway(upstream.url, { GATEWAY_KEYS_FILE: file.path })).rejects.toThrow(
      'GATEWAY_KEYS_FILE: the key typist has the scope managed-users:raed; there are managed-users:read',
    )
  })
})
