import { expect, it, vi } from 'vitest'
import { memoizeLast } from '../src/memo.ts'

it('asks once for the same text in a row, and again for every other', () => {
  const read = vi.fn((text: string) => text.length)
  const remembering = memoizeLast(read)
  expect(['', '', 'ab', 'ab', 'c', 'ab'].map(remembering)).toEqual([0, 0, 2, 2, 1, 2])
  expect(read.mock.calls).toEqual([[''], ['ab'], ['c'], ['ab']])
})
