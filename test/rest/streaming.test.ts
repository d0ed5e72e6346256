import { once } from 'node:events'
import { get, type IncomingMessage, type ServerResponse } from 'node:http'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { startUpstream, type UpstreamStub } from '../support/upstream-stub.ts'

const content = (type: string) => ({
  responses: { 200: { description: 'Done', content: { [type]: { schema: {} } } } },
})
const document = {
  openapi: '3.1.0',
  info: { title: 'Files', version: '1' },
  'x-name': 'files',
  paths: {
    '/file': { get: { operationId: 'file', ...content('application/octet-stream') } },
    '/thing': {
      get: { operationId: 'thing', 'x-mcp-tool': { name: 'thing' }, ...content('application/json') },
    },
    '/export': { post: { operationId: 'export', ...content('application/octet-stream') } },
    '/job': { post: { operationId: 'job', responses: { 202: { description: 'Accepted' } } } },
  },
}

let upstream: UpstreamStub
let gateway: RunningGateway
let respond: (response: ServerResponse) => unknown

beforeAll(async () => {
  upstream = await startUpstream((_request, response) => respond(response))
  const admission = { active: 2, waiting: 0, timeout: 10 }
  gateway = await startGateway(
    upstream.url,
    { FILES_BASE_URL: upstream.url, UPSTREAM_TIMEOUT_MS: '1000' },
    { document, admission },
  )
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await upstream[Symbol.asyncDispose]()
})

/** Resolves with a response that has its head and of which nothing is read. */
async function open(path: string): Promise<IncomingMessage> {
  const [response]: IncomingMessage[] = await once(get(gateway.restUrl + path, { agent: false }), 'response')
  if (!response) throw new Error('no response')
  return response
}

const bytes = { 'content-type': 'application/octet-stream' }
const chunk = Buffer.alloc(1024 * 1024, 1)

test.each(['text/csv', 'application/json'])(
  'a transfer coding beside chunked is refused: %s',
  async (type) => {
    respond = (response) =>
      response.writeHead(200, { 'content-type': type, 'transfer-encoding': 'gzip, chunked' }).end('1')
    expect((await fetch(`${gateway.restUrl}/thing`)).status).toBe(502)
    const params = { name: 'thing', arguments: {} }
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params })
    const headers = { 'content-type': 'application/json' }
    const result = await fetch(`${gateway.mcpUrl}/mcp`, { method: 'POST', headers, body })
    expect(await result.text()).toContain('upstream_invalid_response')
  },
)

test('what the document does not describe is a response mismatch', async () => {
  respond = (response) => response.writeHead(200, { 'content-type': 'text/csv' }).end('a,b')
  expect((await fetch(`${gateway.restUrl}/thing`)).status).toBe(200)
  respond = (response) => response.writeHead(303, { location: '/else' }).end()
  expect((await fetch(`${gateway.restUrl}/job`, { method: 'POST', redirect: 'manual' })).status).toBe(303)
  await expect
    .poll(() => gateway.log.filter((line) => line.includes('"response mismatch"')).join())
    .toMatch(
      /"operation":"thing","pointer":"","rule":"content-type".*"operation":"job","pointer":"","rule":"status"/s,
    )
})

test('a body that is no JSON arrives as it is sent, and holds its slot until it has ended', async () => {
  const streams: ServerResponse[] = []
  respond = (response) => streams.push(response) && response.writeHead(200, bytes).write('first')
  const [one, other] = [await open('/file'), await open('/file')]
  expect(String((await once(one, 'data'))[0])).toBe('first')
  expect((await fetch(`${gateway.restUrl}/file`)).status).toBe(503)
  for (const stream of streams) stream.end('last')
  const rest: Buffer[] = await one.toArray()
  expect(Buffer.concat(rest).toString()).toBe('last')
  other.resume()
  await once(other, 'end')
  respond = (response) => response.writeHead(200, bytes).end()
  expect((await fetch(`${gateway.restUrl}/file`)).status).toBe(200)
})

test('a client that reads slowly slows the API down, and gets more than is ever collected', async () => {
  let written = 0
  respond = async (response) => {
    response.writeHead(200, { ...bytes, 'content-length': 40 * chunk.length })
    for (; written < 40; written += 1) if (!response.write(chunk)) await once(response, 'drain')
    response.end()
  }
  const response = await open('/file')
  await expect.poll(() => gateway.gateway && written).toBeGreaterThan(0)
  expect(written).toBeLessThan(30)
  let size = 0
  for await (const part of response) size += part.length
  expect([size, response.headers['content-length']]).toEqual([40 * chunk.length, String(40 * chunk.length)])
})

test('a client that leaves ends the response of the API', async () => {
  let closed: Promise<unknown> | undefined
  respond = (response) => {
    closed = once(response, 'close')
    response.writeHead(200, bytes).write('first')
  }
  const response = await open('/file')
  response.destroy()
  await closed
})

test.each<[string, string, (response: ServerResponse) => unknown]>([
  ['breaks', 'upstream_connection_lost', (response) => response.write('first', () => response.destroy())],
  ['stops', 'upstream_timeout', (response) => response.write('first')],
])('a client sees that a body is not whole when the API %s, and the log says %s', async (_what, code, go) => {
  respond = (response) => go(response.writeHead(200, bytes))
  const response = await open('/file')
  await expect(response.toArray()).rejects.toThrow('aborted')
  await expect.poll(() => gateway.log.at(-1)).toContain(`"code":"${code}"`)
  expect(JSON.parse(gateway.log.at(-1) ?? '')).toMatchObject({ msg: 'request completed', status: 200, code })
})

/** Reads a metric of an operation, with further labels. */
async function read(name: string, labels: string): Promise<number> {
  const { body } = await gateway.gateway.control.inject('/metrics')
  const line = body.split('\n').find((one) => one.startsWith(`calgate_${name}{${labels}} `))
  return Number(line?.split(' ').at(-1) ?? 0)
}

const readAudit = () => gateway.log.map((line) => JSON.parse(line)).filter(({ msg }) => msg === 'write sent')

test.each<[string, string | number, number, (response: ServerResponse, client: IncomingMessage) => unknown]>([
  ['ends', 200, 1, (response) => response.end('last')],
  ['breaks', 'upstream_connection_lost', 0, (response) => response.destroy()],
  ['stops', 'upstream_timeout', 0, () => {}],
  ['loses its client', 'client_disconnected', 0, (_response, client) => client.destroy()],
])('a stream that %s is recorded when it has ended, by how it did', async (_what, outcome, sampled, go) => {
  let sending: ServerResponse | undefined
  respond = (response) => {
    sending = response
    response.writeHead(200, bytes).write('first')
  }
  const outcomes = `operation="export",outcome="${outcome}"`
  const before = await read('upstream_calls_total', outcomes)
  const samples = await read('responses_sampled_total', 'operation="export"')
  const seconds = await read('upstream_call_duration_seconds_sum', 'operation="export"')
  const written = readAudit().length
  const request = get(`${gateway.restUrl}/export`, { agent: false, method: 'POST' })
  const [client]: IncomingMessage[] = await once(request, 'response')
  if (!client || !sending) throw new Error('no response')
  client.on('error', () => {}).resume()
  await setTimeout(300)
  expect([await read('upstream_calls_total', outcomes), readAudit().length]).toEqual([before, written])
  go(sending, client)
  await expect.poll(() => read('upstream_calls_total', outcomes), { timeout: 3_000 }).toBe(before + 1)
  const taken = (await read('upstream_call_duration_seconds_sum', 'operation="export"')) - seconds
  expect(taken).toBeGreaterThan(0.29)
  await expect.poll(readAudit).toHaveLength(written + 1)
  const end = typeof outcome === 'number' ? { status: outcome } : { code: outcome }
  expect(readAudit().at(-1)).toEqual({
    ...{ level: 30, time: expect.any(String), msg: 'write sent', operation: 'export', ids: {}, ...end },
  })
  await setTimeout(20)
  expect(await read('responses_sampled_total', 'operation="export"')).toBe(samples + sampled)
})

test.each([
  ['a page', 200, { 'content-type': 'text/html' }, '<p>'],
  ['a body without a type', 200, {}, '{}'],
  ['a redirect', 302, { location: 'https://example.org/elsewhere', 'set-cookie': 'a=b' }, ''],
  ['a redirect with a page', 307, { location: '/else', 'content-type': 'text/html' }, '<p>'],
  ['what has not been modified', 304, {}, ''],
])('%s is passed on as it is, though the document has none', async (_what, status, headers, body) => {
  respond = (response) => response.writeHead(status, headers).end(body)
  const before = upstream.requests.length
  const response = await fetch(`${gateway.restUrl}/thing`, { redirect: 'manual' })
  const read = (name: string) => response.headers.get(name)
  expect([response.status, await response.text()]).toEqual([status, body])
  expect([read('content-type'), read('location'), read('set-cookie')]).toEqual([
    'content-type' in headers ? headers['content-type'] : null,
    'location' in headers ? headers.location : null,
    null,
  ])
  if (body !== '') expect(read('content-security-policy')).toBe('sandbox')
  expect(upstream.requests).toHaveLength(before + 1)
})

test('bytes of an error are not read as a text', async () => {
  const image = Buffer.from('\x89PNG a@b \xff', 'latin1')
  respond = (response) => response.writeHead(404, { 'content-type': 'image/png' }).end(image)
  const response = await fetch(`${gateway.restUrl}/thing`)
  expect([response.status, Buffer.from(await response.arrayBuffer())]).toEqual([404, image])
})

test('an empty response is whole where the document describes no JSON for it', async () => {
  respond = (response) => response.writeHead(202, { 'content-type': 'application/json' }).end()
  expect((await fetch(`${gateway.restUrl}/job`, { method: 'POST' })).status).toBe(202)
  expect((await fetch(`${gateway.restUrl}/thing`)).status).toBe(502)
  respond = (response) => response.writeHead(200, { 'content-type': 'application/json' }).end()
  expect((await fetch(`${gateway.restUrl}/thing`)).status).toBe(502)
})
