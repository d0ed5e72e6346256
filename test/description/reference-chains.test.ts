import { expect, test } from 'vitest'
import { asRecord } from '../../src/document/json.ts'
import { createSchemaReader } from '../../src/document/schema-reader.ts'
import { readShape } from '../../src/document/value-shape.ts'
import { startGateway } from '../support/gateway.ts'
import { respondJson, startUpstream } from '../support/upstream-stub.ts'
import { describeApi, listOperations, load, loadSound } from './loading.ts'

const refer = (name: string, beside: object = {}) => ({ $ref: `#/components/schemas/${name}`, ...beside })
const json = (schema: object) => ({ 'application/json': { schema } })
const done = (schema: object = {}) => ({ 200: { description: 'Done', content: json(schema) } })

/** Components that are references with keywords beside them, each through another one. */
const schemas = {
  Text: { type: 'string' },
  Alias: refer('Text'),
  Secret: refer('Alias', { format: 'password' }),
  Token: refer('Secret'),
  Node: { type: 'object', properties: { name: refer('Text'), next: refer('Named') } },
  Named: refer('Node', { required: ['name'] }),
  Strict: refer('Named'),
  Foo: { type: 'object', properties: { a: refer('Text') } },
  Own: refer('Foo', { readOnly: true }),
  Mine: refer('Own', { description: 'Mine.' }),
  Holder: { type: 'object', required: ['mine'], properties: { mine: refer('Mine') } },
}
const post = (operationId: string, schema: object) => ({
  post: { operationId, requestBody: { required: true, content: json(schema) }, responses: done() },
})
const paths = {
  '/strict': post('strict', refer('Strict')),
  '/held': post('held', refer('Holder')),
  '/token': {
    get: {
      operationId: 'token',
      responses: done({
        type: 'object',
        properties: {
          token: refer('Token'),
          inner: { type: 'object', properties: { n: { type: 'integer' } } },
        },
      }),
    },
  },
  '/named': { get: { operationId: 'named', responses: done(refer('Strict')) } },
}

test.each(['3.0.3', '3.1.0'])(
  'what stands beside a reference holds, however many lead there: %s',
  async (openapi) => {
    await using upstream = await startUpstream((request, response) =>
      respondJson(
        response,
        200,
        request.url === '/token' ? '{"token":"S3CRET","inner":{"n":1}}' : '{"next":{}}',
      ),
    )
    const file = { ...describeApi(paths, { components: { schemas } }), openapi }
    const { document } = await load({ 'shop.json': file }, { baseUrls: new Map([['', upstream.url]]) })
    await using gateway = await startGateway(
      upstream.url,
      { MCP_TOKENS: 'withhold' },
      document && { document },
    )
    const headers = { 'content-type': 'application/json' }
    const call = async (path: string, value: object) =>
      (await fetch(gateway.restUrl + path, { method: 'POST', headers, body: JSON.stringify(value) })).status
    const callTool = async (name: string, values: object = {}) => {
      const params = { name, arguments: values }
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params })
      const response = await fetch(`${gateway.mcpUrl}/mcp`, { method: 'POST', headers, body })
      return asRecord(asRecord(await response.json()).result)
    }
    // Before OpenAPI 3.1 what narrows a value beside a reference is ignored.
    const narrowed = openapi === '3.1.0' ? 400 : 200
    expect([
      await call('/strict', { name: 'a' }),
      await call('/strict', {}),
      await call('/strict', { name: 'a', next: {} }),
      await call('/held', {}),
    ]).toEqual([200, narrowed, narrowed, 200])
    expect([
      (await callTool('strict', { body: { name: 'a' } })).isError === true,
      (await callTool('strict', { body: {} })).isError === true,
      (await callTool('held', { body: {} })).isError === true,
    ]).toEqual([false, narrowed === 400, false])
    await fetch(`${gateway.restUrl}/named`)
    if (openapi !== '3.1.0') return
    // A response is compared once it is sent.
    await expect
      .poll(() => gateway.log)
      .toContainEqual(expect.stringMatching(/"operation":"named".*\bname\b/))
    expect(JSON.stringify(await callTool('token'))).not.toContain('S3CRET')
  },
)

test('a chain of references is read as one schema, with the type of its end', () => {
  const read = createSchemaReader({ openapi: '3.1.0', paths: {}, components: { schemas } }, 'request')
  const token = read(refer('Token', { description: 'A token.' }))
  expect(token).toEqual({ allOf: [{ type: 'string' }, { format: 'password', description: 'A token.' }] })
  expect(readShape(token).types).toEqual(new Set(['string']))
})

test('references that lead back to where they began allow any value, whatever stands beside them', () => {
  const circle = { A: refer('B', { description: 'A' }), B: refer('C', { minLength: 1 }), C: refer('A') }
  const read = createSchemaReader({ openapi: '3.1.0', paths: {}, components: { schemas: circle } }, 'request')
  expect(read({ type: 'array', items: refer('A') })).toEqual({ type: 'array', items: {} })
})

test('a parameter has the description of the first reference on the way that has one', async () => {
  const parameters = {
    Size: { name: 'size', in: 'query', description: 'A size.', schema: { type: 'integer' } },
    Large: { $ref: '#/components/parameters/Size', description: 'A large size.' },
    Other: { $ref: '#/components/parameters/Large' },
  }
  const get = (name: string, description?: string) => ({
    get: { parameters: [{ $ref: `#/components/parameters/${name}`, description }], responses: done() },
  })
  const loading = await loadSound(
    describeApi(
      { '/a': get('Other'), '/b': get('Other', 'Mine.'), '/c': get('Size') },
      { components: { parameters } },
    ),
  )
  const described = Object.values(listOperations(loading)).map((one) => one.parameters)
  expect(described).toMatchObject(
    ['A large size.', 'Mine.', 'A size.'].map((description) => [{ name: 'size', in: 'query', description }]),
  )
})
