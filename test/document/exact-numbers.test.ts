import fc from 'fast-check'
import { expect, test } from 'vitest'
import { markNumbers, parseExactly } from '../../src/document/exact-numbers.ts'

test.each([
  '9007199254740993',
  '-9007199254740993',
  '12345678901234567890',
  '0.1234567890123456789',
  '1e400',
  '-1E400',
  '1e-400',
  '1.00000000000000000001',
  // JSON.stringify writes 44131673108814810, the shortest text of the same number.
  '44131673108814808',
])('%s is kept as it is written', (text) => {
  const value = parseExactly(`{"a":[ ${text}]}`)
  expect(JSON.stringify(value)).toBe(`{"a":[${text}]}`)
  expect(JSON.stringify(parseExactly(text))).toBe(text)
})

test.each([
  '9007199254740991',
  '9007199254740992',
  '44131673108814810',
  '-44131673108814810',
  '1000000000000000000000',
  '1e2',
  '1.50000000000000000000',
  '0e400',
  '0.1',
  '5e-324',
])('%s is a number, since nothing of it is lost', (text) => {
  expect(parseExactly(`[${text}]`)).toEqual([Number(text)])
})

test('a text without long numbers has none to mark', () => {
  for (const text of ['{"a":"9007199254740993"}', '[1,2.5,-3]', '{"a1e5":"1e5"}', '"1e400"', '"\\"1e400"'])
    expect(markNumbers(text)).toBeUndefined()
})

test('only numbers are touched, wherever they stand', () => {
  const text =
    '{"9007199254740993":"9007199254740993","__proto__":1e400,"a\\"":[true,null,-1e400,{"b":0.12345678901234567}]}'
  expect(JSON.stringify(parseExactly(text))).toBe(text)
})

test.each(['[01e400]', '[1e]', '[1.]', '{1e400:1}', '[1e400', '1e400 1', '[-]', '[1 9007199254740993]'])(
  '%s is no JSON, with or without long numbers',
  (text) => {
    expect(() => parseExactly(text)).toThrow(SyntaxError)
  },
)

test('numbers that JSON.stringify wrote are numbers', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      const text = JSON.stringify({ value })
      expect(JSON.stringify(parseExactly(text))).toBe(text)
      expect(typeof Object(parseExactly(text)).value).toBe('number')
    }),
  )
})

/** Fills a list with numbers up to a length of the text. */
function fillList(length: number, write: (index: number) => string): string {
  return `[${Array.from({ length: Math.floor(length / (write(0).length + 1)) }, (_, n) => write(n)).join()}]`
}

test.each([
  ['one number of many digits', (length: number) => `[1${'0'.repeat(length)}1]`],
  ['one number of many zeros', (length: number) => `[0.${'0'.repeat(length)}1234567890123456]`],
  ['blanks', (length: number) => `[${' '.repeat(length)}1e400]`],
  ['whole numbers', (length: number) => fillList(length, (n) => `${9_007_199_254_740_993n + BigInt(2 * n)}`)],
  ['spelled numbers', (length: number) => fillList(length, (n) => `1234567${100_000_000 + n}.0e-3`)],
  ['short numbers', (length: number) => fillList(length, () => '1e400')],
])('%s take a time in proportion to the text', (_, write) => {
  const measure = (text: string) => {
    const { user, system } = process.threadCpuUsage()
    parseExactly(text)
    const after = process.threadCpuUsage()
    return after.user + after.system - user - system
  }
  const [half, whole] = [write(100_000), write(200_000)]
  // In turns, so that both are measured before and after V8 has compiled what they run.
  const times = Array.from({ length: 9 }, () => [measure(half), measure(whole)] as const)
  const [least, most] = [Math.min(...times.map(([one]) => one)), Math.min(...times.map(([, one]) => one))]
  // A floor in microseconds, since a clock that ticks in milliseconds cannot compare less.
  expect(most).toBeLessThan(3 * Math.max(least, 10_000))
})
