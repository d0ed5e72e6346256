import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeApi, loadSound } from '../description/loading.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { toMcpRequest } from '../support/servers.ts'
import { type Responder, respondJson, startUpstream, type UpstreamStub } from '../support/upstream-stub.ts'

const text = { type: 'string' }
const person = { type: 'object', properties: { id: { type: 'integer' }, name: text } }
const responses = { 200: { description: 'One.', content: { 'application/json': { schema: person } } } }
const paths = {
  '/people': {
    get: { operationId: 'read', responses, parameters: [{ name: 'Range', in: 'header', schema: text }] },
    post: {
      operationId: 'create',
      responses,
      parameters: [{ name: 'Call-Key', in: 'header', schema: text, 'x-idempotency-key': true }],
    },
  },
  '/secured': { get: { operationId: 'secured', responses, security: [{ key: [] }] } },
}
const secret = 'planted/key+and=more'
const key = { type: 'apiKey', in: 'header', name: 'X-Key', 'x-env': { value: 'SHOP_KEY' } }

let respond: Responder = (_request, response) => respondJson(response, 200, '{}')
let upstream: UpstreamStub
let gateway: RunningGateway
beforeAll(async () => {
  upstream = await startUpstream((request, response) => respond(request, response))
  const { document } = await loadSound({
    ...describeApi(paths, { components: { securitySchemes: { key } } }),
    'x-name': 'shop',
  })
  const environment = { SHOP_BASE_URL: upstream.url, SHOP_KEY: secret }
  gateway = await startGateway(upstream.url, environment, document && { document })
})
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]()
  await upstream?.[Symbol.asyncDispose]()
})

/** Calls a tool, and gives its result. */
async function callTool(tool: string, values: object = {}) {
  const { path, init } = toMcpRequest({ tool, arguments: { ...values } })
  return JSON.parse(await (await fetch(gateway.mcpUrl + path, init)).text()).result
}

async function callRest(path: string, init?: RequestInit) {
  const response = await fetch(gateway.restUrl + path, init)
  return { response, body: Buffer.from(await response.arrayBuffer()).toString() }
}

const mark = '\ufeff'

test('JSON may begin with a byte order mark, which stays on REST and is nothing to a tool', async () => {
  for (const json of ['{"id":9007199254740993,"name":"é"}', '{"id":1}', '{"name":"a"}']) {
    respond = (_request, response) => respondJson(response, 200, mark + json)
    expect(await callRest('/people')).toMatchObject({ response: { status: 200 }, body: mark + json })
    const result = await callTool('read')
    expect([result.isError, result.content]).toEqual([undefined, [{ type: 'text', text: json }]])
    expect(result.structuredContent).toEqual(JSON.parse(json))
    for (const name of ['rest', 'rest']) {
      const headers = { 'call-key': name + json.length }
      expect((await callRest('/people', { method: 'POST', headers })).body).toBe(mark + json)
    }
    for (const name of ['mcp', 'mcp']) {
      const { content } = await callTool('create', { 'Call-Key': name + json.length })
      expect(content).toEqual([{ type: 'text', text: json }])
    }
  }
  expect(gateway.log.join('')).not.toMatch(/"level":"error"|failed/)
  for (const broken of [mark, `${mark}${mark}{}`, `${mark}{`, `{}${mark}`]) {
    respond = (_request, response) => respondJson(response, 200, broken)
    expect((await callRest('/people')).response.status).toBe(502)
  }
})

test('JSON behind a byte order mark is compared with the document', async () => {
  const before = gateway.log.length
  respond = (_request, response) => respondJson(response, 200, `${mark}{"id":"one"}`)
  // Few responses of a second are compared.
  const observe = async () => {
    await callRest('/people')
    return gateway.log.slice(before).join('')
  }
  await expect.poll(observe, { timeout: 5_000 }).toContain('"pointer":"/id"')
})

test('a secret in JSON behind a byte order mark is found, however it is escaped', async () => {
  const escaped = 'planted/key\\u002Band\\u003Dmore'
  for (const status of [200, 409]) {
    respond = (_request, response) =>
      respondJson(response, status, `${mark}{"id":9007199254740993,"name":"of ${escaped}"}`)
    const { body } = await callRest('/secured')
    expect(body).toBe(`${mark}{"id":9007199254740993,"name":"of [redacted]"}`)
    expect(JSON.stringify(await callTool('secured'))).not.toContain('planted')
  }
})

test('a part of a response says which part it is', async () => {
  const part = { 'content-type': 'text/plain', 'content-range': 'bytes 0-3/10' }
  const headers = { range: 'bytes=0-3' }
  const get = async () => (await callRest('/people', { headers })).response
  respond = (_request, response) => response.writeHead(206, part).end('abcd')
  expect([(await get()).status, (await get()).headers.get('content-range')]).toEqual([206, 'bytes 0-3/10'])
  respond = (_request, response) =>
    response.writeHead(416, { ...part, 'content-range': 'bytes */10' }).end('no')
  expect([(await get()).status, (await get()).headers.get('content-range')]).toEqual([416, 'bytes */10'])
  respond = (_request, response) => response.writeHead(200, part).end('abcd')
  expect((await get()).headers.get('content-range')).toBeNull()
})

test.each(['identity', 'Identity', 'IDENTITY'])(
  'a body without an encoding may say so (%s)',
  async (coding) => {
    respond = (_request, response) => respondJson(response, 200, '{"id":1}', { 'content-encoding': coding })
    expect(await callRest('/people')).toMatchObject({ response: { status: 200 }, body: '{"id":1}' })
    expect((await callTool('read')).structuredContent).toEqual({ id: 1 })
  },
)

test('a body with an encoding is refused', async () => {
  for (const coding of ['gzip', 'Identity, gzip']) {
    respond = (_request, response) => respondJson(response, 200, '{"id":1}', { 'content-encoding': coding })
    expect((await callRest('/people')).response.status).toBe(502)
  }
})
