import { expect, it } from 'vitest'
import { escapeName, splitFragment, splitPointer } from '../../src/document/json-pointer.ts'

it.each([
  ['', []],
  ['/a~1b/c~0d/~01', ['a/b', 'c~d', '~1']],
  ['/c%25d', ['c%25d']],
])('splits the pointer %j', (pointer, names) => {
  expect(splitPointer(pointer)).toEqual(names)
})

it.each([
  ['#/a~1b/c%25d', ['a/b', 'c%d']],
  ['#/100%/a%20b', ['100%', 'a b']],
])('splits the fragment %s', (reference, names) => {
  expect(splitFragment(reference)).toEqual(names)
})

it('escapes names as it reads them', () => {
  for (const name of ['a/b', '~1', '~0/~', 'ä b'])
    expect(splitPointer(`/${escapeName(name)}`)).toEqual([name])
})
