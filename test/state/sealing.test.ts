import { expect, test } from 'vitest'
import { createSealing } from '../../src/state/sealing.ts'

const secret = 'a'.repeat(32)

test('a text opens under its own name and with its own key alone; anything else makes the shared state unavailable', () => {
  const sealing = createSealing(secret)
  const sealed = sealing.seal('name', 'text')
  const outcomes = [
    () => sealing.open('name', sealed),
    () => sealing.open('other', sealed),
    () => createSealing('b'.repeat(32)).open('name', sealed),
    () => sealing.open('name', `${sealed.slice(0, -4)}AAAA`),
    () => sealing.open('name', 'garbage'),
    () => sealing.open('name', ''),
  ].map((open) => {
    try {
      return open()
    } catch (error) {
      return Object(error).code
    }
  })
  expect(outcomes).toEqual(['text', ...Array(5).fill('state_unavailable')])
})
