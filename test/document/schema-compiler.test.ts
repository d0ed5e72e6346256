import { expect, test } from 'vitest'
import { createCompiler } from '../../src/document/schema-compiler.ts'

test.each([
  [4.35, 0.01, true],
  [0.07, 0.01, true],
  [19.99, 0.01, true],
  [100_000_000_000.01, 0.01, true],
  [4.355, 0.01, false],
  [1.1, 0.1, true],
  [7, 2, false],
  [1e300, 0.01, true],
  [1e-7, 1e-8, true],
  [-0.3, 0.1, true],
  [Number.POSITIVE_INFINITY, 0.01, false],
])('%d is a multiple of %d: %s', (value, multipleOf, isOne) => {
  expect(createCompiler()({ multipleOf })?.(value)).toBe(isOne)
})
