import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SecretFilter } from '../../src/upstream/secret-filter.ts'
import { spellSecrets } from '../../src/upstream/secret-spellings.ts'

const secret = 'planted/planted+pl='
const spellings = spellSecrets([secret, 'aaaaab'])

function filter(pieces: readonly Buffer[]): string {
  const filtered = new SecretFilter(spellings)
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
  const filtered = new SecretFilter(spellings)
  expect(filtered.add(Buffer.from('data: 1\n\n')).toString()).toBe('data: 1\n\n')
  expect(filtered.add(Buffer.from('data: planted')).toString()).toBe('data: ')
  expect(filtered.add(Buffer.from(' trees\n\n')).toString()).toBe('planted trees\n\n')
})
