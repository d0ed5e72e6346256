import { expect, test } from 'vitest'
import { redactError, redactSecrets, redactTokens } from '../../src/upstream/redaction.ts'
import { SecretSearch } from '../../src/upstream/secret-search.ts'

const echoes = { echoMembers: new Set(['target', 'value']), echoUrls: new Set(['path']) }

const redact = (body: unknown, secrets: string[] = []) =>
  redactError(
    Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
    new SecretSearch(secrets),
    echoes,
  ).toString()

test('a body that echoes nothing comes back as the very same bytes', () => {
  const body = Buffer.from(
    '{ "error": {"code":"ConflictException","message":"Existing user ID=9007199254740993"} }',
  )
  expect(redactError(body, new SecretSearch(['planted-secret']), echoes)).toBe(body)
})

test('members that repeat the request are emptied', () => {
  const echo = { property: 'refreshToken', target: { refreshToken: 'opaque' }, value: 'opaque' }
  expect(JSON.parse(redact({ details: { errors: [echo] } }))).toEqual({
    details: { errors: [{ property: 'refreshToken', target: '[redacted]', value: '[redacted]' }] },
  })
})

test('the query of the repeated URL is cut off', () => {
  expect(redact({ path: '/v2/oauth-clients/c/users?emails=bo%40example.org' })).toBe(
    '{"path":"/v2/oauth-clients/c/users"}',
  )
})

test.each([
  ['an e-mail address', 'Invalid email bo+x@example.org', 'Invalid email [redacted]'],
  ['a JSON web token', 'token eyJhbGciOi.eyJpZCI6.c2ln expired', 'token [redacted] expired'],
  ['a secret that was sent', 'secret planted-secret is wrong', 'secret [redacted] is wrong'],
])('%s inside a message is taken out', (_title, message, clean) => {
  expect(redact({ error: { message } }, ['planted-secret'])).toBe(
    JSON.stringify({ error: { message: clean } }),
  )
})

test.each([
  ['Andr\xe9! bo@example.org x', 'Andr\xe9! [redacted] x'],
  ['cl\xe9 planted-secret \x80', 'cl\xe9 [redacted] \x80'],
  ['\xe9 planted-cl\xe9', '\xe9 [redacted]'],
  [
    '{"name":"\xe9","of":"bo@example.org","price":"\\u20ac\\u00e9","value":"\xe9"}',
    '{"name":"\xe9","of":"[redacted]","price":"\\u20ac\xe9","value":"[redacted]"}',
  ],
])('a text in another charset keeps its bytes beside what is redacted: %j', (text, clean) => {
  const search = new SecretSearch(['planted-secret', 'planted-cl\xe9'])
  expect(redactError(Buffer.from(text, 'latin1'), search, echoes).toString('latin1')).toBe(clean)
})

test('a success in another charset keeps its bytes beside a secret', () => {
  const body = Buffer.from('Andr\xe9 planted-secret', 'latin1')
  expect(redactSecrets(body, undefined, new SecretSearch(['planted-secret'])).toString('latin1')).toBe(
    'Andr\xe9 [redacted]',
  )
})

test('numbers beside what is redacted keep their digits', () => {
  expect(redact('{"id":9007199254740993,"of":"bo@example.org"}')).toBe(
    '{"id":9007199254740993,"of":"[redacted]"}',
  )
})

test.each([
  ['123456789012', '{"a":123456789012,"b":[-123456789012,123456789012.5]}'],
  ['123456789012', '{"a":123456789012.0,"b":[1.23456789012E11,1.23456789012e+11]}'],
  ['0012345678', '{"a":12345678,"b":[12345678.0]}'],
  ['12345678901234567890', '{"a":12345678901234567890,"b":[12345678901234567890.0]}'],
  ['12345678901234567890', '{"a":12345678901234567000,"b":[1.2345678901234567e+19]}'],
])('a secret of digits is found in numbers, in whatever way they write it: %s in %s', (secret, text) => {
  const search = new SecretSearch([secret])
  const clean = text.replaceAll(/[-\d][\d.E+e]*/g, '"[redacted]"')
  expect(redactError(Buffer.from(text), search, echoes).toString()).toBe(clean)
  expect(redactSecrets(Buffer.from(text), 'application/json', search).toString()).toBe(clean)
})

test('numbers that are no secret stay, also beside one that JavaScript cannot have', () => {
  const search = new SecretSearch(['9'.repeat(400), '123456', '1000000'])
  const text = '{"a":1.2345678,"b":"Infinity","c":1,"d":[12345,654321]}'
  expect(redactError(Buffer.from(text), search, echoes).toString()).toBe(text)
})

test('names of hosts and of people are no tokens', () => {
  const named = { message: 'https://cdn.disney-plus.example.com joey.bloggs.jr harvey-1.2.3' }
  expect(redact(named)).toBe(JSON.stringify(named))
})

test('a body that is no JSON is cleaned as text', () => {
  expect(redact('<p>bo@example.org: planted-secret</p>', ['planted-secret'])).toBe(
    '<p>[redacted]: [redacted]</p>',
  )
})

test('the numbers and constraints of a validation error stay', () => {
  const kept = { constraints: { isString: 'email must be a string' }, statusCode: 400 }
  expect(redact(kept)).toBe(JSON.stringify(kept))
})

test('names of members are redacted like values, and no member is lost', () => {
  const token = ['eyJhbGciOiJIUzI1NiJ9', 'eyJzdWIiOiJhZGEifQ', 'c2ln'].join('.')
  const errors = { 'ada@example.org': ['x'], 'bob@example.org': 1, [token]: 2, email: 3 }
  expect(JSON.parse(redact({ errors, 'planted-secret': {} }, ['planted-secret']))).toEqual({
    errors: { '[redacted]': ['x'], '[redacted] 2': 1, '[redacted] 3': 2, email: 3 },
    '[redacted]': {},
  })
})

test('a body that nests too deep to be walked is cleaned as text', () => {
  const deep = `${'['.repeat(50_000)}"bo@example.org"${']'.repeat(50_000)}`
  expect(redact(deep)).toBe(deep.replace('bo@example.org', '[redacted]'))
})

test.each<[string, (size: number) => string]>([
  ['beginnings of tokens', (size) => 'eyJ'.repeat(size / 3)],
  ['beginnings of tokens with dots', (size) => 'eyJaaaaaaa.'.repeat(size / 11)],
  ['tokens', (size) => 'eyJaaaaaaa.b.c.'.repeat(size / 15)],
  ['dots', (size) => '.'.repeat(size)],
  ['at signs', (size) => '@'.repeat(size)],
  ['question marks', (size) => '?'.repeat(size)],
])('the time for %s is in proportion to their length', (_, write) => {
  const measure = (size: number) => {
    const text = write(size)
    const pair = [text, JSON.stringify({ path: text, [text]: text })]
    const bodies = Array.from({ length: 200_000 / size }, () => pair).flat()
    const begin = process.threadCpuUsage()
    for (const body of bodies) {
      redactTokens(body)
      redact(body, ['planted-secret'])
    }
    const end = process.threadCpuUsage()
    return end.user + end.system - begin.user - begin.system
  }
  measure(200_000)
  // In turn, since other work on the machine makes some rounds slower; together, since the clock ticks every 4 ms.
  const rounds = Array.from({ length: 7 }, () => [25_000, 200_000].map(measure))
  const [parts = 0, whole] = [0, 1].map(
    (place) => rounds.reduce((sum, round) => sum + (round[place] ?? 0), 0) / rounds.length,
  )
  // A quadratic pattern takes eight times as long for one text as for eight parts of it, which no other work on the
  // machine does to a linear one. Microseconds: below 10 ms the clock decides.
  expect(whole).toBeLessThan(Math.max(10_000, 3 * parts))
})

test('of very many addresses the first are taken out one by one, and what follows is cut', () => {
  const text = redact({ message: 'a@b.c x '.repeat(2_000) })
  expect(text).not.toContain('@')
  expect(text.match(/\[redacted\]/g)).toHaveLength(1_001)
  const members = Object.fromEntries(Array.from({ length: 2_000 }, (_, n) => [`${n}@b.c`, n]))
  const names = Object.keys(JSON.parse(redact(members)))
  expect(names.length).toBeLessThan(1_010)
  expect(names.every((name) => name.startsWith('[redacted]'))).toBe(true)
})

test('JSON is read behind a byte order mark, which stays', () => {
  expect(redact('\ufeff{"a":"of bo@example.org"}')).toBe('\ufeff{"a":"of [redacted]"}')
})

test('a member that stands twice hides nothing', () => {
  expect(redact('{"a":"planted\\u002dsecret","a":"bo@example.org","a":1}', ['planted-secret'])).toBe(
    '{"a":1}',
  )
})

test('a number is redacted where it is a secret, and not where it has the digits of one in it', () => {
  const body = '{"a":1234567,"b":12345678,"c":98765432109876543210}'
  expect(redact(body, ['1234567', '98765432109876543210'])).toBe(
    '{"a":"[redacted]","b":12345678,"c":"[redacted]"}',
  )
})
