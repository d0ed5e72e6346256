import { expect, test } from 'vitest'
import type { Capability } from '../../../src/description/capability/capability-file.ts'
import { deriveDocument } from '../../../src/description/capability/derivation.ts'

const rest: Capability['capability']['exposes'][number] = {
  type: 'rest',
  namespace: 'gists-rest',
  resources: [
    {
      path: '/v1/gists/{gist-id}',
      operations: [
        { method: 'PUT', call: 'gists.putgist', with: { gistId: 'rest.gistId' } },
        { method: 'GET', call: 'gists.getgist', with: { gistId: 'rest.gistId' } },
      ],
    },
  ],
}

const capability: Capability = {
  info: { label: 'Gists', description: 'Gists of a user', tags: ['GitHub', 'Gists'], modified: '2026-05-19' },
  capability: {
    consumes: [
      {
        namespace: 'gists',
        resources: [
          {
            path: '/gists/{gistId}',
            operations: [
              {
                name: 'putgist',
                method: 'PUT',
                description: 'Write a gist',
                inputParameters: [
                  { name: 'gistId', in: 'path', type: 'string' },
                  { name: 'tags', in: 'query', type: 'array', description: 'Words' },
                  { name: 'body', in: 'body', type: 'object', required: true, description: 'The gist' },
                ],
              },
              { name: 'getgist', method: 'GET' },
            ],
          },
        ],
      },
    ],
    exposes: [
      rest,
      {
        type: 'mcp',
        namespace: 'gists-mcp',
        tools: [
          {
            name: 'put-gist',
            description: 'Write a gist',
            hints: { destructive: false, idempotent: true, openWorld: false },
            call: 'gists.putgist',
            with: { gistId: 'tools.id', body: 'tools.gist' },
          },
          { name: 'get-gist', call: 'gists.getgist' },
        ],
      },
    ],
  },
}

test('a capability becomes a document of all that it says', () => {
  expect(deriveDocument(capability)).toEqual({
    openapi: '3.0.3',
    info: { title: 'Gists', version: '2026-05-19', description: 'Gists of a user' },
    servers: [],
    tags: [{ name: 'Gists' }],
    paths: {
      '/gists/{gistId}': {
        put: {
          operationId: 'putgist',
          summary: 'Write a gist',
          tags: ['Gists'],
          'x-rest-path': '/v1/gists/{gist-id}',
          'x-mcp-tool': {
            name: 'put-gist',
            title: 'Write a gist',
            description: 'Write a gist',
            annotations: {
              readOnlyHint: false,
              destructiveHint: false,
              idempotentHint: true,
              openWorldHint: false,
            },
            arguments: { gistId: 'id', body: 'gist' },
          },
          parameters: [
            { name: 'gistId', in: 'path', required: true, schema: { type: 'string' } },
            {
              name: 'tags',
              in: 'query',
              required: false,
              description: 'Words',
              schema: { type: 'array', items: {} },
            },
          ],
          requestBody: {
            description: 'The gist',
            required: true,
            content: { 'application/json': { schema: { type: 'object' } } },
          },
          responses: {},
        },
        get: expect.objectContaining({ operationId: 'getgist', summary: 'getgist' }),
      },
    },
  })
})

test('a tool without hints may do anything, which is what MCP takes silence for', () => {
  const get = deriveDocument(capability).paths['/gists/{gistId}']?.get
  expect(get).toMatchObject({
    'x-mcp-tool': {
      title: 'get-gist',
      annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
      arguments: {},
    },
  })
})

test('an operation that no tool calls has none', () => {
  const document = deriveDocument({
    ...capability,
    capability: { ...capability.capability, exposes: [rest] },
  })
  expect(document.paths['/gists/{gistId}']?.get).not.toHaveProperty('x-mcp-tool')
})

test('a capability without tags or date is tagged by its name', () => {
  const document = deriveDocument({ ...capability, info: { label: 'Gists', description: 'Gists of a user' } })
  expect([document.tags, document.info]).toEqual([
    [{ name: 'Gists' }],
    { title: 'Gists', version: '1', description: 'Gists of a user' },
  ])
})
