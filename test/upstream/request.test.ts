import { expect, test } from 'vitest'
import type { Parameter } from '../../src/document/parameters.ts'
import { toPath, toQuery } from '../../src/upstream/request.ts'

const query = (name: string): Parameter => ({
  name,
  in: 'query',
  required: false,
  description: '',
  schema: {},
})
const parameters = [query('limit'), query('emails')]

test('the path is written from the template and the values alone', () => {
  expect(toPath('/v2/clients/{clientId}/users/{userId}', { clientId: 'c_1-x', userId: 7 })).toBe(
    '/v2/clients/c_1-x/users/7',
  )
})

test('a value cannot leave its path segment', () => {
  expect(toPath('/users/{id}', { id: '../x?y#z' })).toBe('/users/..%2Fx%3Fy%23z')
})

test('an array is one comma-joined value and a plus is %2B', () => {
  expect(toQuery(parameters, { emails: ['ada+demo@example.org', 'bo@example.org'] })).toBe(
    'emails=ada%2Bdemo@example.org,bo@example.org',
  )
})

test('the query follows the order of the document, not of the caller', () => {
  expect(toQuery(parameters, { emails: ['a@example.org'], limit: 2 })).toBe('limit=2&emails=a@example.org')
})

test('characters that a URL parser would rewrite are written as it would write them', () => {
  const written = toQuery(parameters, { emails: ["o'neil&=#%@example.org"] })
  expect(new URL(`http://upstream/?${written}`).search).toBe(`?${written}`)
})

test('a call without query values has an empty query', () => {
  expect(toQuery(parameters, {})).toBe('')
})

test.each(['.', '..', ''])('a path value that would change the path (%j) is refused', (value) => {
  expect(() => toPath('/users/{userId}', { userId: value })).toThrow(TypeError)
})
