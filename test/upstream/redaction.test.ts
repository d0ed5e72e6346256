import { expect, test } from 'vitest'
import { redactError } from '../../src/upstream/redaction.ts'

const echoes = { echoMembers: new Set(['target', 'value']), echoUrls: new Set(['path']) }

const redact = (body: unknown, secrets: string[] = []) =>
  redactError(Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)), secrets, echoes).toString()

test('a body that echoes nothing comes back as the very same bytes', () => {
  const body = Buffer.from(
    '{ "error": {"code":"ConflictException","message":"Existing user ID=9007199254740993"} }',
  )
  expect(redactError(body, ['planted-secret'], echoes)).toBe(body)
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
  ['a JSON web token', 'token eyJhbGciOi.eyJpZCI6.c2ln is gone', 'token [redacted] is gone'],
  ['a secret that was sent', 'secret planted-secret is wrong', 'secret [redacted] is wrong'],
])('%s inside a message is taken out', (_title, message, clean) => {
  expect(redact({ error: { message } }, ['planted-secret'])).toBe(
    JSON.stringify({ error: { message: clean } }),
  )
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
