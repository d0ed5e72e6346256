import { once } from 'node:events'
import { fastify } from 'fastify'
import { expect, test } from 'vitest'
import { openGrant } from '../../src/access/authorization.ts'
import { createKey } from '../../src/config/gateway-keys.ts'
import { GatewayError } from '../../src/errors/gateway-error.ts'
import { registerRateLimit } from '../../src/http/rate-limit.ts'
import { Fingerprint } from '../../src/state/fingerprint.ts'
import { createMemoryStore } from '../../src/state/memory-store.ts'
import type { CounterStore } from '../../src/state/store.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { startIssuer } from '../support/issuer.ts'
import { writeKeys } from '../support/key-file.ts'
import { openConnection } from '../support/raw-connection.ts'
import { calls, type Extras, toMcpRequest, toRestRequest } from '../support/servers.ts'
import { startUpstream } from '../support/upstream-stub.ts'

const users = '/v1/v2/oauth-clients/cm9demo/users'
const headers = { 'x-cal-secret-key': 'demo-secret' }

test('a caller that calls too often is told when to come back, and nothing goes upstream', async () => {
  await using upstream = await startUpstream()
  await using running = await startGateway(upstream.url, { RATE_LIMIT: '2/h' })
  const statuses: number[] = []
  for (let n = 0; n < 3; n += 1) {
    const answer = await fetch(running.restUrl + users, { headers })
    statuses.push(answer.status)
    if (answer.status !== 429) continue
    expect(await answer.json()).toMatchObject({ code: 'rate_limited', outcome: 'not_executed' })
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(3590)
  }
  expect(statuses).toEqual([200, 200, 429])
  expect(upstream.requests).toHaveLength(2)
})

test('both ports count together', async () => {
  await using upstream = await startUpstream()
  await using running = await startGateway(upstream.url, { RATE_LIMIT: '1/h' })
  await fetch(running.restUrl + users, { headers })
  const body = '{"jsonrpc":"2.0","id":1,"method":"ping"}'
  const init = { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body }
  expect((await fetch(`${running.mcpUrl}/mcp`, init)).status).toBe(429)
})

test('another credential is another caller', async () => {
  await using upstream = await startUpstream()
  await using running = await startGateway(upstream.url, { RATE_LIMIT: '1/h' })
  const call = (secret: string) => fetch(running.restUrl + users, { headers: { 'x-cal-secret-key': secret } })
  const answers = [await call('one'), await call('two'), await call('one')]
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 429])
})

test.each(['rest', 'mcp'] as const)(
  'a secret beside a key of the gateway gives no further calls on %s',
  async (server) => {
    const { key, line } = createKey('one', ['managed-users:read'])
    using file = writeKeys([line])
    await using upstream = await startUpstream()
    await using running = await startGateway(upstream.url, {
      RATE_LIMIT: '2/h',
      GATEWAY_KEYS_FILE: file.path,
    })
    const codes: unknown[] = []
    for (let n = 0; n < 5; n += 1) {
      const extras = { secret: `made-up-${n}`, headers: { authorization: `Bearer ${key}` } }
      codes.push(await readCode(running, server, extras))
    }
    expect(codes).toEqual([undefined, undefined, 'rate_limited', 'rate_limited', 'rate_limited'])
    expect(upstream.requests).toHaveLength(2)
  },
)

test('a secret beside an access token gives no further calls', async () => {
  await using issuer = await startIssuer()
  await using upstream = await startUpstream()
  await using running = await startGateway(upstream.url, { RATE_LIMIT: '2/h', ...issuer.environment })
  const scope = 'managed-users:read'
  for (let n = 0; n < 5; n += 1) {
    const headers = { authorization: `Bearer ${await issuer.sign({ scope })}` }
    await readCode(running, n % 2 === 0 ? 'rest' : 'mcp', { secret: `made-up-${n}`, headers })
  }
  expect(upstream.requests).toHaveLength(2)
})

test('a client that leaves while it is authenticated, and has no address any more, is no failure', async () => {
  await using issuer = await startIssuer()
  await using upstream = await startUpstream()
  const asked = Promise.withResolvers<void>()
  const environment = { RATE_LIMIT: '9/h', ...issuer.environment }
  await using running = await startGateway(upstream.url, environment, {
    issuerKeys: { fetch: (...request) => asked.promise.then(() => fetch(...request)) },
  })
  const authorization = `Bearer ${await issuer.sign({ scope: 'managed-users:read' })}`
  const socket = openConnection(running.restUrl)
  await once(socket, 'connect')
  const head = [`GET ${users} HTTP/1.1`, 'Host: 127.0.0.1', `Authorization: ${authorization}`, '', '']
  socket.write(head.join('\r\n'), () => socket.resetAndDestroy())
  await expect.poll(() => running.log.join('')).toContain('"status":499')
  asked.resolve()
  expect((await fetch(running.restUrl + users, { headers: { ...headers, authorization } })).status).toBe(200)
  expect(running.log.join('')).not.toContain('"msg":"failed"')
})

test('a secret in the arguments is limited as itself, whatever the headers and the address say', async () => {
  await using upstream = await startUpstream()
  await using running = await startGateway(upstream.url, { RATE_LIMIT: '2/h' })
  const values = { ...calls.get.arguments, 'x-cal-secret-key': 'demo-secret' }
  const { path: url, init } = toMcpRequest({ ...calls.get, arguments: values })
  const { 'x-cal-secret-key': _, ...others } = init.headers
  for (let n = 0; n < 5; n += 1) {
    const headers = {
      ...others,
      host: 'localhost',
      'x-made-up': `${n}`,
      authorization: `Bearer made-up-${n}`,
    }
    const sender = { remoteAddress: `192.0.2.${n}` }
    await running.gateway.mcp.inject({ method: 'POST', url, headers, payload: init.body, ...sender })
  }
  expect(upstream.requests).toHaveLength(2)
})

test('each call of a batch is counted', async () => {
  await using upstream = await startUpstream()
  await using running = await startGateway(upstream.url, { RATE_LIMIT: '5/min' })
  const { path, init } = toMcpRequest(calls.get)
  const batch = Array.from({ length: 100 }, (_, id) => ({ ...JSON.parse(init.body), id }))
  const response = await fetch(running.mcpUrl + path, { ...init, body: JSON.stringify(batch) })
  const text = await response.text()
  expect(text.match(/"code":"rate_limited"/g)).toHaveLength(95)
  expect(upstream.requests).toHaveLength(5)
})

/** Makes a call; the code of the gateway's refusal, on MCP also one in the place of a result. */
async function readCode(running: RunningGateway, server: 'rest' | 'mcp', extras: Extras): Promise<unknown> {
  const { path, init } = (server === 'rest' ? toRestRequest : toMcpRequest)(calls.get, extras)
  const response = await fetch((server === 'rest' ? running.restUrl : running.mcpUrl) + path, init)
  return /"code":"(\w+)"/.exec(await response.text())?.[1]
}

test('a credential is the same however its header is spelt', async () => {
  const { key, line } = createKey('one', ['managed-users:read'])
  using file = writeKeys([line])
  await using upstream = await startUpstream()
  await using running = await startGateway(upstream.url, { RATE_LIMIT: '1/h', GATEWAY_KEYS_FILE: file.path })
  const call = (authorization: string) =>
    fetch(running.restUrl + users, { headers: { ...headers, authorization } })
  const answers = [await call(`Bearer ${key}`), await call(`bearer ${key}`), await call(`Bearer   ${key}`)]
  expect(answers.map(({ status }) => status)).toEqual([200, 429, 429])
})

test('a header that lets nobody in here makes no other caller', async () => {
  await using upstream = await startUpstream()
  await using running = await startGateway(upstream.url, { RATE_LIMIT: '1/h' })
  const call = (authorization: string) =>
    fetch(running.restUrl + users, { headers: { ...headers, authorization } })
  expect([(await call('one')).status, (await call('two')).status]).toEqual([200, 429])
})

test('without a limit nobody is counted', async () => {
  await using upstream = await startUpstream()
  await using running = await startGateway(upstream.url)
  for (let n = 0; n < 5; n += 1) expect((await fetch(running.restUrl + users, { headers })).status).toBe(200)
})

test('a window begins with the first call and ends by the clock', async () => {
  let now = 0
  const store = createMemoryStore(() => now)
  expect(await store.count('a', 1000)).toEqual({ calls: 1, remaining: 1000 })
  now = 400
  expect(await store.count('a', 1000)).toEqual({ calls: 2, remaining: 600 })
  now = 1000
  expect(await store.count('a', 1000)).toEqual({ calls: 1, remaining: 1000 })
})

/** An app whose only route is limited to one call in five seconds, and says what the limit says. */
function createLimitedApp(store: CounterStore, window = 5_000) {
  const app = fastify()
  app.decorateRequest('grant')
  app.addHook('onRequest', async (request) => {
    request.grant = openGrant
  })
  registerRateLimit(app, {
    ...{ calls: 1, window, store },
    fingerprint: new Fingerprint(new Uint8Array(32)),
    credentials: [{ in: 'header', key: 'x-secret' }],
  })
  app.get('/', () => 'in')
  app.setErrorHandler((error, _request, reply) =>
    error instanceof GatewayError
      ? reply.code(error.status).headers(error.headers).send(error.code)
      : reply.code(500).send('failed'),
  )
  return app
}

test('a store may take its time, and a failing one lets nobody in uncounted', async () => {
  let calls = 0
  const app = createLimitedApp({
    async count() {
      calls += 1
      if (calls > 2) throw new Error('the store is down')
      return { calls, remaining: 4_200 }
    },
  })
  const responses = [await app.inject('/'), await app.inject('/'), await app.inject('/')]
  expect(responses.map(({ body }) => body)).toEqual(['in', 'rate_limited', 'failed'])
  expect(responses[1]?.headers['retry-after']).toBe('5')
})

test('a limit with another period begins anew: nobody waits for the end of the old one', async () => {
  const store = createMemoryStore(() => 0)
  const call = (window: number) => createLimitedApp(store, window).inject('/')
  const responses = [await call(3_600_000), await call(3_600_000), await call(1_000), await call(1_000)]
  expect(responses.map(({ headers }) => headers['retry-after'])).toEqual([undefined, '3600', undefined, '1'])
})

test('each call of a request counts for the credentials that it goes upstream with', async () => {
  const counted: string[] = []
  const app = createLimitedApp({
    async count(name) {
      counted.push(name)
      return { calls: 1, remaining: 5_000 }
    },
  })
  app.get('/batch', async ({ countCall }) => {
    for (const secret of ['one', 'other', 'one']) await countCall?.({ 'x-secret': secret })
  })
  await app.inject({ url: '/batch', headers: { 'x-secret': 'one' } })
  const [one, other] = counted
  expect([counted, one === other]).toEqual([[one, other, one], false])
})

test('an IPv6 address is limited with its /64 network, an IPv4 address by itself', async () => {
  const app = createLimitedApp(createMemoryStore(() => 0))
  const addresses = [
    '2001:db8::1',
    '2001:db8::ffff:2',
    '2001:db8:0:1::1',
    '::ffff:192.0.2.1',
    '192.0.2.1',
    '192.0.2.2',
  ]
  const statuses: number[] = []
  for (const remoteAddress of addresses)
    statuses.push((await app.inject({ url: '/', remoteAddress })).statusCode)
  expect(statuses).toEqual([200, 429, 200, 200, 429, 200])
})
