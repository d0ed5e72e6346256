import { expect, test, vi } from 'vitest'
import { demo, startSubject, usersOf } from './fixture.ts'

const one = `${usersOf(demo.id)}/4711`
const get = 'oauthclientuserscontrollergetuserbyid'

test('a fault hits the next call of its operation, and no other', async () => {
  await using cal = await startSubject()
  expect(await cal.control('faults', { operation: get, error: 'unexpected' })).toBe(204)
  expect((await cal.call(usersOf(demo.id))).status).toBe(200)
  expect((await cal.call(one)).status).toBe(500)
  expect((await cal.call(one)).status).toBe(200)
})

test('a fault may last for several calls', async () => {
  await using cal = await startSubject()
  await cal.control('faults', { error: 'throttled', times: 2 })
  expect([(await cal.call(one)).status, (await cal.call(one)).status, (await cal.call(one)).status]).toEqual([
    429, 429, 200,
  ])
})

test.each([
  ['drop', '/data/id', undefined],
  ['null', '/data/id', null],
  ['retype', '/data/id', 'seven'],
  ['extra', '/data/more', 'something more'],
])('a mismatch can %s a field', async (change, pointer, expected) => {
  await using cal = await startSubject()
  await cal.control('faults', { mismatch: { pointer, change } })
  const { data } = (await cal.call(one)).body
  expect(Object(data)[pointer.replace('/data/', '')]).toEqual(expected)
})

test.each([
  ['malformed_json', 400, null],
  ['payload_too_large', 413, null],
  ['prisma_other', 500, '119'],
])('%s has the rate headers that Cal.com gives it', async (error, status, remaining) => {
  await using cal = await startSubject()
  await cal.control('faults', { error })
  const reply = await cal.call(one, { headers: { 'x-cal-secret-key': demo.secret } })
  expect([reply.status, reply.headers.get('x-ratelimit-remaining-default')]).toEqual([status, remaining])
})

test('a mismatch finds names that hold a slash', async () => {
  await using cal = await startSubject()
  await cal.call(one, { method: 'PATCH', body: { metadata: { 'a/b~c': 1 } } })
  await cal.control('faults', { mismatch: { pointer: '/data/metadata/a~1b~0c', change: 'drop' } })
  expect(Object((await cal.call(one)).body.data).metadata).toEqual({})
})

test('a mismatch can rename a field', async () => {
  await using cal = await startSubject()
  await cal.control('faults', { mismatch: { pointer: '/data/id', change: 'rename' } })
  const { data } = (await cal.call(one)).body
  expect([Object(data).id, Object(data).idRenamed]).toEqual([undefined, 4711])
})

test('an answer can have another status and another content type', async () => {
  await using cal = await startSubject()
  await cal.control('faults', { status: 202, contentType: 'text/plain' })
  const { status, headers } = await cal.call(one)
  expect([status, headers.get('content-type')]).toEqual([202, 'text/plain'])
})

test('an answer can be held back until it is released', async () => {
  await using cal = await startSubject()
  await cal.control('faults', { hold: true })
  let answered = false
  const held = cal.call(one).then(({ status }) => {
    answered = true
    return status
  })
  expect((await cal.call(usersOf(demo.id))).status).toBe(200)
  expect(answered).toBe(false)
  await cal.control('release')
  expect(await held).toBe(200)
})

test('a reset before the deed leaves everything as it was', async () => {
  await using cal = await startSubject()
  await cal.control('faults', { reset: 'before' })
  await expect(cal.call(one, { method: 'DELETE' })).rejects.toThrow('fetch failed')
  expect((await cal.call(one)).status).toBe(200)
})

test('a reset after the deed hides that it was done', async () => {
  await using cal = await startSubject()
  await cal.control('faults', { reset: 'after' })
  await expect(cal.call(one, { method: 'DELETE' })).rejects.toThrow('fetch failed')
  expect((await cal.call(one)).status).toBe(404)
})

test('an answer can be cut off', async () => {
  await using cal = await startSubject()
  await cal.control('faults', { truncate: true })
  await expect(cal.call(one)).rejects.toThrow('terminated')
})

test.each([
  { mismatch: { pointer: 'data', change: 'drop' } },
  { reset: 'never' },
  { unknown: 1 },
  { error: 'no_such_error' },
  { operation: 'no_such_operation' },
  { status: '200' },
])('a fault that is not understood is refused: %j', async (fault) => {
  await using cal = await startSubject()
  expect(await cal.control('faults', fault)).toBe(400)
  expect((await cal.call(one)).status).toBe(200)
})

test('a reset goes back to the beginning', async () => {
  await using cal = await startSubject()
  await cal.call(one, { method: 'DELETE' })
  await cal.control('faults', { error: 'unexpected' })
  await cal.control('reset')
  expect((await cal.call(one)).status).toBe(200)
})

test('a reset turns the clock back, so that the same calls get the same answers', async () => {
  await using cal = await startSubject()
  const refresh = async () => (await cal.call(`${one}/force-refresh`, { method: 'POST' })).body
  const first = await refresh()
  await cal.control('clock', { advance: 86_400_000 })
  expect(await refresh()).not.toEqual(first)
  await cal.control('reset')
  expect(await refresh()).toEqual(first)
})

test('a reset lets go of answers that are held back', async () => {
  await using cal = await startSubject()
  await cal.control('faults', { operation: 'oauthclientuserscontrollerdeleteuser', hold: true })
  const held = cal.call(one, { method: 'DELETE' })
  await vi.waitFor(async () => expect((await cal.call(one)).status).toBe(404), { timeout: 60_000 })
  await cal.control('reset')
  expect((await held).status).toBe(200)
})
