import { describe, expect, test } from 'vitest'
import type { Operation } from '../../src/document/operations.ts'
import { readParameter } from '../../src/document/parameters.ts'
import { createPathPattern } from '../../src/document/path-template.ts'
import { createRequestWriter, type RequestWriter, writeQuery } from '../../src/document/request-writing.ts'
import { createSpellingCheck } from '../../src/document/spelling-check.ts'

const query = (name: string) =>
  readParameter({ name, in: 'query', style: 'form', explode: false, schema: {} })
const parameters = [query('limit'), query('emails')]

/** An operation at a path whose variables are parameters. */
const at = (path: string, ...more: object[]): Operation => ({
  id: 'probe',
  method: 'GET',
  path,
  restPath: path,
  summary: '',
  parameters: [
    ...[...path.matchAll(/\{([^}]+)\}/g)].map(([, name]) => ({ name, in: 'path', schema: {} })),
    ...more,
  ].map((one) => readParameter(one)),
  responses: [],
  success: { status: 200, schema: {} },
  security: [],
})
const writeTarget = ({ writePath, writeQuery }: RequestWriter, values: Record<string, unknown>) =>
  [writePath(values), writeQuery?.({})].filter((one) => one !== undefined).join('?')
const targetOf = (path: string, values: Record<string, unknown>) =>
  writeTarget(createRequestWriter(at(path)), values)

describe('the path', () => {
  test('is written from the template and the values alone', () => {
    expect(targetOf('/v2/clients/{clientId}/users/{userId}', { clientId: 'c_1-x', userId: 7 })).toBe(
      '/v2/clients/c_1-x/users/7',
    )
  })

  test('holds a value within its segment', () => {
    expect(targetOf('/users/{id}', { id: 'a../x?y#z' })).toBe('/users/a..%2Fx%3Fy%23z')
  })

  test.each([
    ['/{id}.json', { id: '.' }, '/..json'],
    ['/{a}-{b}', { a: 'x-y', b: 'z-1' }, '/x%2Dy-z-1'],
    ['/{id}:cancel', { id: 'a:b' }, '/a%3Ab:cancel'],
    ['/a b/{id}', { id: 1 }, '/a%20b/1'],
    ['/things?kind=a b#part', {}, '/things?kind=a%20b'],
    ['/{a?b}/c', { 'a?b': 1 }, '/1/c'],
  ])('of the template %s', (path, values, target) => {
    expect(targetOf(path, values)).toBe(target)
  })

  test.each([
    ['/users/{id}', '.'],
    ['/users/{id}', '..'],
    ['/users/{id}/x', '..'],
    ['/users/{id}', ''],
    ['/users/.{id}', '.'],
    ['/users/{id}', '../x'],
    ['/users/{id}', 'a/../../x'],
    ['/users/{id}', 'a/.'],
    ['/users/{id}', '..\\x'],
    ['/users/x{id}', '/..'],
    ['/users/{id}', []],
    ['/users/{id}', null],
    ['/users/{id}', '\ud800'],
  ])('%s has no place for %j', (path, id) => {
    const violations = createSpellingCheck(at(path))({ path: { id }, query: {}, header: {} })
    expect(violations.map(({ location }) => location)).toEqual(['path.id'])
  })

  test.each([
    ['/users/{a}{b}', { a: '.', b: '.' }],
    ['/users/{a}.{b}', { a: '', b: '.' }],
    ['/users/{a}{b}/x', { a: '.', b: '' }],
  ])('%s has no place for values that are a dot segment together', (path, values) => {
    const violations = createSpellingCheck(at(path))({ path: values, query: {}, header: {} })
    expect(violations).toHaveLength(1)
  })

  test('without a value is never written', () => {
    expect(() => targetOf('/things/{id}', {})).toThrow('id must be given')
  })
})

describe('a path of a URL', () => {
  test.each([
    ['/v1/{id}.json', '/v1/a.json.json', ['a.json']],
    ['/v1/{a}-{b}', '/v1/x%2Dy-z-1', ['x%2Dy', 'z-1']],
    ['/v1/{id}:cancel', '/v1/7:cancel', ['7']],
    ['/v1/{a}/{b}', '/v1/%2F/b', ['%2F', 'b']],
    ['/v1/{a}/{b}', '/v1/a/', undefined],
    ['/v1/{a}/{b}', '/v1/a/b/c', undefined],
    ['/v1/(a)+/{b}', '/v1/(a)+/c', ['c']],
  ])('%s takes %s apart', (template, path, texts) => {
    expect(createPathPattern(template).exec(path)?.slice(1)).toEqual(texts)
  })
})

describe('the query', () => {
  test('has an array as one comma-joined value and a plus as %2B', () => {
    expect(writeQuery(parameters, { emails: ['ada+demo@example.org', 'bo@example.org'] })).toBe(
      'emails=ada%2Bdemo@example.org,bo@example.org',
    )
  })

  test('follows the order of the document, not of the client', () => {
    expect(writeQuery(parameters, { emails: ['a@example.org'], limit: 2 })).toBe(
      'limit=2&emails=a@example.org',
    )
  })

  test('writes characters that a URL parser would rewrite as it would write them', () => {
    const written = writeQuery(parameters, { emails: ["o'neil&=#%@example.org"] })
    expect(new URL(`http://upstream/?${written}`).search).toBe(`?${written}`)
  })

  test('is empty without values', () => {
    expect(writeQuery(parameters, {})).toBe('')
  })
})

describe('the headers', () => {
  test('are those of the operation, too', () => {
    const constantHeaders = { 'x-version': '7', cookie: 'a=1' }
    const { writeHeaders } = createRequestWriter({ ...at('/'), constantHeaders })
    expect(writeHeaders?.({ path: {}, query: {}, header: {} })).toEqual(constantHeaders)
    const operation = at('/', { name: 'b', in: 'cookie', schema: {} })
    const writer = createRequestWriter({ ...operation, constantHeaders })
    for (const b of [2, 3])
      expect(writer.writeHeaders?.({ path: {}, query: {}, header: {}, cookie: { b } })).toEqual({
        'x-version': '7',
        cookie: `a=1; b=${b}`,
      })
  })

  test('are those of the parameters, cookies as one', () => {
    const operation = at(
      '/',
      { name: 'X-Page', in: 'header', schema: {} },
      { name: 'a', in: 'cookie', schema: {} },
      { name: 'b', in: 'cookie', schema: {} },
    )
    const values = { path: {}, query: {}, header: { 'X-Page': [1, 2] }, cookie: { b: 'x y', a: 1 } }
    expect(createRequestWriter(operation).writeHeaders?.(values)).toEqual({
      'x-page': '1,2',
      cookie: 'a=1; b=x%20y',
    })
  })
})
