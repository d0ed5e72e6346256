import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { asRecord } from '../../src/document/json.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { clients } from '../support/mcp-clients.ts'
import { respondJson, startUpstream, type UpstreamStub } from '../support/upstream-stub.ts'

const bodies: Readonly<Record<string, readonly string[]>> = {
  pictures: ['image/png', 'image/jpeg'],
  images: ['image/*'],
  either: ['image/png', 'audio/*'],
  bytes: ['application/octet-stream'],
}
const describeBody = (types: readonly string[]) => ({
  required: true,
  content: Object.fromEntries(types.map((type) => [type, {}])),
})
const document = {
  openapi: '3.1.0',
  info: { title: 'Shop', version: '1' },
  'x-name': 'shop',
  paths: Object.fromEntries(
    Object.entries(bodies).map(([id, types]) => [
      `/${id}`,
      {
        put: {
          operationId: id,
          requestBody: describeBody(types),
          responses: {},
          'x-mcp-tool': { name: id, arguments: { body: 'body' } },
        },
      },
    ]),
  ),
}

let upstream: UpstreamStub
let running: RunningGateway
let client: Awaited<ReturnType<(typeof clients)[0]['connect']>>
beforeAll(async () => {
  upstream = await startUpstream((_request, response) => respondJson(response, 200, {}))
  running = await startGateway(upstream.url, { SHOP_BASE_URL: upstream.url }, { document })
  client = await clients[0].connect({ url: `${running.mcpUrl}/mcp` })
})
beforeEach(() => void upstream.requests.splice(0))
afterAll(async () => {
  await client.close()
  await running[Symbol.asyncDispose]()
  await upstream[Symbol.asyncDispose]()
})

const data = 'YWJj'
const call = (name: string, body: object) => client.callTool({ name, arguments: { body: { data, ...body } } })
const listSent = () => upstream.requests.splice(0).map(({ headers }) => headers['content-type'])

test.each([
  ['pictures', 'image/jpeg'],
  ['pictures', 'image/png'],
  ['images', 'image/gif'],
  ['either', 'audio/ogg'],
  ['either', 'image/png'],
  ['bytes', 'application/octet-stream'],
])('a tool sends to %s bytes of a described type, %s, as REST does', async (name, contentType) => {
  expect((await call(name, { contentType })).isError).toBeFalsy()
  expect(listSent()).toEqual([contentType])
  const init = { method: 'PUT', headers: { 'content-type': contentType }, body: 'abc' }
  expect((await fetch(`${running.restUrl}/${name}`, init)).status).toBe(200)
  expect(listSent()).toEqual([contentType])
})

test.each([
  ['pictures', 'image/gif'],
  ['images', 'text/html'],
  ['either', 'image/jpeg'],
  ['bytes', 'image/png'],
])('a tool sends %s no bytes of another type, %s, as REST does not', async (name, contentType) => {
  const refused = await call(name, { contentType })
  expect(asRecord(refused.structuredContent).error).toMatchObject({ code: 'invalid_argument' })
  for (const type of bodies[name] ?? [])
    expect(JSON.stringify(refused.structuredContent)).toContain(type.replace('*', ''))
  const init = { method: 'PUT', headers: { 'content-type': contentType }, body: 'abc' }
  expect((await fetch(`${running.restUrl}/${name}`, init)).status).toBe(415)
  expect(listSent()).toEqual([])
})

test('a type is needed where a range is described, and is the first one elsewhere', async () => {
  expect((await call('images', {})).isError).toBe(true)
  for (const name of ['pictures', 'either', 'bytes']) await call(name, {})
  expect(listSent()).toEqual(['image/png', 'image/png', 'application/octet-stream'])
})

test('a name, which nothing would send, is refused', async () => {
  expect((await call('pictures', { filename: 'a.png' })).isError).toBe(true)
  expect(listSent()).toEqual([])
})

test('the input schema lists the types', async () => {
  const { tools } = await client.listTools()
  const described = tools.map(({ inputSchema }) => asRecord(asRecord(inputSchema.properties).body))
  expect(described.map(({ properties }) => Object.keys(asRecord(properties)))).toEqual(
    Array.from({ length: 4 }, () => ['data', 'contentType']),
  )
  expect(described.map(({ required }) => required)).toEqual([
    ['data'],
    ['data', 'contentType'],
    ['data'],
    ['data'],
  ])
  const types = described.map(({ properties }) => asRecord(asRecord(properties).contentType).enum)
  expect(types).toEqual([bodies.pictures, undefined, undefined, bodies.bytes])
})
