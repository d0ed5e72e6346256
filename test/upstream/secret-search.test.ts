import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SecretSearch } from '../../src/upstream/secret-search.ts'

const hex = (one: string, width = 2) => one.charCodeAt(0).toString(16).padStart(width, '0')
const each = (write: (one: string) => string) => (text: string) => text.replaceAll(/\W/g, write)
const encode = (text: string) => encodeURIComponent(text)

/** How programs write the characters of a text. */
const writers: Readonly<Record<string, (text: string) => string>> = {
  'as it is': (text) => text,
  encodeURIComponent: encode,
  encodeURI,
  'percent-encoding of Python, PHP, Go, Ruby and Java': (text) =>
    encode(text).replaceAll(/[!'()*~]/g, (one) => `%${hex(one).toUpperCase()}`),
  'percent-encoding in lower case': (text) => encode(text).replaceAll(/%../g, (one) => one.toLowerCase()),
  'percent-encoding of some': (text) => encode(text).replace('%2B', '+').replace('%2F', '/'),
  'percent-encoding of all': (text) =>
    [...Buffer.from(text)].map((one) => `%${one.toString(16).padStart(2, '0')}`).join(''),
  'a form': (text) => new URLSearchParams({ a: text }).toString().slice(2),
  'JSON.stringify': (text) => JSON.stringify(text).slice(1, -1),
  'JSON of PHP': (text) => JSON.stringify(text).slice(1, -1).replaceAll('/', '\\/'),
  'JSON of .NET': each((one) => `\\u${hex(one, 4).toUpperCase()}`),
  'JSON of ASCII': (text) => text.replaceAll(/[\u0080-\uffff]/g, (one) => `\\u${hex(one, 4)}`),
  'strings of JavaScript': each((one) => (one < '\u0100' ? `\\x${hex(one)}` : `\\u${hex(one, 4)}`)),
  'decimal entities': (text) => text.replaceAll(/[^\w]/gu, (one) => `&#0${one.codePointAt(0)};`),
  'hexadecimal entities': (text) =>
    text.replaceAll(/\W/gu, (one) => `&#x${(one.codePointAt(0) ?? 0).toString(16).toUpperCase()};`),
  'named entities': (text) =>
    text
      .replaceAll('&', '&amp;')
      .replaceAll('"', '&quot;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll("'", '&#39;'),
}

const secrets = [
  'sk_live_ab!+c/D(4)=Z',
  'planted.plain-secret~1',
  'abc+def/GHI==',
  'pass word <&> \'*\' "quoted"',
  'CORP\\nadmin:pass\\word%41',
  '100%25 planted %',
  'line one\nline\ttwo',
  'gr\u00fc\u00dfe-\u20ac-\u{1f600}',
  'nested %252B planted &amp;lt; \\\\u002b',
]

test.each(secrets)('%j is found in whatever way it is written, and all around it stays', (secret) => {
  const search = new SecretSearch(['another planted+secret', secret])
  const names = Object.keys(writers)
  for (const outer of names)
    for (const inner of names) {
      const write = (text: string) => writers[outer]?.(writers[inner]?.(text) ?? '') ?? ''
      const text = `/x?a=1 "%20 \\n${write(secret)}", \\u00e9&amp;`
      expect([outer, inner, search.takeOut(text)]).toEqual([
        outer,
        inner,
        '/x?a=1 "%20 \\n[redacted]", \\u00e9&amp;',
      ])
    }
})

test.each(secrets)('%j is found in bytes of each encoding', (secret) => {
  const search = new SecretSearch([secret])
  const text = `a ${secret} b ${JSON.stringify(secret).slice(1, -1)} c`
  for (const bytes of [
    Buffer.from(text),
    Buffer.from(text, 'utf16le'),
    Buffer.from(text, 'utf16le').swap16(),
  ]) {
    const clean = search.takeOut(bytes.toString('latin1')).replaceAll('\0', '')
    expect(clean).toBe('a [redacted] b [redacted] c')
  }
})

test('the mark is in UTF-16 where the secret was', () => {
  const search = new SecretSearch(['planted+secret'])
  const text = Buffer.from('\u00e9 planted\\u002bsecret \u00e9', 'utf16le')
  for (const [read, write] of [
    [(one: Buffer) => one, (one: Buffer) => one],
    [(one: Buffer) => one.swap16(), (one: Buffer) => one.swap16()],
  ] as const) {
    const clean = search.takeOut(read(Buffer.from(text)).toString('latin1'))
    expect(write(Buffer.from(clean, 'latin1')).toString('utf16le')).toBe('\u00e9 [redacted] \u00e9')
  }
})

test.each([
  [['sk_live_', 'sk_live_planted'], 'bad key sk_live_planted.', 'bad key [redacted].'],
  [['key sk_liv', 'sk_live_planted'], 'bad key sk_live_planted.', 'bad [redacted].'],
  [['planted+', 'sk_live_planted+of'], 'bad sk_live_planted%2Bof.', 'bad [redacted].'],
  [['sk_live_planted', 'planted+of'], 'bad sk_live_planted%2Bof.', 'bad [redacted].'],
])('of %j none cuts another open', (all, text, clean) => {
  expect(new SecretSearch(all).takeOut(text)).toBe(clean)
  expect(new SecretSearch(all.toReversed()).takeOut(text)).toBe(clean)
})

test('a text without a secret is the very same, whatever its escapes', () => {
  const search = new SecretSearch(secrets)
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('%', '25', '\\', 'u00', '2b', '&', '#', 'amp;', '\0', 'a', ' ')),
      (parts) => {
        expect(search.takeOut(parts.join(''))).toBe(parts.join(''))
      },
    ),
  )
})

test('short texts are no secrets, also without their escapes', () => {
  const search = new SecretSearch(['12345', '%31%32%33', ''])
  expect(search.takeOut('12345 123')).toBe('12345 123')
})

test.each([
  ['percent signs', '%', '25', ''],
  ['entities', '&', 'amp;', ''],
  ['backslashes', '\\', 'u005c', 'planted'],
])('of a secret with %s within one another few forms are looked for', (_, begin, level, end) => {
  const secret = begin + level.repeat(20_000) + end
  const search = new SecretSearch([secret])
  expect(search.forms.length).toBeLessThan(50)
  expect(search.takeOut(`%25 ${secret} %25`)).toBe('%25 [redacted] %25')
})

test.each<[string, (size: number) => string]>([
  ['backslashes', (size) => '\\'.repeat(size)],
  ['escapes', (size) => '\\u002b'.repeat(size / 6)],
  ['percent signs', (size) => '%25'.repeat(size / 3)],
  ['entities', (size) => '&amp;'.repeat(size / 5)],
  ['beginnings of entities', (size) => '&#000'.repeat(size / 5)],
  ['zeros', (size) => '\0'.repeat(size)],
  ['beginnings of secrets', (size) => 'planted%'.repeat(size / 8)],
  ['secrets', (size) => 'planted\\+secret '.repeat(size / 16)],
])('the time for %s is in proportion to their length', (_, write) => {
  const search = new SecretSearch(['planted+secret', 'planted\\\\\\\\secret'])
  const measure = (size: number) => {
    const text = write(size)
    const begin = process.threadCpuUsage()
    for (let done = 0; done < 400_000; done += size) {
      search.takeOut(text)
      search.findCut(text)
    }
    const end = process.threadCpuUsage()
    return end.user + end.system - begin.user - begin.system
  }
  measure(400_000)
  const rounds = Array.from({ length: 3 }, () => [25_000, 400_000].map(measure))
  const [parts = 0, whole = 0] = [0, 1].map((place) => Math.min(...rounds.map((round) => round[place] ?? 0)))
  // What is quadratic takes 16 times as long for one text as for its parts. Microseconds: below 20 ms the clock decides.
  expect(whole).toBeLessThan(Math.max(20_000, 4 * parts))
})
