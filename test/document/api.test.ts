import { expect, test } from 'vitest'
import { readApi } from '../../src/document/api.ts'

test('the headers of every described response reach clients, wherever it is described', () => {
  const respond = (name: string) => ({ description: 'Done', headers: { [name]: {} } })
  const refer = (pointer: string) => ({ responses: { 200: { $ref: `#/${pointer}` } } })
  const { headers } = readApi({
    openapi: '3.2.0',
    paths: {
      '/a': {
        get: { responses: { 200: respond('X-Own'), 404: { $ref: '#/nowhere' } } },
        post: refer('components/responses/Shared'),
        query: { responses: { 200: respond('X-Query') } },
        additionalOperations: { LINK: { responses: { default: respond('X-Additional') } } },
      },
      '/b': { get: refer('x-files/common.yaml/responses/Other') },
      '/c': { $ref: '#/components/pathItems/C' },
    },
    components: {
      responses: { Shared: respond('X-Shared') },
      pathItems: { C: { get: { responses: { 200: respond('X-Item') } } } },
    },
    'x-files': { 'common.yaml': { responses: { Other: respond('X-File') } } },
  }).responses
  expect([...headers].filter((name) => name !== 'x-request-id' && name.startsWith('x-')).sort()).toEqual([
    ...['x-additional', 'x-file', 'x-item', 'x-own', 'x-query', 'x-shared'],
  ])
})

test('no described header of CORS reaches clients: the gateway decides which pages may read a response', () => {
  const names = ['Access-Control-Allow-Origin', 'access-control-expose-headers', 'X-Own']
  const described = { description: 'Done', headers: Object.fromEntries(names.map((name) => [name, {}])) }
  const document = { openapi: '3.1.0', paths: { '/a': { get: { responses: { 200: described } } } } }
  const { headers } = readApi(document).responses
  expect(names.map((name) => headers.has(name.toLowerCase()))).toEqual([false, false, true])
})
