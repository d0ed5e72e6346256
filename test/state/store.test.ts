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

/** Claims records of an owner at the same time, and fills them when all are under way, as concurrent calls do. */
async function fillAtOnce(store: ReturnType<typeof openStore>['store'], owner: string, count: number) {
  const names = Array.from({ length: count }, (_, n) => `${owner} ${n}`)
  for (const name of names) await store.claim(name, '', lifetime, owner)
  for (const name of names) await store.set(name, text(1_000), lifetime, 'bare')
}

test('calls at the same time leave room for others: the oldest responses of who has most become bare', async () => {
  const { store } = openStore()
  await store.claim('small', '', lifetime, 'b')
  await store.set('small', text(1_000), lifetime, 'bare')
  await fillAtOnce(store, 'a', 90)
  expect(await store.claim('a 0', '', lifetime, 'a')).toBe('bare')
  expect(await store.claim('a 89', '', lifetime, 'a')).toBe(text(1_000))
  expect(await fill(store, 'third', 100)).toBeGreaterThan(5)
  expect(await store.claim('small', '', lifetime, 'b')).toBe(text(1_000))
})

test('many owners of large responses leave room for one more', async () => {
  const { store } = openStore()
  for (let n = 0; n < 20; n += 1) {
    await store.claim(`${n}`, '', lifetime, `owner ${n}`)
    await store.set(`${n}`, text(90_000), lifetime, 'bare')
  }
  expect(await store.claim('one more', '', lifetime, 'new')).toBeUndefined()
})

test('what became bare expires with its time', async () => {
  const { store, clock } = openStore()
  await fillAtOnce(store, 'a', 90)
  clock.now = lifetime
  expect(await store.claim('a 0', 'again', lifetime, 'a')).toBeUndefined()
  expect(await fill(store, 'a', 1_000)).toBeGreaterThan(20)
})

test('a confirmation stays used however much is counted meanwhile', async () => {
  const { store, clock } = openStore()
  expect(await store.spend('confirmation', 1_000)).toBe(true)
  for (let n = 0; n < 50_000; n += 1) await store.count(`calls ${n}`, 60_000)
  expect(await store.spend('confirmation', 1_000)).toBe(false)
  clock.now = 1_000
  expect(await store.spend('confirmation', 1_000)).toBe(true)
})

test('a confirmation stays used however many are used meanwhile', async () => {
  const { store, clock } = openStore()
  expect(await store.spend('first', 1_000)).toBe(true)
  let used = 1
  const useMore = async () => {
    for (; used < 100_000; used += 1) await store.spend(`other ${used}`, 1_000)
  }
  await expect(useMore()).rejects.toMatchObject({ code: 'overloaded' })
  expect(used).toBeGreaterThan(10_000)
  expect(await store.spend('first', 1_000)).toBe(false)
  clock.now = 1_000
  expect(await store.spend('another', 1_000)).toBe(true)
})

test('a shorter wait does not replace a longer one', () => {
  const { store, clock } = openStore()
  store.waits.add('api', 300_000)
  store.waits.add('api', 1_000)
  expect(store.waits.remaining('api')).toBe(300_000)
  clock.now = 299_500
  store.waits.add('api', 1_000)
  expect(store.waits.remaining('api')).toBe(1_000)
})
