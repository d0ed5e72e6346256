import { expect, test } from 'vitest'
import { readDocument } from '../../src/document/document.ts'
import { exposePaths } from '../../src/document/exposed-paths.ts'

const responses = { default: { description: 'Done' } }

test('the shipped document stays as it is, without the address of the API: its server is the prefix of its exposed paths', () => {
  const { 'x-base-url': _baseUrl, ...document } = readDocument()
  expect(exposePaths(readDocument())).toEqual(document)
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

test('a lost variable whose name a query parameter has stands in the query once', () => {
  const parameters = [
    { name: 'id', in: 'path', required: true },
    { name: 'id', in: 'query', description: 'The same.' },
  ]
  const { paths } = exposePaths({
    openapi: '3.1.0',
    paths: { '/a/{id}.json': { get: { responses, parameters, 'x-rest-path': '/v1/a/id-json' } } },
  })
  expect(paths['/v1/a/id-json']?.get).toMatchObject({
    parameters: [{ name: 'id', in: 'query', required: true, description: 'The same.' }],
  })
})

test('an exposed path with its two variables the other way round keeps its order', () => {
  const parameters = ['org-id', 'orgId'].map((name) => ({ name, in: 'path', required: true }))
  const get = { responses, parameters, 'x-rest-path': '/v1/a/{orgId}/{org-id}' }
  const { paths } = exposePaths({ openapi: '3.1.0', paths: { '/a/{org-id}/{orgId}': { get } } })
  expect(Object.keys(paths)).toEqual(['/v1/a/{orgId}/{org-id}'])
})
