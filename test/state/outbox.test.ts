import { expect, test } from 'vitest'
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
