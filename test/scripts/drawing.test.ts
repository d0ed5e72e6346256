import { expect, it } from 'vitest'
import { drawFlow } from '../../scripts/drawing.ts'
import { readText } from '../rules/tree.ts'

it('docs/pictures/flow.svg is what `make pictures` draws', () => {
  expect(readText('docs/pictures/flow.svg')).toBe(drawFlow())
})
