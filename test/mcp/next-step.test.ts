import { describe, expect, it } from 'vitest'
import { readParameter } from '../../src/document/parameters.ts'
import { adviseNextStep } from '../../src/mcp/next-step.ts'
import { operations } from './example.ts'

/** An explained error, to a client that is offered all tools. */
const explained = { operations, isOffered: () => true, retryAfter: undefined, isExplained: true }

function advise(status: number, id: string, retryAfter?: number): string {
  const operation = operations.find((one) => one.id === id)
  if (!operation) throw new Error(`no operation ${id}`)
  return adviseNextStep(status, operation, { ...explained, retryAfter })
}

it('says after how many seconds a call may be repeated, where the API says so', () => {
  expect(advise(429, 'get-book', 30)).toBe('Wait 30 seconds, then call again.')
  expect(advise(503, 'get-book', 30)).toBe('Wait 30 seconds, then call again.')
  expect(advise(503, 'add-book', 30)).toContain('Nobody can tell whether the call took effect')
})

describe('the next step', () => {
  it.each([
    [401, 'get-book', 'Check the credentials; repeating the call changes nothing.'],
    [403, 'get-book', 'Use credentials that may do this; repeating the call changes nothing.'],
    [404, 'list-books', 'Check shopId.'],
    [404, 'burn-book', 'Check shopId and bookId; list-books lists what exists.'],
    [409, 'add-book', 'It exists already: read it with get-book; do not create it again.'],
    [
      409,
      'burn-book',
      'The state of the record does not allow this: read it with get-book; repeating the call changes nothing.',
    ],
    [429, 'get-book', 'Wait a minute, then call again.'],
    [400, 'get-book', 'Correct the arguments as the message says, then call again.'],
    [503, 'get-book', 'Call again later.'],
    [
      500,
      'add-book',
      'Nobody can tell whether the call took effect: read the state with get-book before you repeat it.',
    ],
    [
      502,
      'burn-book',
      'Nobody can tell whether the call took effect: read the state with list-books before you repeat it.',
    ],
  ])('after %i on %s is: %s', (status, id, sentence) => {
    expect(advise(status, id)).toBe(sentence)
  })

  it.each([400, 404])('after %i on a call that spends what it carries is not to correct it', (status) => {
    const spends = operations.find(({ id }) => id === 'add-book')
    if (!spends) throw new Error('no operation')
    const operation = { ...spends, singleUse: true, recovery: 'Ask for a new one.' }
    expect(adviseNextStep(status, operation, explained)).toBe(
      'What this call spends may be spent already, so that repeating it changes nothing. Ask for a new one.',
    )
  })

  it.each([401, 404])('after %i names the argument of a path variable, not its parameter', (status) => {
    const [query, path] = ['query', 'path'].map((place) =>
      readParameter({ name: 'id', in: place, required: true, schema: { type: 'string' } }),
    )
    const get = operations.find(({ id }) => id === 'get-book')
    const tool = get?.tool
    if (!query || !path || !tool) throw new Error('no operation')
    const names = (given: Record<string, string>) => {
      const pinned = { ...path, pin: { credential: 'secret' } }
      const operation = { ...get, path: '/{id}', parameters: [query, pinned] }
      return adviseNextStep(status, { ...operation, tool: { ...tool, arguments: given } }, explained)
    }
    expect(names({ id: 'id', 'path.id': 'path_id' })).toMatch(/^Check path_id\b/)
    expect(names({ 'path.id': 'record', 'query.id': 'id' })).toMatch(/^Check record\b/)
    expect(names({})).toMatch(status === 401 ? /^Check the credentials;/ : /^Check the arguments\.$/)
  })

  it('after 404 on a call without path variables is to check the arguments', () => {
    const books = operations.find(({ id }) => id === 'list-books')
    if (!books) throw new Error('no operation')
    const operation = { ...books, parameters: [] }
    expect(adviseNextStep(404, { ...operation, path: '/books' }, explained)).toBe('Check the arguments.')
    const found = { ...operation, path: `${books.path}/latest` }
    expect(adviseNextStep(404, found, explained)).toBe('Check the arguments; list-books lists what exists.')
  })

  describe('of an API with records within records', () => {
    const [read] = operations
    const served = [
      ...['GET /users/{id}', 'PATCH /users/{id}', 'PUT /users/{id}', 'GET /users/{id}/orders/{oid}'],
      ...['GET /users', 'POST /users', 'POST /users/{id}/orders', 'GET /users/{id}/orders'],
      ...['DELETE /users/{id}/orders/{oid}', 'POST /users/{id}/lock', 'POST /search'],
    ].map((id) => {
      if (!read?.tool) throw new Error('no operation')
      const [method = '', path = ''] = id.split(' ')
      const parameters = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) =>
        readParameter({ name, in: 'path', required: true, schema: { type: 'string' } }),
      )
      const named = Object.fromEntries(parameters.map(({ name }) => [name, name]))
      return { ...read, id, method, path, parameters, tool: { ...read.tool, name: id, arguments: named } }
    })
    const adviseOn = (
      status: number,
      id: string,
      isOffered: (one: { id: string }) => boolean = () => true,
    ) => {
      const operation = served.find((one) => one.id === id)
      if (!operation) throw new Error(`no operation ${id}`)
      return adviseNextStep(status, operation, { ...explained, operations: served, isOffered })
    }

    const unique =
      'Another record has a value that must be unique: choose another value, or leave it as it is.'
    const state = (tool: string) =>
      `The state of the record does not allow this: read it with ${tool}; repeating the call changes nothing.`
    it.each([
      [401, 'GET /users/{id}', 'Check the credentials; repeating the call changes nothing.'],
      [404, 'POST /users/{id}/orders', 'Check id; GET /users lists what exists.'],
      [404, 'GET /users/{id}/orders', 'Check id; GET /users lists what exists.'],
      [404, 'POST /users/{id}/lock', 'Check id; GET /users lists what exists.'],
      [404, 'DELETE /users/{id}/orders/{oid}', 'Check id and oid; GET /users/{id}/orders lists what exists.'],
      [409, 'PATCH /users/{id}', unique],
      [409, 'PUT /users/{id}', unique],
      [409, 'DELETE /users/{id}/orders/{oid}', state('GET /users/{id}/orders/{oid}')],
      [409, 'POST /users/{id}/lock', state('GET /users/{id}')],
      [
        409,
        'POST /search',
        'The state of the record does not allow this; repeating the call changes nothing.',
      ],
      [409, 'POST /users', 'It exists already: read it with GET /users/{id}; do not create it again.'],
      [
        409,
        'POST /users/{id}/orders',
        'It exists already: read it with GET /users/{id}/orders/{oid}; do not create it again.',
      ],
      [
        500,
        'POST /users/{id}/lock',
        'Nobody can tell whether the call took effect: read the state with GET /users/{id} before you repeat it.',
      ],
    ])('after %i on %s is: %s', (status, id, sentence) => {
      expect(adviseOn(status, id)).toBe(sentence)
    })

    it.each([404, 409, 500])('after %i names no tool that the client is not offered', (status) => {
      for (const { id } of served)
        expect(adviseOn(status, id, (one) => one.id !== 'GET /users/{id}')).not.toMatch(
          /GET \/users\/\{id\}[^/]/,
        )
      for (const { id } of served) expect(adviseOn(status, id, () => false)).not.toContain('GET')
    })
  })
})
