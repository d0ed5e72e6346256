import { expect, test } from 'vitest'
import { ExpiringMap } from '../../src/state/expiring-map.ts'

function create(capacity = 10) {
  const clock = { now: 0 }
  const map = new ExpiringMap<string>({ clock: () => clock.now, capacity, weigh: ({ length }) => length })
  return { map, clock }
}

test('an entry ends when its time has passed, and not before', () => {
  const { map, clock } = create()
  map.set('a', 'x', 100)
  clock.now = 99
  expect([map.get('a'), map.remaining('a')]).toEqual(['x', 1])
  clock.now = 100
  expect([map.get('a'), map.remaining('a')]).toEqual([undefined, 0])
})

test('the oldest entries give way to what is new', () => {
  const { map } = create(10)
  for (const key of ['a', 'b', 'c']) map.set(key, 'xxxx', 100)
  expect(['a', 'b', 'c'].map((key) => map.get(key))).toEqual([undefined, 'xxxx', 'xxxx'])
})

test('an entry that is set again weighs once', () => {
  const { map } = create(10)
  map.set('b', 'xxxx', 100)
  for (let n = 0; n < 5; n += 1) map.set('a', 'xxxx', 100)
  expect([map.get('a'), map.get('b')]).toEqual(['xxxx', 'xxxx'])
})

test('a value that is heavier than all there may be is not kept', () => {
  const { map } = create(10)
  map.set('a', 'x', 100)
  map.set('b', 'x'.repeat(11), 100)
  expect([map.get('a'), map.get('b')]).toEqual(['x', undefined])
})
