import { createServer, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import type { GatewayError } from '../../src/errors/gateway-error.ts'
import { createDispatcher, type UpstreamRequest } from '../../src/upstream/dispatcher.ts'
import type { UpstreamResponse } from '../../src/upstream/response-collector.ts'
import { startUpstream } from '../support/upstream-stub.ts'

const get: UpstreamRequest = { method: 'GET', path: '/users', headers: {} }

async function send(baseUrl: string, timeout = 5000): Promise<UpstreamResponse> {
  const dispatcher = createDispatcher({ baseUrl, timeout })
  try {
    return await new Promise((resolve, reject) => {
      dispatcher.send(get, (error, answer) => (answer ? resolve(answer) : reject(error)))
    })
  } finally {
    await dispatcher.close()
  }
}

/** A server that speaks raw bytes, for answers no HTTP library would write. */
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

test('an answer is handed on whole, with its status, headers and bytes', async () => {
  await using upstream = await startUpstream((_request, response) =>
    response.writeHead(201, { 'x-a': 'b' }).end('{"ö":1}'),
  )
  const answer = await send(upstream.url)
  expect([answer.status, answer.headers['x-a'], answer.body.toString()]).toEqual([201, 'b', '{"ö":1}'])
})

test('the path of the base URL stands before every path', async () => {
  await using upstream = await startUpstream()
  await send(`${upstream.url}/api/`)
  expect(upstream.requests.map(({ url }) => url)).toEqual(['/api/users'])
})

test('a redirect is an answer, not followed', async () => {
  await using upstream = await startUpstream((_request, response) =>
    response.writeHead(302, { location: '/else' }).end(),
  )
  expect((await send(upstream.url)).status).toBe(302)
  expect(upstream.requests).toHaveLength(1)
})

test('a port where nobody listens means that nothing was sent', async () => {
  const upstream = await startUpstream()
  await upstream[Symbol.asyncDispose]()
  await expect(send(upstream.url)).rejects.toMatchObject({
    code: 'upstream_unreachable',
  } satisfies Partial<GatewayError>)
})

test('a connection that breaks after sending means that nobody knows', async () => {
  await using upstream = await startRaw((socket) => socket.resetAndDestroy())
  await expect(send(upstream.url)).rejects.toMatchObject({ code: 'upstream_connection_lost' })
})

test('a body shorter than its length is not an answer', async () => {
  await using upstream = await startRaw((socket) =>
    socket.end('HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n{"a":1}'),
  )
  await expect(send(upstream.url)).rejects.toMatchObject({ code: 'upstream_connection_lost' })
})

test('an upstream that never answers runs into the deadline', async () => {
  await using upstream = await startRaw(() => {})
  await expect(send(upstream.url, 100)).rejects.toMatchObject({ code: 'upstream_timeout' })
})

test('the deadline covers the last byte, however steadily the others drip', async () => {
  await using upstream = await startRaw((socket) => {
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n')
    const drip = setInterval(() => socket.writable && socket.write('x'), 10)
    socket.on('close', () => clearInterval(drip))
  })
  await expect(send(upstream.url, 200)).rejects.toMatchObject({ code: 'upstream_timeout' })
})
