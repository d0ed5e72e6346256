import { setImmediate } from 'node:timers/promises'
import type { Dispatcher, Pool } from 'undici'
import { expect, test } from 'vitest'
import { ResponseLoad } from '../../src/upstream/body-stream.ts'
import { runInCall, type UpstreamRequest, type UpstreamResponse } from '../../src/upstream/call.ts'
import { createTransport } from '../../src/upstream/transport.ts'
import { describeCall, findOperation, openRequester, respond } from './requester-fixture.ts'

const create = findOperation('POST', '/users')
const refresh = findOperation('POST', '/oauth/{clientId}/refresh')

/** A transport that has no connection yet, so that no byte leaves before the test lets it. */
function openQueue() {
  const queued: ((response: UpstreamResponse) => void)[] = []
  const transport = (request: UpstreamRequest) =>
    new Promise<UpstreamResponse>((resolve, reject) => {
      queued.push(resolve)
      request.signal?.addEventListener('abort', () => reject(request.signal?.reason))
    })
  return { queued, transport }
}

test('a write of which no byte has left is given up when its client disconnects', async () => {
  const { queued, transport } = openQueue()
  const { call } = openRequester({ transport })
  const first = await call(create)
  await first.connection.disconnect()
  expect([first.error?.code, first.error?.toProblem().outcome]).toEqual([
    'client_disconnected',
    'not_executed',
  ])
  await call(create)
  expect(queued).toHaveLength(2)
})

test.each([create, findOperation('GET', '/{userId}')])(
  'a call ($method) whose client has disconnected before it is not sent',
  async (operation) => {
    const { queued, transport } = openQueue()
    const { call } = openRequester({ transport })
    const { error } = await call(operation, { disconnected: true })
    expect([queued.length, error?.code]).toEqual([0, 'client_disconnected'])
  },
)

test('an unsent call that another client shares is not given up', async () => {
  const { queued, transport } = openQueue()
  const { call } = openRequester({ transport })
  const first = await call(refresh)
  const second = await call(refresh)
  await first.connection.disconnect()
  expect([queued.length, first.error, second.error]).toEqual([1, undefined, undefined])
  queued[0]?.(respond(200))
  await setImmediate()
  expect(second.response?.status).toBe(200)
})

test('when 512 requests wait for a connection, the next is refused', async () => {
  const pool: unknown = { dispatch: () => true }
  const send = createTransport({ reads: pool as Pool, writes: pool as Pool })
  const call = describeCall(create)
  const one = () => runInCall(call, () => send({ method: 'POST', path: '/', headers: {} }))
  for (let n = 0; n < 512; n += 1) void one()
  await expect(one()).rejects.toMatchObject({ code: 'overloaded', headers: { 'retry-after': '1' } })
})

test('a call that was given up counts until the pool has left it out', async () => {
  const handlers: Dispatcher.DispatchHandler[] = []
  const pool: unknown = {
    dispatch: (_options: unknown, handler: Dispatcher.DispatchHandler) => handlers.push(handler),
  }
  const send = createTransport({ reads: pool as Pool, writes: pool as Pool })
  const client = new AbortController()
  const { signal } = client
  const one = () =>
    runInCall(describeCall(create), () => send({ method: 'POST', path: '/', headers: {}, signal }))
  const controller = { abort() {} } as unknown as Dispatcher.DispatchController
  for (let n = 0; n < 512; n += 1) one().catch(() => {})
  client.abort(new Error('left'))
  await expect(one()).rejects.toMatchObject({ code: 'overloaded' })
  for (const handler of handlers.splice(0)) {
    handler.onRequestStart?.(controller, {})
    handler.onResponseError?.(controller, new Error('given up'))
  }
  one().catch(() => {})
  expect(handlers).toHaveLength(1)
})

/** A transport whose responses the test sends piece by piece. */
function openPieces(responses = new ResponseLoad()) {
  const handlers: Dispatcher.DispatchHandler[] = []
  const pool: unknown = {
    dispatch: (_options: unknown, handler: Dispatcher.DispatchHandler) => handlers.push(handler),
  }
  const send = createTransport({ reads: pool as Pool, writes: pool as Pool }, { responses })
  const controller = { abort() {} } as unknown as Dispatcher.DispatchController
  const begin = (method: string, headers = {}) => {
    const call = describeCall(create)
    const response = runInCall(call, () => send({ method, path: '/', headers: {} }))
    response.catch(() => {})
    const handler = handlers.at(-1)
    handler?.onRequestStart?.(controller, {})
    handler?.onResponseStart?.(controller, 200, headers, 'OK')
    return {
      response,
      receive(chunk: Buffer, times = 1) {
        for (let n = 0; n < times; n += 1) handler?.onResponseData?.(controller, chunk)
      },
      end: () => handler?.onResponseEnd?.(controller, {}),
    }
  }
  return begin
}

const megabyte = Buffer.alloc(1024 * 1024, 'x')
const ofMegabytes = (count: number) => ({ 'content-length': `${count * megabyte.length}` })

test('large responses have a budget in bytes together, and small ones always find room', async () => {
  const begin = openPieces()
  const large = Array.from({ length: 2 }, () => begin('GET', ofMegabytes(24)))
  const [read, write, small] = [begin('GET'), begin('POST'), begin('GET', ofMegabytes(1))]
  read.receive(megabyte, 2)
  write.receive(megabyte, 2)
  await expect(read.response).rejects.toMatchObject({ code: 'overloaded' })
  await expect(write.response).rejects.toMatchObject({
    code: 'upstream_invalid_response',
    message: 'The gateway had no room for the response: too many large responses at a time.',
  })
  small.receive(megabyte)
  small.end()
  expect((await small.response).body.equals(megabyte)).toBe(true)
  large[0]?.end()
  const next = begin('GET')
  next.receive(megabyte, 20)
  next.end()
  expect((await next.response).body.equals(Buffer.alloc(20 * megabyte.length, 'x'))).toBe(true)
})

test('a large response that finds no room is refused before its first byte', async () => {
  const begin = openPieces()
  const first = begin('GET', ofMegabytes(24))
  const head = begin('HEAD', ofMegabytes(33))
  begin('GET', ofMegabytes(24))
  await expect(begin('GET', ofMegabytes(2)).response).rejects.toMatchObject({ code: 'overloaded' })
  await expect(begin('GET', ofMegabytes(33)).response).rejects.toMatchObject({
    code: 'upstream_invalid_response',
    message: 'The upstream sent a response of more than 33,554,432 bytes.',
  })
  first.receive(megabyte, 24)
  for (const one of [first, head]) one.end()
  expect((await first.response).body.equals(Buffer.alloc(24 * megabyte.length, 'x'))).toBe(true)
  expect((await head.response).body.length).toBe(0)
})

test('the responses of several APIs, and of a former composition, have one budget', async () => {
  const responses = new ResponseLoad()
  const [one, other] = [openPieces(responses), openPieces(responses)]
  const large = [one('GET', ofMegabytes(24)), other('GET', ofMegabytes(24))]
  await expect(other('GET', ofMegabytes(2)).response).rejects.toMatchObject({ code: 'overloaded' })
  large[0]?.end()
  const next = other('GET', ofMegabytes(2))
  next.receive(megabyte, 2)
  next.end()
  expect((await next.response).body.length).toBe(2 * megabyte.length)
})
