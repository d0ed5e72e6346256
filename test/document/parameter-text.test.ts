import { expect, test } from 'vitest'
import { readText } from '../../src/document/parameter-reading.ts'
import { readShape } from '../../src/document/value-shape.ts'

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
  '9007199254740993',
  '١٢',
  'NaN',
  '1_000',
])('the loose integer %j stays text, for the schema to refuse', (text) => {
  expect(readAs(text, { type: 'integer' })).toBe(text)
})

test.each([
  ['1e999', '1e999'],
  ['-1.5e2', -150],
  ['.5', '.5'],
])('the number %s is read as JSON would read it', (text, value) => {
  expect(readAs(text, { type: 'number' })).toBe(value)
})
