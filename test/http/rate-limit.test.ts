import { type FastifyRequest, fastify } from 'fastify'
import { expect, test } from 'vitest'
import { createKey } from '../../src/config/gateway-keys.ts'
import { createMemoryRateStore, registerRateLimit } from '../../src/http/rate-limit.ts'
import { startGateway } from '../support/gateway.ts'
import { writeKeys } from '../support/key-file.ts'
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
  const store = createMemoryRateStore(() => now)
  expect(await store.count('a', 1000)).toEqual({ calls: 1, remaining: 1000 })
  now = 400
  expect(await store.count('a', 1000)).toEqual({ calls: 2, remaining: 600 })
  now = 1000
  expect(await store.count('a', 1000)).toEqual({ calls: 1, remaining: 1000 })
})

test('a store may take its time, and a failing one lets nobody in uncounted', async () => {
  const app = fastify()
  let calls = 0
  const store = {
    async count() {
      calls += 1
      if (calls > 2) throw new Error('the store is down')
      return { calls, remaining: 4_200 }
    },
  }
  const check = registerRateLimit(app, {
    ...{ calls: 1, window: 5_000, store, key: new Uint8Array(32) },
    credentialHeaders: ['x-secret'],
  })
  app.get('/', async (request: FastifyRequest) => check(request).then(() => 'in'))
  app.setErrorHandler((error, _request, reply) => {
    const { code, headers: told } = Object(error)
    return reply.code(500).send({ code, headers: told })
  })
  const first = await app.inject('/')
  expect(first.body).toBe('in')
  expect((await app.inject('/')).json()).toMatchObject({
    code: 'rate_limited',
    headers: { 'retry-after': '5' },
  })
  expect((await app.inject('/')).statusCode).toBe(500)
})
