import { expect, test } from 'vitest'
import { parseExactly } from '../../src/document/exact-numbers.ts'
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

/** A number as it comes with more digits than JavaScript keeps. */
const raw = parseExactly('9007199254740993')

test.each<[unknown, unknown, boolean]>([
  [{ a: 1, b: [2] }, { b: [2], a: 1 }, true],
  [{ a: 1 }, { a: 1, b: 2 }, false],
  [{ a: 1 }, { b: 1 }, false],
  [{}, [], false],
  [[], {}, false],
  [{}, null, false],
  [null, {}, false],
  [null, null, true],
  [[1, 2], [2, 1], false],
  [[1], [1, 1], false],
  [[0], [-0], true],
  [[1], ['1'], false],
  [[null], [Number.POSITIVE_INFINITY], false],
  [{ 0: 1 }, [1], false],
  [9007199254740992, raw, false],
  [[9007199254740992], [raw], false],
  [{ rawJSON: '9007199254740993' }, raw, false],
  [{ a: 1 }, { __proto__: null, a: 1 }, true],
  [JSON.parse('{"__proto__":{"a":1}}'), JSON.parse('{"__proto__":{"a":1}}'), true],
  [JSON.parse('{"__proto__":{"a":1}}'), {}, false],
])('%j and %j are equal: %s', (value, other, isEqual) => {
  const compile = createCompiler()
  expect(compile({ const: value })?.(other)).toBe(isEqual)
  expect(compile({ enum: ['other', value] })?.(other)).toBe(isEqual)
  // Ajv compares in another way with many values.
  const many = Array.from({ length: 300 }, (_, index) => index + 10)
  expect(compile({ enum: [...many, value] })?.(other)).toBe(isEqual)
})

test('a value that no constant equals is refused with what Ajv says', () => {
  const compile = createCompiler()
  const schemas = [{ const: { a: 1 } }, { const: 1 }, { enum: [{ a: 1 }, 'x'] }, { enum: ['x'] }]
  const errors = schemas.map((schema) => {
    const check = compile(schema)
    check?.({ valueOf: 1 })
    return check?.errors?.map(({ keyword, params, message }) => ({ keyword, params, message }))
  })
  const [constant, choice] = ['must be equal to constant', 'must be equal to one of the allowed values']
  expect(errors).toEqual([
    [{ keyword: 'const', params: { allowedValue: { a: 1 } }, message: constant }],
    [{ keyword: 'const', params: { allowedValue: 1 }, message: constant }],
    [{ keyword: 'enum', params: { allowedValues: [{ a: 1 }, 'x'] }, message: choice }],
    [{ keyword: 'enum', params: { allowedValues: ['x'] }, message: choice }],
  ])
})
