import { afterAll, beforeAll, expect, test } from 'vitest'
import type { OpenApiDocument } from '../../src/document/document.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { respondJson, startUpstream, type UpstreamStub } from '../support/upstream-stub.ts'

const planted = 'planted_secret-4f9a8b7c'
const password = { type: 'string', format: 'password' }
const pin = { $ref: '#/components/schemas/Password' }

/** Bodies with the secret somewhere in it, by the name of their path: a schema and a value of it. */
const bodies: Readonly<Record<string, readonly [object, unknown]>> = {
  member: [{ type: 'object', properties: { password } }, { password: planted }],
  nested: [{ type: 'object', properties: { user: { properties: { pin } } } }, { user: { pin: planted } }],
  all: [{ allOf: [{ type: 'object', properties: { pin } }] }, { pin: planted }],
  one: [
    {
      oneOf: [
        { required: ['b'] },
        { required: ['a'], properties: { a: { anyOf: [pin, { type: 'null' }] } } },
      ],
    },
    { a: planted },
  ],
  list: [{ type: 'array', items: { properties: { pin } } }, [{}, { pin: planted }]],
  tuple: [{ type: 'array', prefixItems: [{ type: 'string' }, pin] }, ['a', planted]],
  map: [{ type: 'object', additionalProperties: pin }, { any: planted }],
  pattern: [{ type: 'object', patternProperties: { '^x': pin } }, { xy: planted }],
  tree: [{ $ref: '#/components/schemas/Tree' }, { next: { next: { pin: planted } } }],
  whole: [pin, planted],
}

const ownNames = { body: 'body', secret: 'secret', id: 'id' }
const responses = { 200: { description: 'ok' } }
const describe = (operationId: string, more: object) => ({
  ...{ operationId, responses, ...more },
  'x-mcp-tool': { name: operationId, description: 'Does it.', arguments: ownNames },
})
const json = (schema: object) => ({ 'application/json': { schema } })

const document: OpenApiDocument = {
  openapi: '3.1.0',
  info: { title: 'Shop', version: '1' },
  'x-name': 'shop',
  paths: {
    ...Object.fromEntries(
      Object.entries(bodies).map(([name, [schema]]) => [
        `/${name}`,
        { post: describe(name, { requestBody: { content: json(schema) } }) },
      ]),
    ),
    '/form': {
      post: describe('form', {
        requestBody: {
          content: {
            ...json({ type: 'object' }),
            'application/x-www-form-urlencoded': { schema: { type: 'object', properties: { pin } } },
          },
        },
      }),
    },
    '/query': { get: describe('query', { parameters: [{ name: 'secret', in: 'query', schema: pin }] }) },
    '/header': { get: describe('header', { parameters: [{ name: 'secret', in: 'header', schema: pin }] }) },
    '/cookie': { get: describe('cookie', { parameters: [{ name: 'secret', in: 'cookie', schema: pin }] }) },
    '/path/{secret}/of/{id}': {
      delete: describe('path', {
        parameters: [
          { name: 'secret', in: 'path', required: true, schema: pin },
          { name: 'id', in: 'path', required: true, schema: { type: 'string', const: '7' } },
        ],
      }),
    },
  },
  components: {
    schemas: {
      Password: password,
      Tree: { type: 'object', properties: { pin: password, next: { $ref: '#/components/schemas/Tree' } } },
    },
  },
}

let upstream: UpstreamStub
let gateway: RunningGateway
beforeAll(async () => {
  upstream = await startUpstream(({ url, headers, body }, response) =>
    respondJson(response, 422, { message: `bad ${url} ${headers.secret} ${headers.cookie} ${body}` }),
  )
  gateway = await startGateway(upstream.url, { SHOP_BASE_URL: upstream.url }, { document })
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await upstream[Symbol.asyncDispose]()
})

/** Sends a call and returns the text of its response, once the upstream got the secret and refused the call. */
async function readRefusal(url: string, init: RequestInit = {}): Promise<string> {
  const before = upstream.requests.length
  const response = await fetch(url, init)
  const text = await response.text()
  const sent = upstream.requests
    .slice(before)
    .map((one) => `${one.url}${one.headers.secret}${one.headers.cookie}${one.body}`)
  expect(sent.join()).toContain(planted)
  expect(text).toContain('bad ')
  return text
}

function callTool(name: string, args: object): Promise<string> {
  const params = { name, arguments: args }
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params })
  const headers = { 'content-type': 'application/json' }
  return readRefusal(`${gateway.mcpUrl}/mcp`, { method: 'POST', headers, body })
}

test.each(Object.entries(bodies))(
  'an error does not repeat the password of a body: %s',
  async (name, [, value]) => {
    const init = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(value),
    }
    expect(await readRefusal(`${gateway.restUrl}/${name}`, init)).not.toContain(planted)
    expect(await callTool(name, { body: value })).not.toContain(planted)
  },
)

test('an error does not repeat the password of a body in another media type than the first', async () => {
  const body = new URLSearchParams({ pin: planted })
  expect(await readRefusal(`${gateway.restUrl}/form`, { method: 'POST', body })).not.toContain(planted)
})

test.each([
  ['query', `/query?secret=${planted}`, {}],
  ['header', '/header', { headers: { secret: `Bearer ${planted}` } }],
  ['cookie', '/cookie', { headers: { cookie: `secret=${planted}` } }],
  ['path', `/path/${planted}/of/7`, { method: 'DELETE' }],
])('an error does not repeat the password of a parameter: %s', async (name, path, init) => {
  expect(await readRefusal(gateway.restUrl + path, init)).not.toContain(planted)
  const own = name === 'path' ? { id: '7' } : {}
  expect(await callTool(name, { secret: planted, ...own })).not.toContain(planted)
})

test('the log of a write has the ids of its path, and no password', async () => {
  await readRefusal(`${gateway.restUrl}/path/${planted}/of/7`, { method: 'DELETE' })
  const written = gateway.log.filter((line) => line.includes('write sent'))
  expect(JSON.parse(written.at(-1) ?? '{}').ids).toEqual({ id: '7' })
  expect(gateway.log.join()).not.toContain(planted)
})
