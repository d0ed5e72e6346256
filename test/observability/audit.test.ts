import { PassThrough } from 'node:stream'
import { expect, it, vi } from 'vitest'
import { createKey } from '../../src/config/gateway-keys.ts'
import { findClosedUrl, type RunningGateway, startGateway } from '../support/gateway.ts'
import { writeKeys } from '../support/key-file.ts'
import { type CallSpec, calls, servers } from '../support/servers.ts'
import { respondJson, startUpstream } from '../support/upstream-stub.ts'

const { key, line } = createKey('billing', ['managed-users:read', 'managed-users:write'])
const extras = { headers: { authorization: `Bearer ${key}` } }

async function readAudit({ log }: RunningGateway, count: number): Promise<Record<string, unknown>[]> {
  return vi.waitFor(
    () => {
      const lines = log.map((text) => JSON.parse(text)).filter(({ msg }) => msg === 'write sent')
      expect(lines).toHaveLength(count)
      return lines
    },
    { timeout: 60_000 },
  )
}

it.each(['rest', 'mcp'] as const)(
  'a write on %s leaves who made it, on which record, and how it ended',
  async (server) => {
    using file = writeKeys([line])
    await using upstream = await startUpstream(({ method }, response) =>
      respondJson(response, method === 'POST' ? 409 : 200, { status: 'success', data: {} }),
    )
    await using gateway = await startGateway(upstream.url, { GATEWAY_KEYS_FILE: file.path })
    await servers[server](gateway, calls.get, extras)
    await servers[server](gateway, calls.update, extras)
    await servers[server](gateway, calls.create, extras)
    const [update, create] = await readAudit(gateway, 2)
    expect(update).toEqual({
      ...{ level: 30, time: expect.any(String), msg: 'write sent', caller: 'billing', status: 200 },
      ...{ operation: expect.stringMatching(/update/), ids: { clientId: 'cm9demo', userId: '4711' } },
    })
    expect(create).toMatchObject({ caller: 'billing', status: 409, ids: { clientId: 'cm9demo' } })
  },
)

it.each(['rest', 'mcp'] as const)('a write on %s leaves the id of its trace', async (server) => {
  await using upstream = await startUpstream()
  await using gateway = await startGateway(upstream.url)
  const traceId = '0af7651916cd43dd8448eb211c80319c'
  const headers = { traceparent: `00-${traceId}-b7ad6b7169203331-01` }
  await servers[server](gateway, calls.update, { headers })
  await servers[server](gateway, calls.update, { headers: { traceparent: 'none' } })
  const [traced, other] = await readAudit(gateway, 2)
  expect(traced).toMatchObject({ traceId })
  expect(other).not.toHaveProperty('traceId')
})

it('a write that fails leaves the code of its error', async () => {
  await using upstream = await startUpstream((_request, response) => void response.destroy())
  await using gateway = await startGateway(upstream.url)
  await servers.rest(gateway, calls.update)
  const [line] = await readAudit(gateway, 1)
  expect(line).toMatchObject({ code: 'upstream_connection_lost', ids: { userId: '4711' } })
  expect(line).not.toHaveProperty('caller')
})

it.each(['rest', 'mcp'] as const)('a write on %s that was not sent leaves no line', async (server) => {
  const closed = await findClosedUrl()
  await using gateway = await startGateway(closed)
  // The circuit opens at the fiftieth: the others are not tried.
  for (let n = 0; n < 60; n += 1) await servers[server](gateway, calls.update)
  expect(await servers[server](gateway, calls.update)).toMatchObject({ code: 'upstream_unavailable' })
  await readAudit(gateway, 0)
})

it('a write over stdio leaves its line too, without a caller, who is the process that started it', async () => {
  await using upstream = await startUpstream()
  await using gateway = await startGateway(upstream.url)
  const [input, output] = [new PassThrough(), new PassThrough()]
  const served = gateway.gateway.serveStdio(input, output)
  const clientInfo = { name: 'c', version: '1' }
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo }
  const call = ({ tool: name, arguments: values }: CallSpec) => ({
    method: 'tools/call',
    params: { name, arguments: { ...values, 'x-cal-secret-key': 'demo-secret' } },
  })
  const messages = [{ method: 'initialize', params }, call(calls.get), call(calls.update)]
  input.end(messages.map((one, id) => `${JSON.stringify({ jsonrpc: '2.0', id, ...one })}\n`).join(''))
  await served
  const [line] = await readAudit(gateway, 1)
  expect(line).toEqual({
    ...{ level: 30, time: expect.any(String), msg: 'write sent', status: 200 },
    ...{ operation: expect.stringMatching(/update/), ids: { clientId: 'cm9demo', userId: '4711' } },
  })
})

const uuid = '0d5b7a1e-6c1f-4f6e-9d3a-2b1c4e5f6a7b'
const token = '5f9c00a1b2c3d4e5f60718293a4b5c6d'

/** Variables of a path: name, schema, a value, and whether it is logged. */
const variables: [string, object, string, boolean][] = [
  ['orderId', { type: 'string' }, 'ord_4711', true],
  ['order-id', { type: 'string' }, 'ord_4711', true],
  ['id', { type: 'string' }, '4711', true],
  ['userID', { type: 'string' }, 'cm9demo', true],
  ['bookingUid', { type: 'string' }, 'b4711', true],
  ['number', { type: 'integer' }, '4711', true],
  ['count', { type: ['integer', 'null'] }, '4711', true],
  ['order', { $ref: '#/components/schemas/Uuid' }, uuid, true],
  ['token', { type: 'string' }, token, false],
  ['token', { type: 'string', format: 'uuid' }, uuid, false],
  ['inviteToken', { type: 'string' }, token, false],
  ['access_tokens', { type: 'string' }, token, false],
  ['secretId', { type: 'string' }, token, false],
  ['apiKey', { type: 'string' }, token, false],
  ['apikey', { type: 'string' }, token, false],
  ['APIKeyID', { type: 'string' }, token, false],
  ['code', { type: 'integer' }, '123456', false],
  ['passwordId', { type: 'string' }, token, false],
  ['signature', { type: 'string' }, token, false],
  ['hash', { type: 'string' }, token, false],
  ['nonce', { type: 'integer' }, '4711', false],
  ['otp', { type: 'integer' }, '123456', false],
  ['accesstoken', { type: 'string', format: 'uuid' }, uuid, false],
  ['invitation', { type: 'string' }, token, false],
  ['to', { type: 'string' }, '4915112345678', false],
  ['phoneId', { type: 'integer' }, '4915112345678', false],
  ['id', { type: 'string' }, 'ada@example.org', false],
  ['id', { type: 'string' }, '+4915112345678', false],
  ['id', { type: 'string' }, token.repeat(2), false],
  ['slug', { type: 'string' }, 'ada-lovelace', false],
  ['valid', { type: 'string' }, 'ada-lovelace', false],
]

it('the line of a write has the variables of its path that are ids, and no secret, phone number or address', async () => {
  const paths = variables.map(([name, schema], index) => [
    `/${index}/{${name}}/accept`,
    {
      post: {
        operationId: `accept${index}`,
        parameters: [{ name, in: 'path', required: true, schema }],
        responses: { 204: { description: 'Done' } },
      },
    },
  ])
  const document = {
    ...{ openapi: '3.1.0', info: { title: 'Shop', version: '1' }, 'x-name': 'shop' },
    paths: Object.fromEntries(paths),
    components: { schemas: { Uuid: { type: 'string', format: 'uuid' } } },
  }
  await using upstream = await startUpstream((_request, response) => void response.writeHead(204).end())
  await using gateway = await startGateway(upstream.url, { SHOP_BASE_URL: upstream.url }, { document })
  for (const [index, [, , value]] of variables.entries()) {
    const url = `${gateway.restUrl}/${index}/${encodeURIComponent(value)}/accept`
    expect((await fetch(url, { method: 'POST' })).status).toBe(204)
  }
  const lines = await readAudit(gateway, variables.length)
  const expected = variables.map(([name, , value, isLogged]) => (isLogged ? { [name]: value } : {}))
  expect(lines.map(({ ids }) => ids)).toEqual(expected)
})
