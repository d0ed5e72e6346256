import { setImmediate } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { GatewayError } from '../../src/errors/gateway-error.ts'
import { createMemoryStore } from '../../src/state/memory-store.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { behaveWell, type RawUpstream, startRawUpstream, writeAnswer } from '../support/raw-upstream.ts'
import { calls, servers } from '../support/servers.ts'
import { findOperation, openRequester, openSlowStore, type Received, respond } from './requester-fixture.ts'

const create = findOperation('POST', '/users')
const forceRefresh = findOperation('POST', '/force-refresh')
const key = { idempotencyKey: 'key-1' }

/** What a call got. */
function outcome({ error, response }: Received): string | number | undefined {
  return error?.code ?? response?.status
}

test('the same call with the same key gets the same response without a second effect', async () => {
  const { call, sent } = openRequester()
  await call(create, key)
  await sent[0]?.settle(null, respond(201, { id: 1 }, { 'x-request-id': 'r1' }))
  const second = await call(create, key)
  expect(outcome(second)).toBe(201)
  expect([second.response?.body.toString(), second.response?.headers['x-request-id']]).toEqual([
    '{"id":1}',
    'r1',
  ])
  expect(sent).toHaveLength(1)
})

test.each([
  [respond(200, { id: 1 })],
  [respond(201, [1, 'ö'], { 'content-type': 'application/vnd.shop+json; charset=utf-8' })],
  [respond(302, { id: 1 })],
  [respond(204, {}, { 'content-type': 'application/json' })],
  [{ status: 200, headers: { 'content-type': 'text/plain' }, body: Buffer.from('{"id":1}') }],
  [{ status: 200, headers: {}, body: Buffer.alloc(0) }],
  [respond(500, { id: 1 })],
])('a repeated response (%o) has the parsed JSON of the first one, or none', async (given) => {
  const { call, sent } = openRequester()
  const first = await call(create, key)
  await sent[0]?.settle(null, given)
  const second = await call(create, key)
  expect(second.response).toEqual(first.response)
  expect(second.response?.json !== undefined).toBe(first.response?.json !== undefined)
  expect(sent).toHaveLength(1)
})

test('the JSON of a repeated response is parsed only where it is read', async () => {
  const { call, sent } = openRequester()
  await call(create, key)
  await sent[0]?.settle(null, respond(200, { id: 1 }))
  using parse = vi.spyOn(JSON, 'parse')
  const { response } = await call(create, key)
  expect(parse).not.toHaveBeenCalledWith('{"id":1}')
  expect(response?.json).toEqual({ text: '{"id":1}', value: { id: 1 } })
})

test('while the first call is under way the second is refused, and may come again', async () => {
  const { call, sent } = openRequester()
  await call(create, key)
  const second = await call(create, key)
  expect(outcome(second)).toBe('idempotency_key_in_use')
  expect(second.error?.headers['retry-after']).toBe('1')
  expect(sent).toHaveLength(1)
})

const merged = { headers: { 'content-type': 'application/merge-patch+json' } }

test.each([{ body: 'other' }, { path: '/other' }, { headers: { 'x-trace': '2' } }, merged])(
  'the same key with another call (%o) is refused',
  async (changes) => {
    const { call, sent } = openRequester()
    await call(create, key)
    expect(outcome(await call(create, { ...key, ...changes }))).toBe('idempotency_key_reused')
    expect(sent).toHaveLength(1)
  },
)

test('a trace and what the gateway says of itself make no other call', async () => {
  const { call, sent } = openRequester()
  await call(create, { ...key, headers: { traceparent: '00-1', 'user-agent': 'calgate' } })
  await sent[0]?.settle(null, respond(201))
  expect(outcome(await call(create, { ...key, headers: { traceparent: '00-2' } }))).toBe(201)
})

test('keys of two clients and of two operations do not meet', async () => {
  const { call, sent } = openRequester()
  await call(create, key)
  await call(create, { ...key, headers: { 'x-cal-client-id': '1', 'x-cal-secret-key': 'other-secret' } })
  await call(forceRefresh, key)
  expect(sent).toHaveLength(3)
})

test('a key is forgotten after ten minutes', async () => {
  const { call, clock, sent } = openRequester()
  for (const [now, count] of [
    [0, 1],
    [599_999, 1],
    [1_200_000, 2],
  ] as const) {
    clock.now = now
    await call(create, key)
    await sent[sent.length - 1]?.settle(null, respond(201))
    expect(sent).toHaveLength(count)
  }
})

test.each([
  ['a failure of the upstream', null, respond(500), 500],
  ['an unknown outcome', new GatewayError('upstream_timeout'), undefined, 'upstream_timeout'],
] as const)('%s is repeated', async (_what, error, given, expected) => {
  const { call, sent } = openRequester()
  await call(create, key)
  await sent[0]?.settle(error, given)
  expect(outcome(await call(create, key))).toBe(expected)
  expect(sent).toHaveLength(1)
})

test.each([
  ['was not sent', new GatewayError('upstream_unreachable'), undefined],
  ['met a request to wait', null, respond(429)],
] as const)('a call that %s may be sent again under its key', async (_what, error, given) => {
  const { call, sent } = openRequester()
  await call(create, key)
  await sent[0]?.settle(error, given)
  await call(create, key)
  expect(sent).toHaveLength(2)
})

test.each([
  ['a response', null, respond(201)],
  ['a refusal', null, respond(409)],
  ['an unknown outcome', new GatewayError('upstream_timeout'), undefined],
] as const)(
  'the way to the upstream is not closed before %s is written down',
  async (_what, error, given) => {
    const { store, hold, release } = openSlowStore()
    const { call, sent, close } = openRequester({ store })
    const first = await call(create, key)
    hold()
    await first.connection.disconnect()
    await sent[0]?.settle(error, given)
    let isClosed = false
    const closing = close().then(() => {
      isClosed = true
    })
    await setImmediate()
    expect(isClosed).toBe(false)
    await release()
    await closing
  },
)

test('responses of one client that are too many are not repeated, and no call is sent twice by it', async () => {
  const { call, sent } = openRequester({ store: createMemoryStore(() => 0, 100_000) })
  const keys = Array.from({ length: 60 }, (_, n) => ({ idempotencyKey: `key ${n}` }))
  for (const one of keys) await call(create, one)
  for (const one of sent) await one.settle(null, respond(201, { text: 'x'.repeat(2_000) }))
  const repeated = await Promise.all(keys.map((one) => call(create, one)))
  expect([repeated[0], repeated[59]].map((one) => one && outcome(one))).toEqual([
    'upstream_invalid_response',
    201,
  ])
  expect(repeated[0]?.error?.toProblem()).toMatchObject({
    outcome: 'unknown',
    retryable: false,
    recovery: create.recovery,
  })
  expect(sent).toHaveLength(60)
  const other = { ...key, headers: { 'x-cal-client-id': '2' } }
  await call(create, other)
  await sent[60]?.settle(null, respond(201))
  expect(outcome(await call(create, other))).toBe(201)
})

let upstream: RawUpstream
let gateway: RunningGateway
beforeAll(async () => {
  upstream = await startRawUpstream()
  gateway = await startGateway(upstream.url)
})
beforeEach(() => {
  upstream.behave = behaveWell
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await upstream[Symbol.asyncDispose]()
})

test.each(['create', 'force-refresh', 'refresh'] as const)(
  'on REST %s takes a key, quoted or not, and keeps it',
  async (name) => {
    let number = 0
    upstream.behave = (socket) => {
      number += 1
      socket.write(writeAnswer(`{"status":"success","data":{"number":${number}}}`))
    }
    const results = []
    for (const value of ['k1', '"k1"', 'k2'])
      results.push(await servers.rest(gateway, calls[name], { headers: { 'idempotency-key': value } }))
    expect(results.map(({ text }) => JSON.parse(text).data.number)).toEqual([1, 1, 2])
  },
)

test('on REST a key is no key to an operation that takes none', async () => {
  const before = upstream.hits
  for (let n = 0; n < 2; n += 1)
    await servers.rest(gateway, calls.update, { headers: { 'idempotency-key': 'k' } })
  expect(upstream.hits - before).toBe(2)
})

test('on REST a key that is none is refused by its name', async () => {
  const { status, text } = await servers.rest(gateway, calls.create, {
    headers: { 'idempotency-key': 'a'.repeat(256) },
  })
  expect([status, JSON.parse(text).errors[0].location]).toEqual([400, 'header.Idempotency-Key'])
})
