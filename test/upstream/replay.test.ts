import { setImmediate } from 'node:timers/promises'
import { afterEach, expect, test, vi } from 'vitest'
import { GatewayError } from '../../src/errors/gateway-error.ts'
import { createMemoryStore } from '../../src/state/memory-store.ts'
import type { IdempotencyRecord } from '../../src/upstream/idempotency.ts'
import { findOperation, openRequester, openSlowStore, respond } from './requester-fixture.ts'

afterEach(() => void vi.useRealTimers())

const create = findOperation('POST', '/users')
const update = findOperation('PATCH', '/{userId}')
const remove = findOperation('DELETE', '/{userId}')
const refresh = findOperation('POST', '/oauth/{clientId}/refresh')
const forceRefresh = findOperation('POST', '/force-refresh')
const read = findOperation('GET', '/{userId}')

const writes = [create, update, remove, refresh, forceRefresh].map((operation) => ({
  operation,
  title: operation.summary,
}))

test.each(writes)(
  'the response that a client of "$title" did not wait for goes to the same call, once',
  async ({ operation }) => {
    const { call, sent } = openRequester()
    const first = await call(operation, { body: 'a' })
    await first.connection.disconnect()
    await sent[0]?.settle(null, respond(200, { token: 1 }))
    const second = await call(operation, { body: 'a' })
    expect(second.response?.body.toString()).toBe('{"token":1}')
    expect(second.response?.json).toEqual({ text: '{"token":1}', value: { token: 1 } })
    expect(sent).toHaveLength(1)
    await second.connection.settle('delivered')
    await call(operation, { body: 'a' })
    expect(sent).toHaveLength(2)
  },
)

test('a write that was sent is not given up because its client has disconnected', async () => {
  const { call, givenUp } = openRequester()
  for (const { operation } of writes) await (await call(operation)).connection.disconnect()
  expect(givenUp()).toBe(0)
})

test('a read is given up because its client has disconnected', async () => {
  const { call, givenUp } = openRequester()
  await (await call(read)).connection.disconnect()
  expect(givenUp()).toBe(1)
})

test.each(writes)(
  'a call of "$title" whose client has disconnected is continued by the same call',
  async ({ operation }) => {
    const { call, sent } = openRequester()
    await (await call(operation)).connection.disconnect()
    const second = await call(operation)
    expect(sent).toHaveLength(1)
    await sent[0]?.settle(null, respond(200))
    expect(second.response?.status).toBe(200)
  },
)

test('a response that was lost on its way goes to the same call', async () => {
  const { call, sent } = openRequester()
  const first = await call(create)
  await sent[0]?.settle(null, respond(201))
  await first.connection.settle('lost')
  expect((await call(create)).response?.status).toBe(201)
})

test.each(writes)(
  'a call of "$title" whose response is kept while the store is asked gets it',
  async ({ operation }) => {
    const { store, hold, release } = openSlowStore()
    const { call, sent } = openRequester({ store })
    const first = await call(operation)
    hold()
    const second = await call(operation)
    await first.connection.disconnect()
    await sent[0]?.settle(null, respond(200))
    await release()
    expect([second.response?.status, sent.length]).toEqual([200, 1])
  },
)

test('a response that is lost while the store is asked for it goes to the same call', async () => {
  const { store, hold, release } = openSlowStore()
  const { call, sent } = openRequester({ store })
  const first = await call(create)
  await sent[0]?.settle(null, respond(201))
  hold()
  const second = await call(create)
  await first.connection.settle('lost')
  await release()
  expect([second.response?.status, sent.length]).toEqual([201, 1])
})

test.each(writes)(
  'a call of "$title" whose client has disconnected is continued until its response is kept',
  async ({ operation }) => {
    const { store, hold, release } = openSlowStore()
    const { call, sent } = openRequester({ store })
    await (await call(operation)).connection.disconnect()
    hold()
    await sent[0]?.settle(null, respond(200))
    const second = await call(operation)
    await release()
    expect([second.response?.status, sent.length]).toEqual([200, 1])
  },
)

test('a client that waits has its call sent though the client whose call it continues left before it was sent', async () => {
  const { store, hold, release } = openSlowStore()
  const { call, sent } = openRequester({ store })
  hold()
  const first = await call(create, { disconnected: true })
  const second = await call(create)
  await release()
  expect([first.error?.code, second.error, sent.length]).toEqual(['client_disconnected', undefined, 1])
  await sent[0]?.settle(null, respond(201))
  expect(second.response?.status).toBe(201)
})

test('a failure that comes while the store is asked goes to the same call', async () => {
  const { store, hold, release } = openSlowStore()
  const { call, sent } = openRequester({ store })
  await (await call(create)).connection.disconnect()
  hold()
  const second = await call(create)
  await sent[0]?.settle(new GatewayError('upstream_timeout'))
  await release()
  expect([second.error?.code, sent.length]).toEqual(['upstream_timeout', 1])
})

test('a response that was delivered is not given again', async () => {
  const { call, sent } = openRequester()
  const first = await call(refresh)
  await sent[0]?.settle(null, respond(200))
  await first.connection.settle('delivered')
  await call(refresh)
  expect(sent).toHaveLength(2)
})

test('a response whose delivery is unknown is kept only where the call cannot be meant twice', async () => {
  for (const [operation, calls] of [
    [refresh, 1],
    [create, 2],
  ] as const) {
    const { call, sent } = openRequester()
    const first = await call(operation)
    await sent[0]?.settle(null, respond(200))
    await first.connection.settle('unknown')
    await call(operation)
    expect(sent).toHaveLength(calls)
  }
})

test('a response whose second delivery failed is kept for what is left of its minute', async () => {
  const { call, sent, clock } = openRequester()
  await (await call(create)).connection.disconnect()
  await sent[0]?.settle(null, respond(201))
  clock.now = 50_000
  await (await call(create)).connection.settle('lost')
  clock.now = 59_999
  await (await call(create)).connection.settle('lost')
  clock.now = 60_000
  await call(create)
  expect(sent).toHaveLength(2)
})

test('errors are not kept: the same call would meet them again', async () => {
  const { call, sent } = openRequester()
  await (await call(create)).connection.disconnect()
  await sent[0]?.settle(null, respond(409))
  await call(create)
  expect(sent).toHaveLength(2)
})

test.each([
  ['path', { path: '/other' }],
  ['body', { body: 'b' }],
  ['secret', { headers: { 'x-cal-client-id': '1', 'x-cal-secret-key': 'other-secret' } }],
  ['client', { headers: { 'x-cal-client-id': '2', 'x-cal-secret-key': 'demo-secret' } }],
  ['type', { headers: { 'content-type': 'application/merge-patch+json' } }],
  ['principal', { principal: 'other' }],
] as const)('a call with another %s is another call', async (_what, changes) => {
  const { call, sent } = openRequester()
  await (await call(refresh, { body: 'a' })).connection.disconnect()
  await sent[0]?.settle(null, respond(200))
  await call(refresh, { body: 'a', ...changes })
  expect(sent).toHaveLength(2)
})

test('identical refreshes under way share one call upstream', async () => {
  const { call, sent } = openRequester()
  const received = await Promise.all(Array.from({ length: 20 }, () => call(refresh, { body: 'a' })))
  expect(sent).toHaveLength(1)
  await sent[0]?.settle(null, respond(200))
  expect(new Set(received.map((one) => one.response?.status))).toEqual(new Set([200]))
})

test('identical creations whose clients all wait are as many calls', async () => {
  const { call, sent } = openRequester()
  for (let n = 0; n < 3; n += 1) await call(create)
  expect(sent).toHaveLength(3)
})

test.each(['first', 'second'])(
  'of two equal creations at the same time the %s is continued by the same call',
  async (lost) => {
    const { call, sent } = openRequester()
    const both = [await call(create), await call(create)]
    const index = lost === 'first' ? 0 : 1
    await both[index]?.connection.disconnect()
    const again = await call(create)
    expect(sent).toHaveLength(2)
    await sent[index]?.settle(null, respond(201, { lost }))
    expect(again.response?.body.toString()).toBe(JSON.stringify({ lost }))
  },
)

test('equal creations whose clients have disconnected are continued by as many calls', async () => {
  const { call, sent } = openRequester()
  const lost = [await call(create), await call(create)]
  for (const { connection } of lost) await connection.disconnect()
  const again = [await call(create), await call(create)]
  expect(sent).toHaveLength(2)
  for (const [id, one] of sent.entries()) await one.settle(null, respond(201, { id }))
  expect(again.map(({ response }) => response?.body.toString()).sort()).toEqual(['{"id":0}', '{"id":1}'])
})

test.each([0, 1])('the response of each of two equal changes under way is made stale (%d)', async (index) => {
  const { call, sent } = openRequester()
  const both = [await call(update), await call(update)]
  await call(remove)
  await sent[2]?.settle(null, respond(200))
  await both[index]?.connection.disconnect()
  await sent[index]?.settle(null, respond(200))
  await call(update)
  expect(sent).toHaveLength(4)
})

test.each([
  ['a change of a user', update, update, { body: 'other' }, 2],
  ['a deletion of that user', update, remove, {}, 2],
  ['a deletion of that user', forceRefresh, remove, {}, 2],
  ['a deletion in that collection', create, remove, {}, 2],
  ['a change in that collection', create, update, {}, 1],
  ['another creation', create, create, { body: 'other' }, 1],
  ['a change of another user', update, update, { path: '/v2/oauth-clients/1/users/2' }, 1],
] as const)(
  'after %s an older response of that kind counts as it should',
  async (_what, kept, between, changes, calls) => {
    const { call, sent } = openRequester()
    await (await call(kept)).connection.disconnect()
    await sent[0]?.settle(null, respond(200))
    await call(between, changes)
    await sent[1]?.settle(null, respond(200))
    await call(kept)
    expect(sent).toHaveLength(calls + 1)
  },
)

test('what is kept is bounded: the oldest responses give way', async () => {
  const { call, sent } = openRequester()
  for (let n = 0; n < 20; n += 1) {
    await (await call(create, { body: String(n) })).connection.disconnect()
    await sent[n]?.settle(null, respond(201, 'a'.repeat(1024 * 1024)))
  }
  await call(create, { body: '19' })
  expect(sent).toHaveLength(20)
  await call(create, { body: '0' })
  expect(sent).toHaveLength(21)
})

test('a refresh that comes again while the delivery of its response is uncertain waits for certainty', async () => {
  for (const [delivery, calls] of [
    ['delivered', 2],
    ['lost', 1],
    ['unknown', 1],
  ] as const) {
    const { call, sent } = openRequester()
    const first = await call(refresh)
    await sent[0]?.settle(null, respond(200))
    const second = await call(refresh)
    expect([second.response, sent.length]).toEqual([undefined, 1])
    await first.connection.settle(delivery)
    expect([second.response?.status, sent.length]).toEqual([calls === 1 ? 200 : undefined, calls])
  }
})

test('a response against whose delivery nothing speaks for a while was delivered', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout'] })
  const { call, sent } = openRequester()
  await call(refresh)
  await sent[0]?.settle(null, respond(200))
  await call(refresh)
  await vi.advanceTimersByTimeAsync(100)
  expect(sent).toHaveLength(2)
})

test('the way to the upstream is not closed before a response is kept', async () => {
  const { store, hold, release } = openSlowStore()
  const keep = vi.spyOn(store, 'keep')
  const { call, sent, close } = openRequester({ store })
  const first = await call(update)
  hold()
  await first.connection.disconnect()
  await sent[0]?.settle(null, respond(200))
  const closing = close().then(() => keep.mock.calls.length)
  await setImmediate()
  await release()
  expect(await closing).toBe(1)
})

test('two equal calls of an operation without x-redeliver are two calls', async () => {
  const { redeliver: _, ...plain } = create
  const { call, sent } = openRequester()
  await (await call(plain)).connection.disconnect()
  const second = await call(plain)
  expect(sent).toHaveLength(2)
  for (const one of sent) await one.settle(null, respond(201))
  expect(second.response?.status).toBe(201)
  await call(plain)
  expect(sent).toHaveLength(3)
})

test('of a response that is kept only its bytes are kept', async () => {
  const store = createMemoryStore<IdempotencyRecord>(() => 0)
  const keep = vi.spyOn(store, 'keep')
  const { call, sent } = openRequester({ store })
  await (await call(create)).connection.disconnect()
  const body = Buffer.from(`{"a":1}${' '.repeat(10_000)}`).subarray(0, 7)
  await sent[0]?.settle(null, { ...respond(201), body })
  const second = await call(create)
  expect(second.response?.body.toString()).toBe('{"a":1}')
  expect(keep.mock.calls[0]?.[1].value.response).toEqual({
    status: 201,
    headers: { 'cache-control': 'no-store', 'content-type': 'application/json' },
    body: Buffer.from('{"a":1}').toString('base64'),
  })
  expect(second.response?.json).toEqual({ text: '{"a":1}', value: { a: 1 } })
})
