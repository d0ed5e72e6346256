import { createServer, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import type { UpstreamResponse } from '../../src/upstream/call.ts'
import { startUpstream } from '../support/upstream-stub.ts'
import { sendAll } from './requester-fixture.ts'

async function get(baseUrl: string, timeout = 5000): Promise<UpstreamResponse | { code: string }> {
  const [result] = await sendAll({ baseUrl, timeout }, ['GET'])
  if (!result) throw new Error('nothing was sent')
  return result
}

/** A server that speaks raw bytes, for responses no HTTP library would write. */
async function startRaw(respond: (socket: Socket) => void) {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.once('data', () => respond(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

test('a response is passed on whole, with its status, headers and bytes', async () => {
  await using upstream = await startUpstream((_request, response) =>
    response.writeHead(201, { 'x-a': 'b' }).end('{"ö":1}'),
  )
  const response = await get(upstream.url)
  expect(response).toMatchObject({ status: 201, headers: { 'x-a': 'b' }, body: Buffer.from('{"ö":1}') })
})

test('the path of the base URL stands before every path', async () => {
  await using upstream = await startUpstream()
  await get(`${upstream.url}/api/`)
  expect(upstream.requests.map(({ url }) => url)).toEqual(['/api/users'])
})

test('a redirect is a response, not followed', async () => {
  await using upstream = await startUpstream((_request, response) =>
    response.writeHead(302, { location: '/else' }).end(),
  )
  expect(await get(upstream.url)).toMatchObject({ status: 302 })
  expect(upstream.requests).toHaveLength(1)
})

test('a port where nobody listens means that nothing was sent', async () => {
  const upstream = await startUpstream()
  await upstream[Symbol.asyncDispose]()
  expect(await get(upstream.url)).toMatchObject({ code: 'upstream_unreachable' })
})

test('a connection that breaks after sending means that nobody knows', async () => {
  await using upstream = await startRaw((socket) => socket.resetAndDestroy())
  expect(await get(upstream.url)).toMatchObject({ code: 'upstream_connection_lost' })
})

test('a body shorter than its length is not a response', async () => {
  await using upstream = await startRaw((socket) =>
    socket.end('HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n{"a":1}'),
  )
  expect(await get(upstream.url)).toMatchObject({ code: 'upstream_connection_lost' })
})

test('an upstream that never responds runs into the deadline', async () => {
  await using upstream = await startRaw(() => {})
  expect(await get(upstream.url, 100)).toMatchObject({ code: 'upstream_timeout' })
})

test('the deadline covers the last byte, however steadily the others drip', async () => {
  await using upstream = await startRaw((socket) => {
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n')
    const drip = setInterval(() => socket.writable && socket.write('x'), 10)
    socket.on('close', () => clearInterval(drip))
  })
  expect(await get(upstream.url, 200)).toMatchObject({ code: 'upstream_timeout' })
})

test('a body that grows from piece to piece is whole, and leaves the bytes of others alone', async () => {
  const pieces = ['a', 'b'.repeat(100), 'c'.repeat(3_000), 'd'.repeat(50_000)]
  const neighbour = Buffer.from('neighbour')
  await using upstream = await startRaw(async (socket) => {
    socket.write('HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n')
    for (const piece of pieces) {
      socket.write(`${piece.length.toString(16)}\r\n${piece}\r\n`)
      await new Promise((resolve) => setImmediate(resolve))
    }
    socket.end('0\r\n\r\n')
  })
  expect(await get(upstream.url)).toMatchObject({ body: Buffer.from(pieces.join('')) })
  expect(neighbour.toString()).toBe('neighbour')
})

test('a body without a length whose connection is reset is not taken for whole', async () => {
  await using upstream = await startRaw((socket) => {
    socket.write('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n12')
    setTimeout(() => socket.resetAndDestroy(), 50)
  })
  expect(await get(upstream.url)).toMatchObject({ code: 'upstream_connection_lost' })
})

test('a body without a length is whole when its connection ends', async () => {
  await using upstream = await startRaw((socket) => {
    socket.end('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n12')
  })
  expect(await get(upstream.url)).toMatchObject({ status: 200, body: Buffer.from('12') })
})
