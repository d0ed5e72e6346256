import type { Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { startGateway } from '../support/gateway.ts'
import { openConnection, readAll } from '../support/raw-connection.ts'
import { startUpstream } from '../support/upstream-stub.ts'

const body = Buffer.from(JSON.stringify({ name: 'Adé', bio: 'é'.repeat(100) }))
const announced = `content-length: ${body.length}`
const chunked = 'transfer-encoding: chunked'
const tooLong = 102_401

function toChunk(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')])
}

/** Begins a call that writes: the first piece of its body goes with its head, and each other one alone. */
async function begin(
  url: string,
  header: string,
  [first = Buffer.alloc(0), ...pieces]: Buffer[],
  target = 'PATCH /v1/v2/oauth-clients/cm9demo/users/7',
): Promise<Socket> {
  const socket = openConnection(url)
  const head = [
    `${target} HTTP/1.1`,
    ...['Host: 127.0.0.1', 'Connection: close', 'x-cal-secret-key: demo-secret'],
    ...['content-type: application/json', header],
  ]
  socket.write(Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), first]))
  for (const piece of pieces) {
    // The turns that the gateway, in the same process, takes to read what was written before.
    for (let turn = 0; turn < 20; turn += 1) await nextTurn()
    socket.write(piece)
  }
  return socket
}

it.each([
  ['announced, with its head', announced, [body]],
  ['announced, in two pieces, cut within a letter', announced, [body.subarray(0, 12), body.subarray(12)]],
  [
    'in chunks',
    chunked,
    [toChunk(body.subarray(0, 12)), toChunk(body.subarray(12)), toChunk(Buffer.alloc(0))],
  ],
])('a body that comes %s goes upstream as it came', async (_, header, pieces) => {
  await using upstream = await startUpstream()
  await using running = await startGateway(upstream.url)
  expect(await readAll(await begin(running.restUrl, header, pieces))).toMatch(/^HTTP\/1\.1 200 /)
  expect(upstream.requests.map((request) => request.body.toString())).toEqual([body.toString()])
})

it.each([
  ['announces', `content-length: ${tooLong}`, []],
  ['brings', chunked, [toChunk(Buffer.alloc(tooLong, ' '))]],
])('a body that %s more than is taken is refused before its end', async (_, header, pieces) => {
  await using upstream = await startUpstream()
  await using running = await startGateway(upstream.url)
  const answer = await readAll(await begin(running.restUrl, header, pieces))
  expect(answer).toMatch(/^HTTP\/1\.1 413 .*^connection: close/ims)
  expect(answer).toContain('"code":"body_too_large"')
  expect(upstream.requests).toEqual([])
})

it.each([
  ['rest', 'an end', 'PATCH /v1/v2/oauth-clients/cm9demo/users/7'],
  ['rest', 'a reset', 'PATCH /v1/v2/oauth-clients/cm9demo/users/7'],
  ['mcp', 'an end', 'POST /mcp'],
  ['mcp', 'a reset', 'POST /mcp'],
] as const)('a body on %s that breaks off by %s is the fault of nobody here', async (server, way, target) => {
  await using upstream = await startUpstream()
  await using running = await startGateway(upstream.url)
  const url = server === 'rest' ? running.restUrl : running.mcpUrl
  const pieces = [body.subarray(0, 12), body.subarray(12, 24)]
  const socket = await begin(url, announced, pieces, target)
  if (way === 'an end') socket.destroy()
  else socket.resetAndDestroy()
  const read = () => running.log.map((line) => JSON.parse(line))
  await expect.poll(read).toContainEqual(expect.objectContaining({ msg: 'request completed' }))
  // What is logged of it, is logged before the next request is.
  await (await fetch(`${running.restUrl}/openapi.json`)).text()
  const [line] = read().filter(({ msg }) => msg === 'request completed')
  expect(line).toMatchObject({ level: 30, surface: server, status: 499 })
  expect(line.code).not.toBe('internal_error')
  expect(read().filter(({ level }) => level > 30)).toEqual([])
  expect(upstream.requests).toEqual([])
})

it.each(['Identity', 'IDENTITY'])('a body in the coding %s is in none', async (coding) => {
  await using upstream = await startUpstream()
  await using gateway = await startGateway(upstream.url)
  const socket = await begin(gateway.restUrl, `${announced}\r\ncontent-encoding: ${coding}`, [body])
  expect(await readAll(socket)).toMatch(/^HTTP\/1\.1 200 /)
})

it('a length of 00 announces no body', async () => {
  await using upstream = await startUpstream()
  await using gateway = await startGateway(upstream.url)
  const target = 'GET /v1/v2/oauth-clients/cm9demo/users/7'
  const socket = await begin(gateway.restUrl, 'content-length: 00', [], target)
  expect(await readAll(socket)).toMatch(/^HTTP\/1\.1 200 /)
})
