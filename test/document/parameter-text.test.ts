import { expect, test } from 'vitest'
import { readText } from '../../src/document/parameter-reading.ts'
import { readMember, readShape } from '../../src/document/value-shape.ts'

test('the shape of a schema is read once, and so are those of its parts, which values can have very many of', () => {
  const pet = { type: 'object', properties: { tags: { type: 'array', items: { enum: ['a'] } } } }
  const schema = {
    type: 'array',
    items: { anyOf: [{ $ref: '#/$defs/Pet' }, { type: 'null' }] },
    $defs: { Pet: pet },
  }
  const shape = readShape(schema)
  expect(readShape(schema)).toBe(shape)
  expect(shape.items()).toBe(shape.items())
  expect(readMember(shape.items(), 'tags').items()).toBe(readMember(shape.items(), 'tags').items())
})

const readAs = (text: string, schema: object) => readText(text, readShape(schema))

test.each(['0', '7', '-3', '2147483647'])('the canonical integer %s is read as a number', (text) => {
  expect(readAs(text, { type: 'integer' })).toBe(Number(text))
})

test.each([
  '0x10',
  '1e3',
  '+7',
  ' 12',
  '12 ',
  '007',
  '-0',
  '12.0',
  '',
  '1000000000000000000000',
  '-9007199254740993.0',
  '09007199254740993',
  '١٢',
  'NaN',
  '1_000',
])('the loose integer %j stays text, for the schema to refuse', (text) => {
  expect(readAs(text, { type: 'integer' })).toBe(text)
})

test.each(['1.5', '-0.25', '1e-7', '9007199254740991', '0.1'])(
  'the canonical number %s is read as one',
  (text) => {
    expect(readAs(text, { type: 'number' })).toBe(Number(text))
  },
)

test.each([
  ...['1e3', '1E3', '1.50', '1.0', '-0', '+1', '0x10', ' 1', '.5', '5.', '1e999', '-1.5e2', '01'],
  ...['0.12345678901234567890', '9007199254740993.0', '1_000', 'Infinity'],
])('the loose number %j stays text, for the schema to refuse', (text) => {
  expect(readAs(text, { type: 'number' })).toBe(text)
})

test.each(['1e3', '1.50', '-0', '-1.5e2'])('the number %s is one where its spelling is kept', (text) => {
  expect(readText(text, readShape({ type: 'number' }), 'kept')).toBe(Number(text))
})

test.each([
  ...['9007199254740992', '9007199254740993', '-9007199254740993', '9223372036854775807'],
  ...['18446744073709551615', '999999999999999999999'],
])('the integer %s, which JavaScript would round, keeps its digits', (text) => {
  for (const type of ['integer', 'number']) {
    const value = readAs(text, { type })
    expect([JSON.isRawJSON(value), JSON.stringify(value)]).toEqual([true, text])
  }
  expect(readAs(text, { type: ['integer', 'string'] })).toBe(text)
})
