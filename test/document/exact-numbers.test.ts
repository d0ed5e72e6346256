import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mayLoseDigits, parseExactly } from '../../src/document/json.ts'

test.each([
  '9007199254740993',
  '-9007199254740993',
  '12345678901234567890',
  '0.1234567890123456789',
  '1e400',
  '-1E400',
  '1e-400',
  '1.00000000000000000001',
])('%s is kept as it is written', (text) => {
  const value = parseExactly(`{"a":[ ${text}]}`)
  expect(JSON.stringify(value)).toBe(`{"a":[${text}]}`)
  expect(JSON.stringify(parseExactly(text))).toBe(text)
})

test.each([
  '9007199254740992',
  '1000000000000000000000',
  '1e2',
  '1.50000000000000000000',
  '0e400',
  '0.1',
  '5e-324',
])('%s is a number, since nothing of it is lost', (text) => {
  expect(parseExactly(`[${text}]`)).toEqual([Number(text)])
})

test('a text without long numbers is parsed once', () => {
  for (const text of ['{"a":"9007199254740993"}', '[1,2.5,-3]', '{"a1e5":"1e5"}', '"1e400"'])
    expect(mayLoseDigits(text)).toBe(false)
})

test('numbers that JSON.stringify wrote are numbers', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      const text = JSON.stringify({ value })
      expect(JSON.stringify(parseExactly(text))).toBe(text)
      expect(typeof Object(parseExactly(text)).value).toBe('number')
    }),
  )
})

test('time is in proportion to the text', () => {
  const inputs = [
    '[1',
    '0'.repeat(50_000),
    ' '.repeat(100_000),
    ','.repeat(100_000),
    `[1.${'0'.repeat(100_000)}1]`,
  ]
  for (const input of inputs) {
    const begin = process.cpuUsage()
    mayLoseDigits(input)
    if (input.endsWith(']')) parseExactly(input)
    const { user, system } = process.cpuUsage(begin)
    // Microseconds; a quadratic pattern takes seconds.
    expect(user + system).toBeLessThan(200_000)
  }
})
