import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { startGateway } from '../support/gateway.ts'
import { behaveWell, startRawUpstream, writeAnswer } from '../support/raw-upstream.ts'
import { calls, type ServerName, servers } from '../support/servers.ts'
import { findOperation, openRequester, respond } from './requester-fixture.ts'

const read = findOperation('GET', '/{userId}')
const create = findOperation('POST', '/users')

test("after a 429 that client's calls are refused here until the reset", async () => {
  const { call, clock, sent } = openRequester()
  const first = await call(read)
  await sent[0]?.settle(null, respond(429, {}, { 'x-ratelimit-reset-default': '7' }))
  expect(first.response?.headers['retry-after']).toBe('7')
  for (const [now, left] of [
    [0, '7'],
    [5_500, '2'],
    [6_999, '1'],
  ] as const) {
    clock.now = now
    const { error } = await call(create)
    expect([error?.code, error?.headers['retry-after']]).toEqual(['upstream_rate_limited', left])
  }
  clock.now = 7_000
  await call(read)
  expect(sent).toHaveLength(2)
})

test.each(['x-cal-client-id', 'x-cal-secret-key'])(
  'a client with another %s is not refused with it',
  async (name) => {
    const { call, sent } = openRequester()
    await call(read)
    await sent[0]?.settle(null, respond(429, {}, { 'x-ratelimit-reset-default': '60' }))
    const headers = { 'x-cal-client-id': '1', 'x-cal-secret-key': 'demo-secret', [name]: 'other' }
    await call(read, { headers })
    expect(sent).toHaveLength(2)
  },
)

test('a client with another header that says nothing of whose call it is, is refused with it', async () => {
  const { call, sent } = openRequester()
  await call(read, { headers: { 'x-trace': '1' } })
  await sent[0]?.settle(null, respond(429, {}, { 'x-ratelimit-reset-default': '60' }))
  const { error } = await call(read, { headers: { 'x-trace': '2' } })
  expect([error?.code, sent.length]).toEqual(['upstream_rate_limited', 1])
})

test('nobody is refused for longer than five minutes', async () => {
  const { call, clock, sent } = openRequester()
  await call(read)
  await sent[0]?.settle(null, respond(429, {}, { 'x-ratelimit-reset-default': '999999' }))
  clock.now = 300_000
  await call(read)
  expect(sent).toHaveLength(2)
})

test.each([undefined, '0', '-1', 'soon', '1e3'])('a 429 with the reset %s refuses nobody', async (reset) => {
  const { call, sent } = openRequester()
  await call(read)
  await sent[0]?.settle(null, respond(429, {}, { 'x-ratelimit-reset-default': reset }))
  await call(read)
  expect(sent).toHaveLength(2)
})

describe('a date of HTTP', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2030, 10, 6, 8, 49, 30) }))
  afterEach(() => void vi.useRealTimers())

  test.each([
    ['Wed, 06 Nov 2030 08:49:37 GMT', '7'],
    ['Wednesday, 06-Nov-30 08:49:37 GMT', '7'],
    ['Wed Nov  6 08:49:37 2030', '7'],
    ['Wed, 06 Nov 2030 08:49:30 GMT', undefined],
    ['Sun, 06 Nov 1994 08:49:37 GMT', undefined],
  ])('%s in Retry-After refuses calls for %s seconds', async (date, left) => {
    const { call, clock, sent } = openRequester()
    const first = await call(read)
    await sent[0]?.settle(null, respond(429, {}, { 'retry-after': date }))
    expect(first.response?.headers['retry-after']).toBe(left ?? '0')
    const { error } = await call(create)
    expect(error?.headers['retry-after']).toBe(left)
    clock.now = 7_000
    await call(read)
    expect(sent).toHaveLength(left === undefined ? 3 : 2)
  })

  test('in another header, where Retry-After cannot be read, is taken too', async () => {
    for (const unread of ['soon', 'Wed, 06 Nov', '1e3', '2030-11-06T08:49:37Z']) {
      const { call, sent } = openRequester()
      const first = await call(read)
      const headers = {
        'retry-after': unread,
        'x-ratelimit-reset-default': 'Wed, 06 Nov 2030 08:49:37 GMT',
      }
      await sent[0]?.settle(null, respond(429, {}, headers))
      expect(first.response?.headers['retry-after']).toBe('7')
    }
  })

  test('far away refuses nobody for longer than five minutes', async () => {
    const { call, clock, sent } = openRequester()
    await call(read)
    await sent[0]?.settle(null, respond(429, {}, { 'retry-after': 'Thu, 06 Nov 2031 08:49:37 GMT' }))
    clock.now = 299_999
    expect((await call(read)).error?.code).toBe('upstream_rate_limited')
    clock.now = 300_000
    await call(read)
    expect(sent).toHaveLength(2)
  })
})

test.each<ServerName>(['rest', 'mcp'])(
  '%s: the caller is told for how long, and the upstream is spared',
  async (server) => {
    await using upstream = await startRawUpstream((socket) =>
      socket.write(writeAnswer('{"status":"error"}', '429 Slow', 'X-RateLimit-Reset-Default: 60\r\n')),
    )
    await using gateway = await startGateway(upstream.url)
    const first = await servers[server](gateway, calls.get)
    upstream.behave = behaveWell
    const second = await servers[server](gateway, calls.create)
    expect([first.status, first.code, second.status, second.code]).toEqual([
      429,
      undefined,
      429,
      'upstream_rate_limited',
    ])
    expect(second.outcome).toBe('not_executed')
    expect(upstream.hits).toBe(1)
    if (server === 'rest')
      expect([first, second].map(({ headers }) => headers.get('retry-after'))).toEqual(['60', '60'])
    else expect(second.text).toContain('for another 60 seconds')
    expect((await servers[server](gateway, calls.get, { secret: 'other-secret' })).status).toBe(200)
  },
)

test.each([
  ['-5', undefined],
  ['1.5', undefined],
  ['<script>', undefined],
  [['1', '2'], undefined],
  ['7', '7'],
  ['Sun, 06 Nov 2078 08:49:37 GMT', 'Sun, 06 Nov 2078 08:49:37 GMT'],
])('where the API says Retry-After: %s, the client hears %s', async (said, heard) => {
  for (const status of [200, 503]) {
    const { call, sent } = openRequester()
    const first = await call(read)
    await sent[0]?.settle(null, respond(status, {}, { 'retry-after': said }))
    expect(first.response?.headers['retry-after']).toBe(heard)
  }
  const { call, sent } = openRequester()
  const first = await call(read)
  await sent[0]?.settle(null, respond(429, {}, { 'retry-after': said }))
  expect(first.response?.headers['retry-after'] === undefined).toBe(heard === undefined)
})
