import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { openConnection } from '../support/raw-connection.ts'
import { startUpstream, type UpstreamStub } from '../support/upstream-stub.ts'

const operation = (type: string) => ({ requestBody: { content: { [type]: {} } }, responses: {} })

const document = {
  openapi: '3.1.0',
  info: { title: 'Files', version: '1' },
  'x-name': 'files',
  paths: {
    '/json': { post: { operationId: 'json', ...operation('application/json') } },
    '/form': { post: { operationId: 'form', ...operation('multipart/form-data') } },
    '/bytes': { post: { operationId: 'bytes', ...operation('application/octet-stream') } },
    '/left': { delete: { operationId: 'leave', responses: {} } },
  },
}

let upstream: UpstreamStub
let gateway: RunningGateway
beforeAll(async () => {
  upstream = await startUpstream()
  gateway = await startLimited(upstream.url)
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await upstream[Symbol.asyncDispose]()
})

function startLimited(url: string): Promise<RunningGateway> {
  const limits = { BODY_LIMIT: '10000', FILE_LIMIT: '10000', MCP_MESSAGE_LIMIT: '10000' }
  return startGateway(url, { FILES_BASE_URL: url, ...limits }, { document })
}

/** More than the buffers of a connection take. */
const body = Buffer.alloc(15_000_000, 'a')
const chunked = Buffer.concat([
  Buffer.from(`${body.length.toString(16)}\r\n`),
  body,
  Buffer.from('\r\n0\r\n\r\n'),
])

/** Sends all of a text, as clients do that read nothing before, and then reads until a response ends. */
async function sendThenRead(socket: Socket, ...parts: (string | Buffer)[]): Promise<string> {
  const text = Buffer.concat(parts.map((part) => Buffer.from(part)))
  await new Promise((resolve) => socket.pause().once('error', resolve).write(text, resolve))
  let received = ''
  return new Promise((resolve) => {
    socket.on('data', (chunk) => {
      received += chunk
      if (received.endsWith('}')) resolve(received)
    })
    socket.once('close', () => resolve(received)).resume()
  })
}

const refusals = [
  ['JSON', 'rest', '/json', 'application/json', 413],
  ['a form', 'rest', '/form', 'multipart/form-data; boundary=x', 413],
  ['bytes', 'rest', '/bytes', 'application/octet-stream', 413],
  ['another type', 'rest', '/json', 'application/zip', 415],
  ['an unknown path', 'rest', '/nowhere', 'application/json', 404],
  ['a message', 'mcp', '/mcp', 'application/json', 413],
] as const

describe.each(refusals)('a client that sends too much of %s to %s before it reads', (_, server, ...one) => {
  const [path, type, status] = one
  const head = `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: ${type}\r\n`
  const url = () => (server === 'rest' ? gateway.restUrl : gateway.mcpUrl)

  test.each([
    ['with a length', `${head}Content-Length: ${body.length}\r\n\r\n`, body],
    ['in chunks', `${head}Transfer-Encoding: chunked\r\n\r\n`, chunked],
    ['with an expectation', `${head}Expect: a-lot\r\nContent-Length: ${body.length}\r\n\r\n`, body, 417],
    ['to two hosts', `${head}Host: 127.0.0.1\r\nContent-Length: ${body.length}\r\n\r\n`, body, 400],
  ])('%s learns why it is refused', async (_how, start, sent, expected: number = status) => {
    expect(await sendThenRead(openConnection(url()), start, sent)).toMatch(
      new RegExp(`^HTTP/1\\.1 ${expected} `),
    )
  })
})

test('nothing behind a body that was refused is carried out', async () => {
  await using called = await startUpstream()
  await using running = await startLimited(called.url)
  const start = 'POST /json HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n'
  const behind = 'DELETE /left HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'
  const length = `Content-Length: ${body.length}\r\n\r\n`
  const received = await sendThenRead(openConnection(running.restUrl), start, length, body, behind)
  expect(received.match(/^HTTP\/1\.1 \d+/gm)).toEqual(['HTTP/1.1 413'])
  // All that was sent has been read once no connection is left.
  const { server } = running.gateway.rest
  const count = () => new Promise((resolve) => server.getConnections((_, open) => resolve(open)))
  await expect.poll(count, { timeout: 20_000 }).toBe(0)
  await fetch(`${running.restUrl}/left`, { method: 'DELETE' })
  expect(called.requests).toHaveLength(1)
})

test('a client that goes on sending a refused body loses its connection', async () => {
  const socket = openConnection(gateway.restUrl).on('error', () => {})
  socket.write(`POST /json HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n`)
  socket.write(`Content-Length: ${body.length}\r\n\r\n`)
  socket.allowHalfOpen = true
  const more = setInterval(() => socket.write('a'), 100)
  const start = performance.now()
  expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1\.1 413 /)
  await new Promise((resolve) => socket.once('close', resolve))
  clearInterval(more)
  expect(performance.now() - start).toBeLessThan(20_000)
})

test.each([
  ['with a length', `Content-Length: ${body.length}`, body],
  ['in chunks', 'Transfer-Encoding: chunked', chunked],
])('a client hears an API that responds before the end of an upload %s', async (_how, framing, sent) => {
  const early = createServer((_request, response) => response.end('early}'))
  await once(early.listen(0, '127.0.0.1'), 'listening')
  const { port } = early.address() as AddressInfo
  const environment = { FILES_BASE_URL: `http://127.0.0.1:${port}`, FILE_LIMIT: '20000000' }
  await using running = await startGateway('http://127.0.0.1:1', environment, { document })
  const start = 'POST /bytes HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/octet-stream\r\n'
  const socket = openConnection(running.restUrl)
  // The connection takes the next request.
  for (const _ of [1, 2])
    expect(await sendThenRead(socket, `${start}${framing}\r\n\r\n`, sent)).toMatch(/^HTTP\/1\.1 200 /)
  early.closeAllConnections()
  early.close()
})
