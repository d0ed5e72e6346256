import { once } from 'node:events'
import { expect, test, vi } from 'vitest'
import { UnreadResponses } from '../../src/http/connection.ts'
import { createListener } from '../../src/http/listener.ts'
import { createLogger } from '../../src/observability/logger.ts'
import { openListener } from '../support/open-listener.ts'
import { openConnection, readAll } from '../support/raw-connection.ts'

/** More than the kernel takes for a client that does not read. */
const size = 24 * 1024 * 1024
const request = (path: string) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`

/** A server with one slot, a response that is too large for the kernel's buffers, and a small one. */
async function startServer(unread: UnreadResponses) {
  const logger = createLogger('silent', { write() {} })
  const app = await createListener({ surface: 'rest', logger, bodyLimit: 1, ...openListener(1), unread })
  app.get('/large', (_request, reply) => void reply.send(Buffer.alloc(size)))
  app.get('/small', () => 'small')
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const openUnread = async () => {
    const socket = openConnection(url)
    socket.on('error', () => {})
    socket.write(request('/large'))
    await once(socket, 'readable')
    return socket
  }
  const readSmall = () => {
    const socket = openConnection(url)
    socket.write(request('/small'))
    return readAll(socket)
  }
  const countConnections = () =>
    new Promise<number>((resolve) => app.server.getConnections((_error, count) => resolve(count)))
  return { openUnread, readSmall, countConnections, [Symbol.asyncDispose]: () => app.close() }
}

test('a response that its client does not read takes no slot', async () => {
  await using server = await startServer(new UnreadResponses())
  const sockets = [await server.openUnread(), await server.openUnread()]
  expect(await server.readSmall()).toMatch(/^HTTP\/1\.1 200 /)
  for (const socket of sockets) socket.destroy()
})

test('a client that reads nothing is disconnected after the write timeout', async () => {
  await using server = await startServer(
    new UnreadResponses({ bytes: Number.POSITIVE_INFINITY, timeout: 50 }),
  )
  const socket = await server.openUnread()
  await vi.waitFor(async () => expect(await server.countConnections()).toBe(0), { timeout: 60_000 })
  socket.destroy()
})

test('a client that reads slowly gets its response whole', async () => {
  await using server = await startServer(
    new UnreadResponses({ bytes: Number.POSITIVE_INFINITY, timeout: 5_000 }),
  )
  const socket = await server.openUnread()
  let received = 0
  for await (const chunk of socket) received += chunk.length
  expect(received).toBeGreaterThan(size)
})

test('the oldest unread response gives way when all are larger than the capacity', async () => {
  await using server = await startServer(new UnreadResponses({ bytes: 1.5 * size }))
  const sockets = [await server.openUnread(), await server.openUnread(), await server.openUnread()]
  await vi.waitFor(async () => expect(await server.countConnections()).toBeLessThan(3), { timeout: 60_000 })
  const [oldest, , latest] = sockets
  const read = async (socket = oldest) => {
    let received = 0
    for await (const chunk of socket ?? []) received += chunk.length
    return received
  }
  expect(await read(latest)).toBeGreaterThan(size)
  expect(await read(oldest).catch(() => 0)).toBeLessThan(size)
  for (const socket of sockets) socket.destroy()
})
