import { once } from 'node:events'
import { Agent, type IncomingMessage, request } from 'node:http'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { findClosedUrl, type RunningGateway, startGateway } from '../support/gateway.ts'
import { startIssuer } from '../support/issuer.ts'
import { openConnection, readAll } from '../support/raw-connection.ts'
import { startRawUpstream } from '../support/raw-upstream.ts'
import { startUpstream } from '../support/upstream-stub.ts'

const document = {
  openapi: '3.1.0',
  info: { title: 'Files', version: '1' },
  'x-name': 'files',
  paths: {
    '/files': {
      put: {
        operationId: 'upload',
        requestBody: { content: { 'application/octet-stream': {} } },
        responses: {},
      },
    },
  },
}

const start = (url: string, options = {}) =>
  startGateway(url, { FILES_BASE_URL: url }, { document, ...options })

/** Sends a small upload and resolves with the status of its response. */
async function upload({ restUrl }: RunningGateway, query = ''): Promise<number> {
  const headers = { 'content-type': 'application/octet-stream' }
  const response = await fetch(`${restUrl}/files${query}`, { method: 'PUT', headers, body: 'small' })
  await response.text()
  return response.status
}

/** More than the uploads that stream at a time. */
const many = Array.from({ length: 70 })

test('an upload that a check refuses takes no place of a later one', async () => {
  await using upstream = await startUpstream()
  await using gateway = await start(upstream.url)
  const refused: number[] = []
  for (const _ of many) refused.push(await upload(gateway, '?unknown=1'))
  expect(new Set(refused)).toEqual(new Set([400]))
  expect(await upload(gateway)).toBe(200)
  expect(upstream.requests.map(({ body }) => String(body))).toEqual(['small'])
})

test('an upload that cannot be sent takes no place of a later one', async () => {
  await using gateway = await start(await findClosedUrl())
  const refused: number[] = []
  for (const _ of many) refused.push(await upload(gateway))
  expect(refused).toContain(502)
  // Beyond the limit of uploads the code would be `overloaded`.
  expect(gateway.log.join('')).not.toContain('"code":"overloaded"')
})

test('an upload that finds no slot takes no place of a later one', async () => {
  await using upstream = await startUpstream()
  await using gateway = await start(upstream.url, { admission: { active: 0, waiting: 0, timeout: 1 } })
  for (const _ of many) expect(await upload(gateway)).toBe(503)
  expect(gateway.log.join('').match(/"code":"overloaded"/g)).toHaveLength(many.length)
})

test.each([
  ['goes on with a broken chunk', 'broken\r\n'],
  ['leaves', undefined],
])('a client whose upload was refused, and that %s, harms nobody', async (_what, more) => {
  await using upstream = await startUpstream()
  await using gateway = await start(upstream.url)
  const socket = openConnection(gateway.restUrl)
  socket.write(
    [
      ...['PUT /files?unknown=1 HTTP/1.1', 'Host: 127.0.0.1'],
      ...['Content-Type: application/octet-stream', 'Transfer-Encoding: chunked', '', '5', 'first', ''],
    ].join('\r\n'),
  )
  expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1\.1 400 /)
  if (more === undefined) socket.destroy()
  else socket.end(more)
  await once(socket, 'close')
  expect(await upload(gateway)).toBe(200)
})

test('the connection of a refused upload takes the next request', async () => {
  await using upstream = await startUpstream()
  await using gateway = await start(upstream.url)
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const send = async (query: string) => {
    const headers = { 'content-type': 'application/octet-stream' }
    const outgoing = request(`${gateway.restUrl}/files${query}`, { method: 'PUT', headers, agent })
    const responded: Promise<IncomingMessage[]> = once(outgoing, 'response')
    outgoing.end(Buffer.alloc(2_000_000))
    const [response] = await responded
    await response?.resume().toArray()
    return [response?.statusCode, outgoing.reusedSocket]
  }
  expect(await send('?unknown=1')).toEqual([400, false])
  expect(await send('')).toEqual([200, true])
  agent.destroy()
})

test('an upload whose client leaves while it is authenticated takes no place of a later one', async () => {
  await using upstream = await startUpstream()
  await using issuer = await startIssuer()
  const asked = Promise.withResolvers<void>()
  const environment = { FILES_BASE_URL: upstream.url, ...issuer.environment }
  const scoped = { ...document.paths['/files'].put, 'x-scope': 'files:write' }
  await using gateway = await startGateway(upstream.url, environment, {
    document: { ...document, paths: { '/files': { put: scoped } } },
    issuerKeys: { fetch: (...request) => asked.promise.then(() => fetch(...request)) },
  })
  const authorization = `Bearer ${await issuer.sign({ scope: 'files:write' })}`
  for (const _ of many) {
    const socket = openConnection(gateway.restUrl)
    await once(socket, 'connect')
    const head = ['PUT /files HTTP/1.1', 'Host: 127.0.0.1', `Authorization: ${authorization}`]
    const body = ['Content-Type: application/octet-stream', 'Content-Length: 5', '', 'small']
    socket.write([...head, ...body].join('\r\n'), () => socket.resetAndDestroy())
    await once(socket, 'close')
  }
  const readLeft = () => gateway.log.filter((line) => line.includes('"status":499')).length
  await expect.poll(readLeft).toBe(many.length)
  asked.resolve()
  const headers = { 'content-type': 'application/octet-stream', authorization }
  const response = await fetch(`${gateway.restUrl}/files`, { method: 'PUT', headers, body: 'small' })
  expect([response.status, upstream.requests.length]).toEqual([200, 1])
})

const chunk = (bytes: number) => `${bytes.toString(16)}\r\n${'x'.repeat(bytes)}\r\n`

test.each([
  ['becomes too large', 413, 'upload_too_large', (socket: Socket) => socket.write(chunk(60_000))],
  ['goes on with a broken chunk', 400, 'upload_incomplete', (socket: Socket) => socket.write('broken\r\n')],
  ['stops until the time for requests is over', 400, 'upload_incomplete', () => {}],
  ['is left', 499, 'upload_incomplete', (socket: Socket) => socket.destroy()],
])('of an upload that %s when a part was sent, nobody says that it had no effect', async (...one) => {
  const [, status, code, spoil] = one
  const arrived = Promise.withResolvers<void>()
  await using upstream = await startRawUpstream(() => arrived.resolve())
  const timeouts = { headers: 500, request: 1_000, keepAlive: 5_000 }
  const environment = { FILES_BASE_URL: upstream.url, FILE_LIMIT: '100000' }
  await using gateway = await startGateway(upstream.url, environment, { document, timeouts })
  const socket = openConnection(gateway.restUrl).on('error', () => {})
  const head = ['PUT /files HTTP/1.1', 'Host: 127.0.0.1', 'Content-Type: application/octet-stream']
  socket.write([...head, 'Transfer-Encoding: chunked', '', chunk(60_000)].join('\r\n'))
  await arrived.promise
  const received = readAll(socket).catch(() => '')
  spoil(socket)
  const text = await received
  if (text) {
    expect(text).toContain(`HTTP/1.1 ${status} `)
    expect(text).toContain(`"code":"${code}"`)
    expect(text).toContain('"outcome":"unknown","retryable":false')
    if (status === 413)
      expect(text).toContain('"Read the state first. The limit is 100,000 bytes: send a smaller body."')
  }
  await expect.poll(() => gateway.log.join('')).toContain(`"code":"${code}"`)
  expect(gateway.log.join('')).not.toMatch(/"code":"(?:client_disconnected|body_too_large|bad_request)"/)
})

test.each([
  ['in chunks', 'Transfer-Encoding: chunked', ['5\r\npart1\r\n', '5\r\npart2\r\n0\r\n\r\n']],
  ['with a length', 'Content-Length: 10', ['part1', 'part2']],
])('a response to an upload %s loses nothing that looks like an interim one', async (_, framing, parts) => {
  const late = 'HTTP/1.1 100 Continue\r\n\r\n'
  const head = `HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: ${late.length + 5}\r\n\r\n`
  const upstream = createServer((socket) => {
    socket.once('data', () => socket.write(`${head}early`))
    socket.on('data', (chunk) => String(chunk).includes('part2') && socket.write(late)).on('error', () => {})
  })
  await once(upstream.listen(0, '127.0.0.1'), 'listening')
  const { port } = upstream.address() as AddressInfo
  const gateway = await start(`http://127.0.0.1:${port}`)
  const socket = openConnection(gateway.restUrl)
  const lines = ['PUT /files HTTP/1.1', 'Host: 127.0.0.1', 'Content-Type: application/octet-stream', framing]
  socket.write([...lines, '', parts[0]].join('\r\n'))
  let received = ''
  for await (const chunk of socket) {
    if (received === '') socket.write(String(parts[1]))
    received += chunk
    if (received.endsWith(late) || received.endsWith('}')) break
  }
  await gateway[Symbol.asyncDispose]()
  upstream.close()
  expect(received.slice(received.indexOf('early'))).toBe(`early${late}`)
})
