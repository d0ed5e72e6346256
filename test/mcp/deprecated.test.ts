import { expect, test } from 'vitest'
import { readOperations } from '../../src/document/operations.ts'
import { compileOperations } from '../../src/document/validation.ts'
import { offerTool } from '../../src/mcp/tool-description.ts'
import { describeApi, loadSound } from '../description/loading.ts'
import { createOptions } from './example.ts'

const text = { type: 'string' }

/** The tools of an API whose operations are given by their paths, as clients see them. */
async function offer(operations: Readonly<Record<string, object>>) {
  const paths = Object.fromEntries(Object.entries(operations).map(([path, one]) => [path, { post: one }]))
  const { document } = await loadSound(describeApi(paths, { components: { schemas: { Apart: text } } }))
  if (!document) throw new Error('nothing was loaded')
  const again = await loadSound(JSON.stringify(document))
  expect(again.document).toEqual(document)
  return compileOperations(readOperations(document)).map(
    (operation) => offerTool(operation, createOptions().options)?.description,
  )
}

test('the description of a tool begins with what is deprecated', async () => {
  const responses = {}
  const tools = await offer({
    '/old': { summary: 'Old', description: 'Makes one.', deprecated: true, responses },
    '/told': { description: 'DEPRECATED: use the other.', deprecated: true, responses },
    '/new': { description: 'Makes one.', deprecated: false, responses },
    '/curated': { deprecated: true, responses, 'x-mcp-tool': { name: 'own', description: 'Own words.' } },
  })
  expect(tools.map((tool) => [tool?.title, tool?.description])).toEqual([
    ['Old', 'Deprecated. Makes one.'],
    [expect.any(String), 'DEPRECATED: use the other.'],
    [expect.any(String), 'Makes one.'],
    ['own', 'Deprecated. Own words.'],
  ])
})

test('arguments, members of bodies and members of results say that they are deprecated', async () => {
  const schema = {
    type: 'object',
    properties: {
      old: { ...text, deprecated: true },
      either: { type: ['string', 'null'], deprecated: true },
      apart: { $ref: '#/components/schemas/Apart', deprecated: true },
    },
  }
  const content = { 'application/json': { schema } }
  const query = (name: string, more: object) => ({ name, in: 'query', ...more })
  const [tool] = await offer({
    '/a': {
      parameters: [
        query('own', { schema: text, deprecated: true }),
        query('inner', { schema: { ...text, deprecated: true } }),
        query('either', { schema: { type: ['string', 'integer'] }, deprecated: true }),
        query('fresh', { schema: text, deprecated: false }),
      ],
      requestBody: { content },
      responses: { 200: { description: 'Fine', content } },
    },
  })
  const old = { ...text, deprecated: true }
  const nullable = { deprecated: true, anyOf: [text, { type: 'null' }] }
  expect(tool?.inputSchema.properties).toEqual({
    own: old,
    inner: old,
    either: { deprecated: true, anyOf: [text, { type: 'integer' }] },
    fresh: text,
    body: { type: 'object', properties: { old, either: nullable, apart: old } },
  })
  expect(tool?.outputSchema.properties).toMatchObject({
    old: { description: '(string, deprecated)' },
    either: { description: '(string or null, deprecated)' },
    apart: { description: '(string, deprecated)' },
  })
})
