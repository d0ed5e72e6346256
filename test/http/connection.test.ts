import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { countRequests } from '../../src/http/connection.ts'
import { createRandom } from '../../stress/random.ts'
import { sendRaw } from '../attack/raw-http.ts'
import { attack } from '../support/attack.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { soundLines, write, writePost } from '../support/malformed.ts'
import { mcpTarget } from '../support/mcp-calls.ts'
import { openRandomConnections } from '../support/random-connections.ts'
import { openConnection, readAll } from '../support/raw-connection.ts'
import { restTarget } from '../support/rest-calls.ts'
import { respondJson, startSlowUpstream, startUpstream } from '../support/upstream-stub.ts'

const deletion = { name: 'delete-managed-user', arguments: { clientId: 'cm9demo', userId: 4711 } }
const call = write(`GET ${restTarget.path} HTTP/1.1`, soundLines)

it('what is worked on is answered, though what follows it on the connection is broken', async () => {
  await using upstream = await startSlowUpstream({ status: 'success', data: { id: 4711 } })
  await using gateway = await startGateway(upstream.url)
  const exchange = attack({ gateway, upstream }, 'rest', `${call}BROKEN\r\n\r\n`)
  await upstream.arrived
  upstream.release()
  const { answers, rest } = await exchange
  expect(answers.map(({ status }) => status)).toEqual([200])
  expect(answers[0]?.body).toContain('4711')
  expect(rest).toBe('')
})

it('two calls of one connection are answered in their order', async () => {
  await using upstream = await startUpstream(({ url }, response) => {
    const answer = () => respondJson(response, 200, { status: 'success', data: { url } })
    if (url.includes('limit=1')) setImmediate(() => setImmediate(answer))
    else answer()
  })
  await using gateway = await startGateway(upstream.url)
  const calls = ['1', '2'].map((limit) => call.replace('users ', `users?limit=${limit} `))
  const { answers } = await attack({ gateway, upstream }, 'rest', calls.join(''), { answers: 2 })
  expect(answers.map(({ body }) => /limit=\d/.exec(body)?.[0])).toEqual(['limit=1', 'limit=2'])
})

it('a refused body that turns out broken gets no second answer', async () => {
  await using upstream = await startUpstream()
  await using gateway = await startGateway(upstream.url)
  const head = write('POST /nowhere HTTP/1.1', [...soundLines, 'Transfer-Encoding: chunked'])
  const { answers, rest } = await attack(
    { gateway, upstream },
    'rest',
    `${head}${'1\r\na\r\n'.repeat(50_000)}ZZ\r\n`,
  )
  expect(answers).toHaveLength(1)
  expect(rest).toBe('')
})

it('the authority of a target in absolute form stands for Host', async () => {
  await using upstream = await startUpstream()
  await using gateway = await startGateway(upstream.url)
  const target = (host: string) => call.replace('GET /', `GET http://${host}/`)
  const own = await attack({ gateway, upstream }, 'rest', target('localhost'))
  const other = await attack({ gateway, upstream }, 'rest', target('gate.example.org'))
  expect([own, other].map(({ answers }) => answers[0]?.status)).toEqual([200, 403])
})

it.each([
  ['heads', (fill: string) => write('GET /nowhere HTTP/1.1', [...soundLines, `X-Fill: ${fill}`])],
  ['bodies', (fill: string) => writePost(restTarget, [], `{"email":"${fill}"}`)],
])(
  'of the %s behind a call only so much is read before it has its response, and none is late',
  async (_, compose) => {
    await using upstream = await startSlowUpstream({ status: 'success', data: {} })
    const timeouts = { headers: 200, request: 400, keepAlive: 72_000 }
    await using gateway = await startGateway(upstream.url, {}, { timeouts })
    const count = 1_000
    const socket = openConnection(gateway.restUrl)
    const responses = readAll(socket)
    socket.write(call)
    await upstream.arrived
    const other = compose('x'.repeat(1_000))
    socket.write(other.repeat(count - 1) + other.replace('\r\n', '\r\nConnection: close\r\n'))
    await wait(1_000)
    expect(countRequests(gateway.gateway.rest.server)).toBeLessThan(300)
    upstream.release()
    expect((await responses).match(/HTTP\/1.1 (?:200|40[04])/g)).toHaveLength(count + 1)
  },
)

it('a request that did not wait for the response before it does not say that the response arrived', async () => {
  let creations = 0
  await using upstream = await startUpstream(({ method }, response) => {
    if (method !== 'POST') return
    creations += 1
    respondJson(response, 201, { status: 'success', data: {} })
  })
  await using gateway = await startGateway(upstream.url)
  const creation = writePost(restTarget, [])
  const socket = openConnection(gateway.restUrl)
  socket.write(creation + call)
  await expect.poll(() => upstream.requests.length).toBe(2)
  socket.write(call)
  await expect.poll(() => countRequests(gateway.gateway.rest.server)).toBe(2)
  socket.resetAndDestroy()
  await expect.poll(() => countRequests(gateway.gateway.rest.server)).toBe(0)
  await wait(50)
  // Each request is recorded once, and none ends twice.
  expect(gateway.log.filter((line) => line.includes('"status":499'))).toHaveLength(2)
  expect(countRequests(gateway.gateway.rest.server)).toBe(0)
  const { answers } = await attack({ gateway, upstream }, 'rest', creation)
  expect([answers[0]?.status, creations]).toEqual([201, 1])
})

const document = 'GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n'
const connect = 'CONNECT x:1 HTTP/1.1\r\nHost: x:1\r\n\r\n'

async function readActive({ gateway }: RunningGateway): Promise<string | undefined> {
  const { body } = await gateway.control.inject('/metrics')
  return /^calgate_requests_active (\d+)$/m.exec(body)?.[1]
}

it('requests that wait behind others on a connection that ends take no slot with them', async () => {
  await using upstream = await startUpstream()
  await using gateway = await startGateway(
    upstream.url,
    {},
    { admission: { active: 2, waiting: 0, timeout: 0 } },
  )
  const exchanges = Array.from({ length: 6 }, () =>
    attack({ gateway, upstream }, 'rest', document.repeat(60) + connect, { answers: 61 }),
  )
  const ends = await Promise.all(exchanges)
  for (const { answers } of ends) expect(answers.at(-1)?.status).toBeOneOf([405, 503])
  expect(await readActive(gateway)).toBe('0')
  const { answers } = await attack({ gateway, upstream }, 'rest', call)
  expect(answers.map(({ status }) => status)).toEqual([200])
})

it.each(['rest', 'mcp', 'control'] as const)('CONNECT is refused on %s', async (server) => {
  await using upstream = await startUpstream()
  await using running = await startGateway(upstream.url)
  const refused = await sendRaw(await findPort(running, server), Buffer.from(connect))
  expect(refused.answers.map(({ status, head }) => [status, /^allow: *$/im.test(head)])).toEqual([
    [405, true],
  ])
})

async function findPort({ gateway, restUrl, mcpUrl }: RunningGateway, server: 'rest' | 'mcp' | 'control') {
  const url =
    server === 'control'
      ? await gateway.control.listen({ host: '127.0.0.1', port: 0 })
      : { rest: restUrl, mcp: mcpUrl }[server]
  return Number(new URL(url).port)
}

/** Node drops what stands behind these in the same piece: nobody speaks another protocol. */
it.each([
  ['rest', 'GET /openapi.json', 'websocket'],
  ['rest', `POST ${restTarget.path}`, 'h2c'],
  ['mcp', 'GET /mcp', 'websocket'],
  ['mcp', 'POST /mcp', 'h2c'],
  ['control', 'GET /health/live', 'h2c'],
] as const)(
  '%s answers %s with Upgrade: %s as usual, and ends the connection',
  async (server, line, name) => {
    await using upstream = await startUpstream()
    await using running = await startGateway(upstream.url)
    const port = await findPort(running, server)
    const body = line.startsWith('POST') ? '{}' : ''
    const lines = body ? [...soundLines, 'Content-Type: application/json', 'Content-Length: 2'] : soundLines
    const send = (more: readonly string[], behind = '') =>
      sendRaw(port, Buffer.from(write(`${line} HTTP/1.1`, [...lines, ...more], body) + behind))
    const usual = await send([])
    const asked = await send(['Connection: Upgrade, HTTP2-Settings', `Upgrade: ${name}`], call)
    expect(asked.answers.map(({ status }) => status)).toEqual(usual.answers.map(({ status }) => status))
    expect(asked.answers[0]?.head).toMatch(/^connection: close\r$/im)
    expect(usual.answers[0]?.head).not.toMatch(/^connection: close\r$/im)
    expect(upstream.requests).toEqual([])
  },
)

it('nothing behind a response that ends its connection is carried out', async () => {
  await using upstream = await startSlowUpstream()
  await using gateway = await startGateway(upstream.url)
  const socket = openConnection(gateway.restUrl)
  const lines = [...soundLines, 'Connection: Upgrade', 'Upgrade: h2c']
  socket.write(write(`GET ${restTarget.path} HTTP/1.1`, lines))
  await upstream.arrived
  // In a piece of its own, Node reads it.
  socket.write(write(`DELETE ${restTarget.path}/4711 HTTP/1.1`, soundLines))
  await expect.poll(() => countRequests(gateway.gateway.rest.server)).toBe(2)
  upstream.release()
  expect((await readAll(socket)).match(/^HTTP\/1\.1 \d+/gm)).toHaveLength(1)
  await expect.poll(() => countRequests(gateway.gateway.rest.server)).toBe(0)
  expect(upstream.requests.map(({ method }) => method)).toEqual(['GET'])
})

it.each([
  ['something broken', 'BROKEN\r\n\r\n'],
  ['half of a request', write('POST /mcp HTTP/1.1', [...soundLines, 'Content-Length: 100'], '{')],
  ['CONNECT', connect],
])('a call is given up when its client sends %s behind it and ends its half', async (_, behind) => {
  await using upstream = await startSlowUpstream()
  await using gateway = await startGateway(upstream.url)
  for (const method of ['GET', 'DELETE']) {
    const socket = openConnection(gateway.restUrl)
    socket.write(write(`${method} ${restTarget.path}/4711 HTTP/1.1`, soundLines))
    await upstream.arrived
    socket.end(behind)
    await readAll(socket)
  }
  upstream.release()
  await expect.poll(() => readActive(gateway)).toBe('0')
})

it.each([
  ['rest', write(`DELETE ${restTarget.path}/4711 HTTP/1.1`, soundLines)],
  [
    'mcp',
    writePost(
      mcpTarget,
      [],
      JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: deletion }),
    ),
  ],
] as const)(
  'a write on %s keeps its slot until the API responds, though its client has left',
  async (server, text) => {
    await using upstream = await startSlowUpstream()
    await using gateway = await startGateway(upstream.url)
    const socket = openConnection(server === 'rest' ? gateway.restUrl : gateway.mcpUrl)
    socket.write(text)
    await upstream.arrived
    socket.destroy()
    await expect.poll(() => gateway.log.join()).toContain('"status":499')
    expect(await readActive(gateway)).toBe('1')
    upstream.release()
    await expect.poll(() => readActive(gateway)).toBe('0')
  },
)

it('bodies that are never completed take no slot', async () => {
  await using upstream = await startUpstream()
  await using gateway = await startGateway(
    upstream.url,
    {},
    { admission: { active: 1, waiting: 0, timeout: 0 } },
  )
  // The server has read the head of a request once it asks for the body.
  const lines = [
    ...soundLines,
    'Content-Type: application/json',
    'Content-Length: 100',
    'Expect: 100-continue',
  ]
  const sockets = [gateway.mcpUrl, gateway.mcpUrl, gateway.restUrl].map((url) => openConnection(url))
  for (const [index, socket] of sockets.entries()) {
    socket.write(write(`POST ${index === 2 ? restTarget.path : '/mcp'} HTTP/1.1`, lines, '{'))
    await once(socket, 'data')
  }
  const { answers } = await attack({ gateway, upstream }, 'rest', call)
  expect(answers.map(({ status }) => status)).toEqual([200])
  for (const socket of sockets) socket.destroy()
})

it('GET, HEAD and DELETE of the MCP endpoint leave neither a slot nor a stream', async () => {
  await using upstream = await startUpstream()
  const limits = { admission: { active: 1, waiting: 0, timeout: 0 } }
  await using gateway = await startGateway(upstream.url, {}, limits)
  for (const method of ['GET', 'HEAD', 'DELETE']) {
    const lines = ['Host: localhost', 'Accept: text/event-stream', 'Mcp-Session-Id: 1', 'Last-Event-ID: 1']
    const sent = attack({ gateway, upstream }, 'mcp', write(`${method} /mcp HTTP/1.1`, lines))
    expect((await sent).answers.map(({ status }) => status)).toEqual([405])
    // Its connection stays open, as that of a client that waits for a stream would.
    const socket = openConnection(gateway.mcpUrl)
    socket.write(write(`${method} /mcp HTTP/1.1`, lines))
    await once(socket, 'data')
    const { answers } = await attack({ gateway, upstream }, 'rest', call)
    expect(answers.map(({ status }) => status)).toEqual([200])
    expect(await readActive(gateway)).toBe('0')
    socket.destroy()
  }
})

it('no slot is lost to random connections', async () => {
  await using upstream = await startUpstream()
  await using gateway = await startGateway(upstream.url, { LOG_LEVEL: 'silent' })
  await openRandomConnections([gateway.restUrl, gateway.mcpUrl], 150, createRandom(15))
  await expect.poll(() => readActive(gateway)).toBe('0')
})
