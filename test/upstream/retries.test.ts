import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { expect, test } from 'vitest'
import { openPools } from '../../src/upstream/pools.ts'
import { findClosedUrl } from '../support/gateway.ts'
import { behaveWell, startRawUpstream } from '../support/raw-upstream.ts'
import { sendAll, type WireOptions } from './requester-fixture.ts'

/** Port 1 is never given to anybody, so that no other test's upstream can turn up behind it. */
const closedUrl = 'http://127.0.0.1:1'

const send = (method: string, options: WireOptions, times = 1) =>
  sendAll(options, Array<string>(times).fill(method))

const failed = (code: string) => ({ code, headers: {} })

/** Counts the further tries: each asks for its jitter once. */
function countRetries() {
  const seen = {
    retries: 0,
    random() {
      seen.retries += 1
      return 0
    },
  }
  return seen
}

test('the tick that tells a handler of its request is the tick that writes its first bytes', async () => {
  await using upstream = await startRawUpstream()
  const { reads, writes } = openPools({ origin: upstream.url, connectTimeout: 5000 })
  const order: string[] = []
  const note = () => order.push('bytes')
  subscribe('undici:client:sendHeaders', note)
  await new Promise<void>((resolve) => {
    writes.dispatch(
      { method: 'POST', path: '/', headers: [], body: 'x' },
      {
        onRequestStart() {
          order.push('told')
          queueMicrotask(() => order.push('later'))
        },
        onResponseEnd: () => resolve(),
      },
    )
  })
  unsubscribe('undici:client:sendHeaders', note)
  await Promise.all([reads.close(), writes.close()])
  expect(order).toEqual(['told', 'bytes', 'later'])
})

test.each(['GET', 'POST', 'PATCH', 'DELETE'])(
  'a %s of which no byte has left is tried twice again',
  async (method) => {
    const seen = countRetries()
    const [result] = await send(method, {
      baseUrl: closedUrl,
      timeout: 5000,
      random: seen.random,
    })
    expect([result, seen.retries]).toEqual([failed('upstream_unreachable'), 2])
  },
)

test('a write of which no byte has left arrives once the upstream is back', async () => {
  const baseUrl = await findClosedUrl()
  const back = Promise.withResolvers<Awaited<ReturnType<typeof startRawUpstream>>>()
  const random = () => {
    back.resolve(startRawUpstream(behaveWell, Number(new URL(baseUrl).port)))
    return 1
  }
  const [result] = await send('POST', { baseUrl, timeout: 5000, random })
  await using upstream = await back.promise
  expect([Object(result).status, upstream.hits]).toEqual([200, 1])
})

test('a read that left is tried once again', async () => {
  await using upstream = await startRawUpstream((socket) => {
    upstream.behave = behaveWell
    socket.resetAndDestroy()
  })
  const [result] = await send('GET', { baseUrl: upstream.url, timeout: 5000 })
  expect([Object(result).status, upstream.hits]).toEqual([200, 2])
})

test('a read whose second answer is lost as well is not tried a third time', async () => {
  await using upstream = await startRawUpstream((socket) => socket.resetAndDestroy())
  const [result] = await send('GET', { baseUrl: upstream.url, timeout: 5000 })
  expect([result, upstream.hits]).toEqual([failed('upstream_connection_lost'), 2])
})

test.each(['POST', 'PATCH', 'DELETE'])('a %s that left is never sent again', async (method) => {
  await using upstream = await startRawUpstream((socket) => socket.resetAndDestroy())
  const results = await send(method, { baseUrl: upstream.url, timeout: 5000 }, 20)
  expect(results).toEqual(Array(20).fill(failed('upstream_connection_lost')))
  expect(upstream.hits).toBe(20)
})

test('a complete answer is never asked for again, whatever it says', async () => {
  await using upstream = await startRawUpstream((socket) =>
    socket.write('HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n'),
  )
  const [result] = await send('GET', { baseUrl: upstream.url, timeout: 5000 })
  expect([Object(result).status, upstream.hits]).toEqual([503, 1])
})

test('further tries are a tenth of the calls, and a small reserve', async () => {
  await using upstream = await startRawUpstream((socket) => socket.resetAndDestroy())
  const options = { baseUrl: upstream.url, timeout: 5000 }
  await send('GET', options, 45)
  expect(upstream.hits).toBe(45 + 10 + 4)
})

test('one deadline covers all tries', async () => {
  await using upstream = await startRawUpstream((socket) => {
    upstream.behave = () => {}
    socket.resetAndDestroy()
  })
  const [result] = await send('GET', { baseUrl: upstream.url, timeout: 1000, random: () => 0 })
  expect([result, upstream.hits]).toEqual([failed('upstream_timeout'), 2])
})

test('a deadline that ends between two tries ends the call', async () => {
  const [result] = await send('POST', { baseUrl: closedUrl, timeout: 100, random: () => 100 })
  expect(result).toEqual(failed('upstream_unreachable'))
})

test('a write does not leave on a connection that a read has used', async () => {
  const ports = new Set<number | undefined>()
  await using upstream = await startRawUpstream((socket) => {
    ports.add(socket.remotePort)
    behaveWell(socket)
  })
  await sendAll({ baseUrl: upstream.url }, ['GET', 'GET', 'POST', 'DELETE'])
  expect([ports.size, upstream.hits]).toEqual([2, 4])
})

test('while the upstream is known to fail, a call is told at once how long to wait', async () => {
  const errors = await send('POST', { baseUrl: closedUrl }, 51)
  expect(errors[49]).toEqual(failed('upstream_unreachable'))
  expect(errors[50]).toEqual({ code: 'upstream_unavailable', headers: { 'retry-after': '1' } })
})
