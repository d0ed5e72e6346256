import { once } from 'node:events'
import { Agent, type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http'
import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { openConnection } from '../support/raw-connection.ts'
import { behaveWell, type RawUpstream, startRawUpstream, writeAnswer } from '../support/raw-upstream.ts'
import { calls, type ServerName, servers, toMcpRequest, toRestRequest, writes } from '../support/servers.ts'

const names: readonly ServerName[] = ['rest', 'mcp']
const cases = names.flatMap((server) => writes.map((name) => ({ server, name })))

/** Begins a call on a connection of its own, which the test may break. */
function begin(gateway: RunningGateway, server: ServerName, name: (typeof writes)[number]): ClientRequest {
  const { path, init } = (server === 'rest' ? toRestRequest : toMcpRequest)(calls[name])
  const url = (server === 'rest' ? gateway.restUrl : gateway.mcpUrl) + path
  const { body } = init
  const request = httpRequest(url, { method: init.method, headers: init.headers, agent: false })
  request.on('error', () => {})
  if (body) request.setHeader('content-length', Buffer.byteLength(body))
  request.end(body)
  return request
}

/** Holds answers back until they are released; each tells which call it answers. */
function holdBack(upstream: RawUpstream): { release(): void } {
  const waiting: (() => void)[] = []
  let number = 0
  upstream.behave = (socket) => {
    number += 1
    const text = writeAnswer(`{"status":"success","data":{"number":${number}}}`)
    waiting.push(() => socket.write(text))
  }
  return {
    release() {
      for (const write of waiting.splice(0)) write()
    },
  }
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await setImmediate()
}

test.each(cases)(
  '$server: the answer to a $name whose caller has left goes to the same call while it is true, and to no other',
  async ({ server, name }) => {
    await using upstream = await startRawUpstream()
    await using gateway = await startGateway(upstream.url)
    const { release } = holdBack(upstream)
    const first = begin(gateway, server, name)
    await until(() => upstream.hits === 1)
    const gone = new Promise((resolve) => first.once('close', resolve))
    first.destroy()
    await gone
    const second = servers[server](gateway, calls[name], { secret: 'other-secret' })
    await until(() => upstream.hits === 2)
    release()
    expect(JSON.parse((await second).text).data.number).toBe(2)
    // What is answered about one user is untrue once another write to that user has succeeded.
    const hits = name === 'create' || name === 'refresh' ? 2 : 3
    const third = servers[server](gateway, calls[name])
    await until(() => upstream.hits === hits)
    if (hits === 3) release()
    expect(JSON.parse((await third).text).data.number).toBe(hits === 3 ? 3 : 1)
    expect(upstream.hits).toBe(hits)
  },
)

test.each(cases)(
  '$server: a $name that had its effect before its connection broke is not repeated',
  async ({ server, name }) => {
    await using upstream = await startRawUpstream((socket) => socket.resetAndDestroy())
    await using gateway = await startGateway(upstream.url)
    for (let n = 1; n <= 10; n += 1) {
      const { code, outcome, recovery } = await servers[server](gateway, calls[name])
      expect([code, outcome]).toEqual(['upstream_connection_lost', 'unknown'])
      if (name === 'update' || name === 'delete') expect(recovery).toBeUndefined()
      else expect(recovery?.toLowerCase()).toContain('force-refresh')
      expect(upstream.hits).toBe(n)
    }
  },
)

test.each(names)('%s: identical refreshes at a time are one call upstream', async (server) => {
  await using upstream = await startRawUpstream()
  await using gateway = await startGateway(upstream.url)
  const { release } = holdBack(upstream)
  const both = Promise.all([1, 2, 3].map(() => servers[server](gateway, calls.refresh)))
  await until(() => upstream.hits === 1)
  for (let turn = 0; turn < 50; turn += 1) await setImmediate()
  release()
  expect(new Set((await both).map(({ text }) => JSON.parse(text).data.number))).toEqual(new Set([1]))
  expect(upstream.hits).toBe(1)
})

test.each(names)('%s: a refresh whose answer arrived goes upstream again', async (server) => {
  await using upstream = await startRawUpstream()
  await using gateway = await startGateway(upstream.url)
  for (let n = 1; n <= 3; n += 1) {
    await servers[server](gateway, calls.refresh)
    expect(upstream.hits).toBe(n)
  }
})

test.each(cases)(
  '$server: a $name under way outlives its caller and the closing gateway',
  async ({ server, name }) => {
    await using upstream = await startRawUpstream()
    const gateway = await startGateway(upstream.url)
    let finished = false
    upstream.behave = (socket) => {
      socket.on('close', () => {
        finished ||= false
      })
      setTimeout(() => {
        finished = !socket.destroyed
        behaveWell(socket)
      }, 50)
    }
    const request = begin(gateway, server, name)
    await until(() => upstream.hits === 1)
    request.destroy()
    await gateway[Symbol.asyncDispose]()
    expect(finished).toBe(true)
  },
)

test.each(names)('%s: a read is given up when its caller leaves', async (server) => {
  await using upstream = await startRawUpstream()
  await using gateway = await startGateway(upstream.url)
  const closed = Promise.withResolvers<void>()
  upstream.behave = (socket) => socket.once('close', () => closed.resolve())
  const controller = new AbortController()
  const call = servers[server](gateway, calls.get, { signal: controller.signal })
  await until(() => upstream.hits === 1)
  controller.abort()
  await expect(call).rejects.toThrow()
  await closed.promise
})

test.each(cases)(
  '$server: a $name whose client has disconnected counts as running until it has ended upstream',
  async ({ server, name }) => {
    await using upstream = await startRawUpstream()
    const admission = { active: 1, waiting: 0, timeout: 0 }
    await using gateway = await startGateway(upstream.url, {}, { admission })
    const { release } = holdBack(upstream)
    const request = begin(gateway, server, name)
    await until(() => upstream.hits === 1)
    const gone = new Promise((resolve) => request.once('close', resolve))
    request.destroy()
    await gone
    const ask = async () => (await fetch(`${gateway.restUrl}/openapi.json`)).status
    for (let tick = 0; tick < 20; tick += 1) await setImmediate()
    expect(await ask()).toBe(503)
    release()
    while ((await ask()) === 503) await setImmediate()
    expect(upstream.hits).toBe(1)
  },
)

/** Writes a call as it stands on a connection. */
function spell({ path, init }: ReturnType<typeof toRestRequest | typeof toMcpRequest>): string {
  const { method, headers, body = '' } = init
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  const length = body === '' ? [] : [`content-length: ${Buffer.byteLength(body)}`]
  return [`${method} ${path} HTTP/1.1`, 'Host: 127.0.0.1', ...lines, ...length, '', body].join('\r\n')
}

test.each(names.flatMap((server) => (['create', 'refresh'] as const).map((name) => ({ server, name }))))(
  '$server: a request that was there before does not make the answer to a $name one that was read',
  async ({ server, name }) => {
    await using upstream = await startRawUpstream()
    await using gateway = await startGateway(upstream.url)
    const { release } = holdBack(upstream)
    const to = server === 'rest' ? toRestRequest : toMcpRequest
    const socket = openConnection(server === 'rest' ? gateway.restUrl : gateway.mcpUrl)
    socket.on('error', () => {}).pause()
    socket.write(spell(to(calls[name])) + spell(to(calls.list)))
    await until(() => upstream.hits === 1)
    release()
    await until(() => upstream.hits === 2)
    socket.resetAndDestroy()
    await until(() => gateway.log.join('').includes('"status":499'))
    const { text } = await servers[server](gateway, calls[name])
    expect(JSON.parse(text).data.number).toBe(1)
    expect(upstream.hits).toBe(2)
  },
)

test('the answers to a batch that was read are all one that was read', async () => {
  const warnings: string[] = []
  const note = ({ name }: Error) => void warnings.push(name)
  process.on('warning', note)
  await using upstream = await startRawUpstream()
  await using gateway = await startGateway(upstream.url)
  let number = 0
  upstream.behave = (socket) => {
    number += 1
    socket.write(writeAnswer(`{"status":"success","data":{"number":${number}}}`))
  }
  const { path, init } = toMcpRequest(calls.create)
  const batch = JSON.stringify(
    Array.from({ length: 12 }, (_, id) => {
      const message = JSON.parse(init.body ?? '')
      message.params.arguments.body.email = `ada+${id}@example.org`
      return { ...message, id }
    }),
  )
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const send = async (body: string) => {
    const sent = httpRequest(gateway.mcpUrl + path, { method: 'POST', headers: init.headers, agent })
    const [response]: IncomingMessage[] = await once(sent.end(body), 'response')
    await response?.resume().toArray()
    return sent.socket
  }
  await send(batch)
  const socket = await send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' }))
  expect(number).toBe(12)
  socket?.destroy()
  await send(batch)
  expect(number).toBe(24)
  process.off('warning', note)
  expect(warnings).not.toContain('MaxListenersExceededWarning')
  agent.destroy()
})
