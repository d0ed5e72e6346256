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
