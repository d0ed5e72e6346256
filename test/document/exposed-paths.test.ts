import { expect, test } from 'vitest'
import { readDocument } from '../../src/document/document.ts'
import { exposePaths } from '../../src/document/exposed-paths.ts'

const responses = { default: { description: 'Done' } }

test('the shipped document stays as it is: its server is the prefix of its exposed paths', () => {
  expect(exposePaths(readDocument())).toEqual(readDocument())
})

test('an own path is exposed at this server in place of the API', () => {
  const get = {
    responses,
    servers: [{ url: 'https://b.example.org' }],
    'x-base-url': 'https://b.example.org',
  }
  const exposed = exposePaths({
    openapi: '3.1.0',
    servers: [{ url: 'https://a.example.org/api' }],
    paths: { '/a/{id}': { get } },
  })
  expect(exposed).toEqual({
    openapi: '3.1.0',
    servers: [{ url: '/' }],
    paths: { '/a/{id}': { get: { responses } } },
  })
})

test('exposed paths that are spelled otherwise name their variables as the parameters, and a lost one is in the query', () => {
  const parameters = ['teamId', 'id'].map((name) => ({ name, in: 'path', required: true }))
  const { servers, paths } = exposePaths({
    openapi: '3.1.0',
    paths: {
      '/teams/{teamId}/a/{id}': {
        get: { responses, parameters, 'x-rest-path': '/v1/a/{team-id}' },
        additionalOperations: { COPY: { responses, parameters, 'x-rest-path': '/v1/a/{team-id}/{key}' } },
      },
    },
  })
  expect(servers).toEqual([{ url: '/' }])
  expect(paths).toMatchObject({
    '/v1/a/{teamId}': { get: { parameters: [parameters[0], { name: 'id', in: 'query', required: true }] } },
    '/v1/a/{teamId}/{id}': { additionalOperations: { COPY: { parameters } } },
  })
})
