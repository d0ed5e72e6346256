import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SecretFilter } from '../../src/upstream/secret-filter.ts'
import { SecretSearch } from '../../src/upstream/secret-search.ts'

const secret = 'planted/planted+pl='
const search = new SecretSearch([secret, 'aaaaab'])

function filter(pieces: readonly Buffer[]): string {
  const filtered = new SecretFilter(search)
  return Buffer.concat([...pieces.map((one) => filtered.add(one)), filtered.end()]).toString('latin1')
}

const word = fc.constantFrom(
  secret,
  'aaaaab',
  'aaaaaab',
  encodeURIComponent(secret),
  'planted/',
  'pl',
  'a',
  'x\n',
)

test.each(['utf8', 'utf16le'] as const)(
  'a secret is found wherever a text is cut, and all else passes: %s',
  (encoding) => {
    fc.assert(
      fc.property(fc.array(word), fc.array(fc.nat(12)), (words, lengths) => {
        const text = Buffer.from(words.join('|'), encoding)
        const pieces: Buffer[] = []
        let at = 0
        for (const length of lengths) {
          pieces.push(text.subarray(at, at + length))
          at += length
        }
        pieces.push(text.subarray(at))
        expect(filter(pieces)).toBe(filter([text]))
        const clean = Buffer.from(filter(pieces), 'latin1').toString(encoding)
        expect(clean).not.toMatch(/planted.planted|planted%2Fp|aaaaab/)
        expect(clean.split('|')).toHaveLength(words.length || 1)
      }),
    )
  },
)

test('what can begin no secret does not wait for more', () => {
  const filtered = new SecretFilter(search)
  expect(filtered.add(Buffer.from('data: 1\n\n')).toString()).toBe('data: 1\n\n')
  expect(filtered.add(Buffer.from('data: planted')).toString()).toBe('data: ')
  expect(filtered.add(Buffer.from(' trees\n\n')).toString()).toBe('planted trees\n\n')
})

const escaped = '\\u0070lanted\\/planted%252Bpl&#x3D;'
const stream = `data: {"k":"${escaped}","a":"x\\n%"}\n\ndata: ok ${secret}`
const clean = 'data: {"k":"[redacted]","a":"x\\n%"}\n\ndata: ok [redacted]'

test.each(['utf8', 'utf16le'] as const)(
  'an escaped secret is found wherever a stream is cut: %s',
  (encoding) => {
    const bytes = Buffer.from(stream, encoding)
    for (let first = 0; first <= bytes.length; first += 1)
      for (let second = first; second <= bytes.length; second += 3) {
        const filtered = new SecretFilter(search)
        const pieces = [bytes.subarray(0, first), bytes.subarray(first, second), bytes.subarray(second)]
        const passed = Buffer.concat([...pieces.map((one) => filtered.add(one)), filtered.end()])
        if (passed.toString(encoding) !== clean)
          expect([first, second, passed.toString(encoding)]).toBe(clean)
      }
  },
)

test('an event does not wait for the next one, whatever it escapes', () => {
  const filtered = new SecretFilter(search)
  for (const event of ['data: {"a":"50%"}\n\n', 'data: a\\nb &amp; c%20\n\n', 'data: \\u0070\n\n']) {
    expect(filtered.add(Buffer.from(event)).toString()).toBe(event)
    expect(filtered.add(Buffer.from(event, 'utf16le')).toString('utf16le')).toBe(event)
  }
})

test('a secret that begins with another one, or goes on with it, is not cut open', () => {
  for (const secrets of [
    ['sk_live_', 'sk_live_planted'],
    ['a_sk_live', 'sk_live_planted'],
  ]) {
    for (const text of [`a_${secrets[1]} end`, `${secrets[0]} end`])
      for (let cut = 0; cut <= text.length; cut += 1) {
        const filtered = new SecretFilter(new SecretSearch(secrets))
        const pieces = [text.slice(0, cut), text.slice(cut)].map((one) => filtered.add(Buffer.from(one)))
        expect(Buffer.concat([...pieces, filtered.end()]).toString()).toMatch(/^(?:a_)?\[redacted\] end$/)
      }
  }
})

test('what is kept back is bounded, whatever a stream escapes', () => {
  const filtered = new SecretFilter(search)
  let passed = filtered.add(Buffer.from('planted')).length
  for (let count = 0; count < 100; count += 1) passed += filtered.add(Buffer.alloc(1_000, '\\')).length
  expect(passed).toBeGreaterThan(95_000)
})
