import { get, type IncomingMessage, type RequestOptions, request, type ServerResponse } from 'node:http'
import { expect, test } from 'vitest'
import { createKey } from '../../src/config/gateway-keys.ts'
import { startGateway } from '../support/gateway.ts'
import { writeKeys } from '../support/key-file.ts'
import { startUpstream } from '../support/upstream-stub.ts'

const bytes = 'application/octet-stream'
const content = (type: string) => ({
  responses: { 200: { description: 'Done', content: { [type]: { schema: {} } } } },
})
const describe = (operationId: string, type: string) => ({
  ...{ operationId, 'x-scope': 'files:read', ...content(type) },
})
const document = {
  ...{ openapi: '3.1.0', info: { title: 'Files', version: '1' }, 'x-name': 'files' },
  security: [{ key: [] }],
  paths: {
    '/events': { get: describe('events', 'text/event-stream'), post: describe('ask', 'text/event-stream') },
    '/file': {
      get: describe('file', bytes),
      put: { ...describe('upload', bytes), requestBody: { content: { [bytes]: { schema: {} } } } },
    },
  },
  components: { securitySchemes: { key: { type: 'apiKey', in: 'header', name: 'x-key' } } },
}
const [one, other] = [createKey('one', ['files:read']), createKey('other', ['files:read'])]
const withKeys = (key: string) => ({ authorization: `Bearer ${key}` })

test.each([
  ['keys', [withKeys(one.key), withKeys(other.key)]],
  ['credentials of their own', [{ 'x-key': 'planted-one' }, { 'x-key': 'planted-other' }]],
] as const)('a client with many streams leaves some to others, told apart by %s', async (by, headers) => {
  using file = writeKeys([one.line, other.line])
  const sending: ServerResponse[] = []
  await using upstream = await startUpstream(({ url }, response) => {
    if (url === '/file') response.writeHead(200, { 'content-type': bytes }).end('whole')
    else {
      sending.push(response)
      response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' }).write('data: 1\n\n')
    }
  })
  const environment = {
    ...{ FILES_BASE_URL: upstream.url, UPSTREAM_TIMEOUT_MS: '60000' },
    ...(by === 'keys' && { GATEWAY_KEYS_FILE: file.path, FILES_KEY: 'planted-key' }),
  }
  await using gateway = await startGateway(upstream.url, environment, { document })
  const opened: IncomingMessage[] = []
  const open = async (path: string, client: 0 | 1, options: RequestOptions = {}) => {
    const asked = { agent: false, headers: headers[client], ...options }
    const response = await new Promise<IncomingMessage>((resolve, reject) =>
      get(gateway.restUrl + path, asked, resolve).on('error', reject),
    )
    opened.push(response.on('error', () => {}))
    return response
  }
  const statuses = await Promise.all(
    Array.from({ length: 128 }, async () => (await open('/events', 0)).statusCode),
  )
  expect(statuses.filter((status) => status === 200)).toHaveLength(64)
  const refused = await open('/events', 0)
  expect([refused.statusCode, refused.headers['retry-after']]).toEqual([503, '1'])
  expect(Buffer.concat(await refused.toArray()).toString()).toContain('"overloaded"')
  // What a write did is not known; and what ends may be collected.
  expect((await open('/events', 0, { method: 'POST' })).statusCode).toBe(502)
  expect(Buffer.concat(await (await open('/file', 0)).toArray()).toString()).toBe('whole')
  const streamed = await open('/events', 1)
  expect(streamed.statusCode).toBe(200)
  const [first] = opened
  first?.destroy()
  await expect.poll(async () => (await open('/events', 0)).statusCode).toBe(200)
  const { body } = await gateway.gateway.control.inject('/metrics')
  expect(body).toContain('calgate_circuit_state{state="closed"} 1')
  for (const response of opened) response.destroy()
})

test('a client with many uploads leaves some to others', async () => {
  using file = writeKeys([one.line, other.line])
  await using upstream = await startUpstream()
  const environment = { FILES_BASE_URL: upstream.url, GATEWAY_KEYS_FILE: file.path, FILES_KEY: 'planted-key' }
  await using gateway = await startGateway(upstream.url, environment, { document })
  const upload = (key: string) => {
    const headers = { ...withKeys(key), 'content-type': bytes, 'transfer-encoding': 'chunked' }
    const outgoing = request(`${gateway.restUrl}/file`, { agent: false, method: 'PUT', headers })
    const status = new Promise<number>((resolve) => {
      outgoing.on('response', ({ statusCode = 0 }) => resolve(statusCode)).on('error', () => resolve(0))
    })
    outgoing.write('first')
    return { outgoing, status }
  }
  const held = Array.from({ length: 64 }, () => upload(one.key))
  const early: number[] = []
  for (const { status } of held) status.then((value) => early.push(value))
  await expect.poll(() => early).toEqual(Array.from({ length: 32 }, () => 503))
  const own = upload(other.key)
  own.outgoing.end()
  expect(await own.status).toBe(200)
  for (const { outgoing } of held) outgoing.end()
  await Promise.all(held.map(({ status }) => status))
})
