import { expect, test } from 'vitest'
import { createCompiler } from '../../src/document/schema-compiler.ts'

const block = (kind: string) => ({
  type: 'object',
  properties: { kind: { const: kind }, children: { type: 'array', items: { $ref: '#/$defs/Block' } } },
  required: ['kind'],
})
const $defs = {
  Block: { oneOf: [{ $ref: '#/$defs/Group' }, { $ref: '#/$defs/Section' }] },
  Group: block('group'),
  Section: block('section'),
}
const compile = createCompiler()
const nest = (levels: number, kind: string): unknown =>
  levels === 0 ? { kind } : { kind, children: [nest(levels - 1, kind)] }

test.each(['group', 'none'])('gives a check up whose steps double at each level: %s', (kind) => {
  const check = compile({ ...$defs.Block, $defs })
  expect(check?.(nest(8, kind))).toBe(kind === 'group')
  expect(() => check?.(nest(200, kind))).toThrow('too many steps')
  expect(check?.(nest(8, kind)), 'the next check begins anew').toBe(kind === 'group')
})

test('checks a long list whose steps grow with its length', () => {
  const check = compile({ type: 'array', items: { $ref: '#/$defs/Block' }, $defs })
  expect(check?.(Array.from({ length: 100_000 }, () => ({ kind: 'section' })))).toBe(true)
})

test.each([
  [[1, 1.0], false],
  [[1, '1', true, null, [1], { a: 1 }], true],
  [
    [
      { a: 1, b: [2, { c: 3, d: 4 }] },
      { b: [2, { d: 4, c: 3 }], a: 1 },
    ],
    false,
  ],
  [
    [
      ['a', 'b'],
      ['b', 'a'],
    ],
    true,
  ],
  [[{}, []], true],
  [[[], []], false],
  [[-0, 0], false],
  [[null, null], false],
  [['[]', []], true],
  [[{ a: { b: 1 } }, { a: { b: 2 } }], true],
  [JSON.parse('[{"__proto__":1},{"__proto__":2}]'), true],
  [JSON.parse('[{"__proto__":1},{"__proto__":1}]'), false],
  [JSON.parse('[1234567890123456789,1234567890123456788]'), true],
  [JSON.parse('[{"id":1234567890123456789},{"id":1234567890123456788}]'), true],
  [JSON.parse('[1e400,1e401,7,7]'), false],
])('%j has unique items: %s', (value, isUnique) => {
  expect(compile({ uniqueItems: true })?.(value)).toBe(isUnique)
  expect(compile({ uniqueItems: false })?.(value)).toBe(true)
})

test('compares many objects in time proportional to their number', () => {
  const many = Array.from({ length: 50_000 }, (_, id) => ({ id }))
  expect(compile({ uniqueItems: true })?.(many)).toBe(true)
  expect(compile({ uniqueItems: true })?.([...many, { id: 7 }])).toBe(false)
}, 2_000)
