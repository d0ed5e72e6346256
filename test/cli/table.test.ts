import { expect, it } from 'vitest'
import { formatTable } from '../../src/cli/table.ts'

it('writes a list of any length', () => {
  const rows = Array.from({ length: 200_000 }, (_, id) => ({ id }))
  expect(formatTable(rows, false).split('\n').slice(0, 2)).toEqual(['id', '0'])
})

it('makes other rows no longer for one long text', () => {
  const rows = [
    { text: 'x'.repeat(1_000_000), id: 1 },
    ...Array.from({ length: 99 }, (_, id) => ({ text: 'y', id })),
  ]
  expect(formatTable(rows, false).length).toBeLessThan(1_010_000)
})
