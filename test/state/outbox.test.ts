import { ErrorReply } from '@redis/client'
import { expect, onTestFinished, test, vi } from 'vitest'
import { GatewayError } from '../../src/errors/gateway-error.ts'
import { Outbox } from '../../src/state/outbox.ts'

const most = 10_000

/** An outbox before a store that can be reached once the test says so. */
function openOutbox() {
  const done: string[] = []
  const store = { isReachable: false }
  const step = (name: string) => async () => {
    if (!store.isReachable) throw new Error('unreachable')
    done.push(name)
  }
  const outbox = new Outbox(() => 0)
  return {
    done,
    store,
    outbox,
    send: (name: string) => outbox.send(name, 1_000, step(name)),
    undo: (name: string) => outbox.undo(name, 1_000, step(name)),
    close: () => outbox.close(),
  }
}

test('what takes back a command that failed takes the place of no other step', async () => {
  const { done, store, send, undo, close } = openOutbox()
  for (let n = 0; n < most; n += 1) await send(`step ${n}`)
  for (let n = 0; n < most; n += 1) undo(`undo ${n}`)
  store.isReachable = true
  await close()
  expect([done.length, done[0]]).toEqual([most, 'step 0'])
})

test('what is left is bounded: the oldest steps give way', async () => {
  const { done, store, send, close } = openOutbox()
  for (let n = 0; n <= most; n += 1) await send(`step ${n}`)
  store.isReachable = true
  await close()
  expect([done.length, done[0]]).toEqual([most, 'step 1'])
})

/** What Redis says to a command that it has no memory for. */
const lackOfMemory = new GatewayError('state_unavailable', {
  cause: new ErrorReply("OOM command not allowed when used memory > 'maxmemory'."),
})

/** An outbox before a store that has no memory for what writes bytes, until the test says so. */
function openStarvedOutbox() {
  const done: string[] = []
  const store = { isFull: true, tried: 0 }
  const told: boolean[] = []
  const outbox = new Outbox(
    () => 0,
    (isStarved) => told.push(isStarved),
  )
  const write = (name: string) => async () => {
    store.tried += 1
    if (store.isFull) throw lackOfMemory
    done.push(name)
  }
  return {
    done,
    told,
    store,
    outbox,
    send: (name: string, bytes = 1_000) => outbox.send(name, 1_000, write(name), bytes),
  }
}

test('what frees memory passes what the store has no memory for, and that is not sent in vain each time', async () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const { done, told, store, outbox, send } = openStarvedOutbox()
  await send('first')
  await send('second')
  await send('third')
  outbox.undo('release', 1_000, async () => void done.push('released'))
  expect([outbox.isStarved, store.tried]).toEqual([true, 3])
  await vi.advanceTimersByTimeAsync(250)
  expect([done, store.tried, outbox.isStarved]).toEqual([['released'], 4, true])
  store.isFull = false
  await vi.advanceTimersByTimeAsync(250)
  expect([done, outbox.isStarved]).toEqual([['released', 'first', 'second', 'third'], false])
  expect(told).toEqual([true, false])
})

test('a store that cannot be reached starves no step', async () => {
  const { send, outbox } = openOutbox()
  await send('one')
  expect(outbox.isStarved).toBe(false)
})

test('what is left is bounded in bytes: the oldest steps that write any give way', async () => {
  const { done, store, outbox, send } = openStarvedOutbox()
  await send('small', 0)
  for (let n = 0; n < 100; n += 1) await send(`step ${n}`, 1024 * 1024)
  // What is sent again takes its own place.
  for (let n = 0; n < 100; n += 1) await send('step 99', 1024 * 1024)
  store.isFull = false
  await outbox.close()
  expect([done.length, done[0], done[1], done.at(-1)]).toEqual([65, 'small', 'step 36', 'step 99'])
})
