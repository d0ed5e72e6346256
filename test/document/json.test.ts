import fc from 'fast-check'
import { expect, test } from 'vitest'
import { asRecord, exceeds, parseJson } from '../../src/document/json.ts'

const parse = (text: string) => parseJson(Buffer.from(text), { depth: 4, elements: 10 })

test('a JSON text comes back as its value', () => {
  expect(parse('{"a":[1,"x:{}",{"b\\"":null}]}')).toEqual({ a: [1, 'x:{}', { 'b"': null }] })
})

test.each([
  ['a key that stands twice', '{"a":1,"a":1}', 'the key "a" stands twice'],
  ['a key that stands twice in two spellings', '{"a":1,"\\u0061":2}', 'the key "a" stands twice'],
  ['a key that stands twice deeper down', '[{"b":{"c":1,"d":2,"c":3}}]', 'the key "c" stands twice'],
  ['a __proto__ key', '{"a":{"__proto__":{}}}', 'the key "__proto__" is not allowed'],
  ['nesting beyond the limit', '[[[[[1]]]]]', 'deeper than 4 levels'],
  ['more elements than the limit', `[${'1,'.repeat(10)}1]`, 'more than 10 elements'],
])('%s is refused with its reason', (_title, text, reason) => {
  expect(() => parse(text)).toThrow(reason)
})

test.each([
  ['a text cut off', Buffer.from('{"a":')],
  ['a byte order mark', Buffer.from('\ufeff{}')],
  ['bytes that are not UTF-8', Buffer.from([0x22, 0xff, 0x22])],
  ['two values', Buffer.from('{}{}')],
])('%s is malformed', (_title, bytes) => {
  expect(() => parseJson(bytes)).toThrow(expect.objectContaining({ code: 'malformed_json' }))
})

test('equal keys in different objects are no duplicates', () => {
  expect(parse('[{"a":1},{"a":2}]')).toEqual([{ a: 1 }, { a: 2 }])
})

test('an object is read by the members it has itself', () => {
  const { a, toString: inherited } = asRecord({ a: 1 })
  expect([a, inherited]).toEqual([1, undefined])
})

test.each([null, undefined, 'a', 5, true])('%j has no members to read', (value) => {
  expect(Object.keys(asRecord(value))).toEqual([])
})

const values = fc.jsonValue({ maxDepth: 5 })
const isSound = (value: unknown) => !JSON.stringify(value).includes('__proto__')

test('any value is read as JSON.parse reads it, however it is written', () => {
  fc.assert(
    fc.property(values, fc.constantFrom(0, 1, '\t'), (value, space) => {
      fc.pre(isSound(value))
      const text = JSON.stringify(value, null, space)
      expect(parseJson(Buffer.from(text))).toEqual(JSON.parse(text))
    }),
  )
})

test('a key that stands twice is found wherever it stands', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 20 }), values, values, fc.nat(3), (key, value, other, depth) => {
      fc.pre(isSound([key, value, other]))
      const [name, next] = [JSON.stringify(key), JSON.stringify(`${key}2`)]
      const twice = `{${name}:${JSON.stringify(value)},${next}:0,${name}:0}`
      const text = `${'['.repeat(depth)}[${JSON.stringify(other)},${twice}]${']'.repeat(depth)}`
      expect(() => parseJson(Buffer.from(text))).toThrow('stands twice in one object')
    }),
  )
})

test.each([
  ['[[[1]]]', true],
  ['[[1],[[2]]]', true],
  ['[[1],[2]]', false],
  ['["[[["]', false],
  ['[["\\"[[[', false],
  ['<p>[[["', true],
])('%s nests deeper than two levels: %s', (text, isDeeper) => {
  expect(exceeds(text, { depth: 2 })).toBe(isDeeper)
})
