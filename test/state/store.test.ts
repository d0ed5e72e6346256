import { expect, test } from 'vitest'
import { createMemoryStore } from '../../src/state/memory-store.ts'

const lifetime = 600_000
const text = (bytes: number) => 'x'.repeat(bytes)

/** A store of a hundred kilobytes on a clock that the test moves. */
function openStore() {
  const clock = { now: 0 }
  return { clock, store: createMemoryStore<string>(() => clock.now, 100_000) }
}

/** Claims and fills records of an owner until the store refuses, and returns how many there are. */
async function fill(store: ReturnType<typeof openStore>['store'], owner: string, bytes: number) {
  for (let n = 0; n < 1_000; n += 1) {
    try {
      await store.claim(`${owner} ${n}`, '', lifetime, owner)
    } catch {
      return n
    }
    await store.set(`${owner} ${n}`, text(bytes), lifetime)
  }
  throw new Error('the store has no end')
}

test('a record that is there is given back and stays', async () => {
  const { store } = openStore()
  expect(await store.claim('k', 'one', lifetime, 'a')).toBeUndefined()
  expect(await store.claim('k', 'two', lifetime, 'b')).toBe('one')
  await store.set('k', 'three', lifetime)
  expect(await store.claim('k', 'two', lifetime, 'b')).toBe('three')
})

test('one owner takes nothing that another has, and leaves room for others', async () => {
  const { store } = openStore()
  await store.claim('mine', 'under way', lifetime, 'victim')
  const first = await fill(store, 'attacker', 1_000)
  expect(first).toBeGreaterThan(20)
  expect(await store.claim('mine', '', lifetime, 'victim')).toBe('under way')
  expect(await fill(store, 'third', 1_000)).toBeGreaterThan(10)
  expect(await store.claim('attacker 0', '', lifetime, 'attacker')).toBe(text(1_000))
})

test('an owner is refused with the time to wait', async () => {
  const { store } = openStore()
  await fill(store, 'a', 1_000)
  await expect(store.claim('new', '', lifetime, 'a')).rejects.toMatchObject({
    code: 'overloaded',
    headers: { 'retry-after': '60' },
  })
})

test('what was claimed is kept however large it becomes', async () => {
  const { store } = openStore()
  await store.claim('k', '', lifetime, 'a')
  await fill(store, 'b', 1_000)
  await store.set('k', text(90_000), lifetime)
  expect(await store.claim('k', '', lifetime, 'a')).toBe(text(90_000))
})

test('there is room again when records expire or are deleted', async () => {
  const { store, clock } = openStore()
  const count = await fill(store, 'a', 1_000)
  await store.delete('a 0', text(1_000))
  expect(await store.claim('again', '', lifetime, 'a')).toBeUndefined()
  clock.now = lifetime
  expect(await fill(store, 'c', 1_000)).toBe(count)
})

test('a call deletes no record of the next one with its key', async () => {
  const { store, clock } = openStore()
  await store.claim('k', 'first', lifetime, 'a')
  clock.now = lifetime
  await store.claim('k', 'second', lifetime, 'a')
  await store.delete('k', 'first')
  expect(await store.claim('k', 'third', lifetime, 'a')).toBe('second')
  await store.delete('k', 'second')
  expect(await store.claim('k', 'third', lifetime, 'a')).toBeUndefined()
})
