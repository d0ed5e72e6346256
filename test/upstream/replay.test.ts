import { afterEach, expect, test, vi } from 'vitest'
import { answer, findOperation, openExchange } from './exchange-fixture.ts'

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
  'the answer that a caller of "$title" did not wait for goes to the same call, once',
  ({ operation }) => {
    const { call, sent } = openExchange()
    const first = call(operation, { body: 'a' })
    first.caller.leave()
    sent[0]?.settle(null, answer(200, { token: 1 }))
    const second = call(operation, { body: 'a' })
    expect(second.answer?.body.toString()).toBe('{"token":1}')
    expect(sent).toHaveLength(1)
    second.caller.settle('arrived')
    call(operation, { body: 'a' })
    expect(sent).toHaveLength(2)
  },
)

test('a write is not given up because its caller has left', () => {
  const { call, abandoned } = openExchange()
  for (const { operation } of writes) call(operation).caller.leave()
  expect(abandoned()).toBe(0)
})

test('a read is given up because its caller has left', () => {
  const { call, abandoned } = openExchange()
  call(read).caller.leave()
  expect(abandoned()).toBe(1)
})

test.each(writes)(
  'a call of "$title" whose caller has left is continued by the same call',
  ({ operation }) => {
    const { call, sent } = openExchange()
    call(operation).caller.leave()
    const second = call(operation)
    expect(sent).toHaveLength(1)
    sent[0]?.settle(null, answer(200))
    expect(second.answer?.status).toBe(200)
  },
)

test('an answer that was lost on its way goes to the same call', () => {
  const { call, sent } = openExchange()
  const first = call(create)
  sent[0]?.settle(null, answer(201))
  first.caller.settle('lost')
  expect(call(create).answer?.status).toBe(201)
})

test('an answer that arrived is not given again', () => {
  const { call, sent } = openExchange()
  const first = call(refresh)
  sent[0]?.settle(null, answer(200))
  first.caller.settle('arrived')
  call(refresh)
  expect(sent).toHaveLength(2)
})

test('an answer in doubt waits only where the call cannot be meant twice', () => {
  for (const [operation, calls] of [
    [refresh, 1],
    [create, 2],
  ] as const) {
    const { call, sent } = openExchange()
    const first = call(operation)
    sent[0]?.settle(null, answer(200))
    first.caller.settle('in doubt')
    call(operation)
    expect(sent).toHaveLength(calls)
  }
})

test('an answer whose second delivery failed waits on, for what is left of its minute', () => {
  const { call, sent, clock } = openExchange()
  call(create).caller.leave()
  sent[0]?.settle(null, answer(201))
  clock.now = 50_000
  call(create).caller.settle('lost')
  clock.now = 59_999
  call(create).caller.settle('lost')
  clock.now = 60_000
  call(create)
  expect(sent).toHaveLength(2)
})

test('errors do not wait: the same call would meet them again', () => {
  const { call, sent } = openExchange()
  call(create).caller.leave()
  sent[0]?.settle(null, answer(409))
  call(create)
  expect(sent).toHaveLength(2)
})

test.each([
  ['path', { path: '/other' }],
  ['body', { body: 'b' }],
  ['secret', { headers: { 'x-cal-client-id': '1', 'x-cal-secret-key': 'other-secret' } }],
  ['client', { headers: { 'x-cal-client-id': '2', 'x-cal-secret-key': 'demo-secret' } }],
] as const)('a call with another %s is another call', (_what, changes) => {
  const { call, sent } = openExchange()
  call(refresh, { body: 'a' }).caller.leave()
  sent[0]?.settle(null, answer(200))
  call(refresh, { body: 'a', ...changes })
  expect(sent).toHaveLength(2)
})

test('identical refreshes under way share one call upstream', () => {
  const { call, sent } = openExchange()
  const received = Array.from({ length: 20 }, () => call(refresh, { body: 'a' }))
  expect(sent).toHaveLength(1)
  sent[0]?.settle(null, answer(200))
  expect(new Set(received.map((one) => one.answer?.status))).toEqual(new Set([200]))
})

test('identical creations whose callers all wait are as many calls', () => {
  const { call, sent } = openExchange()
  for (let n = 0; n < 3; n += 1) call(create)
  expect(sent).toHaveLength(3)
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
  'after %s an older answer of that kind counts as it should',
  (_what, kept, between, changes, calls) => {
    const { call, sent } = openExchange()
    call(kept).caller.leave()
    sent[0]?.settle(null, answer(200))
    call(between, changes)
    sent[1]?.settle(null, answer(200))
    call(kept)
    expect(sent).toHaveLength(calls + 1)
  },
)

test('what waits is bounded: the oldest answers give way', () => {
  const { call, sent } = openExchange()
  for (let n = 0; n < 20; n += 1) {
    call(create, { body: String(n) }).caller.leave()
    sent[n]?.settle(null, answer(201, 'a'.repeat(1024 * 1024)))
  }
  call(create, { body: '19' })
  expect(sent).toHaveLength(20)
  call(create, { body: '0' })
  expect(sent).toHaveLength(21)
})

test('a refresh that comes again while the arrival of its answer is uncertain waits for certainty', () => {
  for (const [arrival, calls] of [
    ['arrived', 2],
    ['lost', 1],
    ['in doubt', 1],
  ] as const) {
    const { call, sent } = openExchange()
    const first = call(refresh)
    sent[0]?.settle(null, answer(200))
    const second = call(refresh)
    expect([second.answer, sent.length]).toEqual([undefined, 1])
    first.caller.settle(arrival)
    expect([second.answer?.status, sent.length]).toEqual([calls === 1 ? 200 : undefined, calls])
  }
})

test('an answer against whose arrival nothing speaks for a while has arrived', () => {
  vi.useFakeTimers()
  const { call, sent } = openExchange()
  call(refresh)
  sent[0]?.settle(null, answer(200))
  call(refresh)
  vi.advanceTimersByTime(100)
  expect(sent).toHaveLength(2)
})
