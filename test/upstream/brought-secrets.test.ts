import { afterAll, beforeAll, expect, test } from 'vitest'
import { statelessVersion } from '../../src/mcp/revisions.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { respondJson, startUpstream, type UpstreamStub } from '../support/upstream-stub.ts'

const key = 'planted/key+of=client'
const bearer = 'planted.bearer-of-client'
const digits = '987654321012'
const configured = 'planted-by-operator'
const named = (type: string) => ({ 'content-type': type })
const utf16 = (written: string) => Buffer.from(written, 'utf16le')
const spelled = [
  ...[key, encodeURIComponent(key), 'planted%252Fkey%252Bof%253Dclient', 'planted/key&#43;of=client'],
  ...[bearer, 'planted-session', configured],
]
const message = spelled.join(' ')
const json = JSON.stringify({ echo: message, [key]: 1, nested: [{ bearer }] })
const location = `/x/${encodeURIComponent(key)}`

/** What the API responds with, by path: a status, headers, a body. */
const responses: Readonly<Record<string, readonly [number, Record<string, string>, string | Buffer]>> = {
  json: [200, named('application/json'), json],
  escaped: [200, named('application/json'), '{"a":"planted\\/key\\u002bof=client","b":9007199254740993}'],
  twice: [200, named('application/json'), `{"a":"${key}","a":1}`],
  number: [200, named('application/json'), `{"a":${digits},"b":[-${digits},${digits}.0,9.87654321012E11]}`],
  text: [200, named('text/plain'), message],
  page: [200, named('text/html'), `<p>${message}`],
  xml: [
    200,
    named('application/xml'),
    Buffer.from(`<?xml version="1.0" encoding="ISO-8859-1"?><a>\u00e9 ${message}</a>`, 'latin1'),
  ],
  wide: [200, named('text/plain; charset=utf-16le'), utf16(`\u00e9\u20ac ${message}`)],
  unknown: [200, {}, message],
  bytes: [200, named('application/octet-stream'), Buffer.from(`\u00ff ${message}`, 'latin1')],
  image: [200, named('image/png'), Buffer.from(`\u0089PNG ${message}`, 'latin1')],
  created: [201, { location }, ''],
  form: [200, named('text/plain'), 'planted+words+of+client'],
  there: [201, { location: '/x?words=planted+words+of+client' }, ''],
  undone: [201, { location: '/x/planted/slash' }, ''],
  decoded: [200, named('text/plain'), 'planted/slash'],
  moved: [302, { location, ...named('text/plain') }, message],
  known: [303, { location, ...named('application/json') }, json],
  refused: [400, named('application/json'), json],
}

const tool = (name: string) => ({ name, title: name, description: name, annotations: {}, arguments: {} })
const document = {
  openapi: '3.1.0',
  info: { title: 'Shop', version: '1' },
  'x-name': 'shop',
  security: [
    { key: [], bearer: [], cookie: [], digits: [], words: [], escaped: [], own: [] },
    ...['own', 'digits', 'words', 'escaped'].map((name) => ({ [name]: [] })),
  ],
  paths: {
    '/constants?access_token=planted-query': {
      get: {
        operationId: 'constants',
        'x-rest-path': '/constants',
        'x-constant-headers': {
          'X-Api-Key': 'planted-header',
          'X-Version': 'version-of-api',
          Cookie: 'token=planted-cookie; page_token=page-of-api',
        },
        security: [],
        responses: { 200: { description: 'Done' } },
        'x-mcp-tool': tool('constants'),
      },
    },
    ...Object.fromEntries(
      Object.keys(responses).map((name) => {
        const described = { 200: { description: 'Done' }, 303: { description: 'See' } }
        return [`/${name}`, { get: { operationId: name, responses: described, 'x-mcp-tool': tool(name) } }]
      }),
    ),
  },
  components: {
    securitySchemes: {
      key: { type: 'apiKey', in: 'query', name: 'api_key' },
      bearer: { type: 'http', scheme: 'bearer' },
      cookie: { type: 'apiKey', in: 'cookie', name: 'session' },
      digits: { type: 'apiKey', in: 'header', name: 'x-digits' },
      words: { type: 'apiKey', in: 'header', name: 'x-words' },
      escaped: { type: 'apiKey', in: 'header', name: 'x-escaped' },
      own: { type: 'apiKey', in: 'header', name: 'x-own' },
    },
  },
}
const credentials = {
  ...{ api_key: key, authorization: `Bearer ${bearer}`, session: 'planted-session' },
  ...{ 'x-digits': digits, 'x-words': 'planted words of client', 'x-escaped': 'planted%2Fslash' },
}

let upstream: UpstreamStub
let gateway: RunningGateway
beforeAll(async () => {
  upstream = await startUpstream(({ url, headers: sent }, response) => {
    if (url.startsWith('/constants')) return respondJson(response, 200, { url, sent })
    const [status, headers, body] = responses[url.slice(1).replace(/\?.*/, '')] ?? [500, {}, '']
    response.writeHead(status, headers).end(body)
  })
  const environment = { SHOP_BASE_URL: upstream.url, SHOP_OWN: configured, MCP_TOKENS: 'reveal' }
  gateway = await startGateway(upstream.url, environment, { document })
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await upstream[Symbol.asyncDispose]()
})

const type = { 'content-type': 'application/json' }
async function callTool(message: object, headers: Record<string, string>): Promise<string> {
  const body = JSON.stringify(message)
  return (
    await fetch(`${gateway.mcpUrl}/mcp`, { method: 'POST', headers: { ...type, ...headers }, body })
  ).text()
}

/** Returns a result with the bytes of its files as Latin-1, without zeros. */
function readBytes(told: string): string {
  const files = [...told.matchAll(/"(?:blob|data)":"([^"]+)"/g)]
  const bytes = files.map(([, base64 = '']) => Buffer.from(base64, 'base64').toString('latin1'))
  return [told, ...bytes].join(' ').replaceAll('\0', '')
}

const ask = (name: string, more = {}) => ({
  ...{ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: {}, ...more } },
})
const own = 'io.modelcontextprotocol/'
const _meta = {
  [`${own}protocolVersion`]: statelessVersion,
  [`${own}clientInfo`]: { name: 'test', version: '1' },
  [`${own}clientCapabilities`]: {},
}

test.each(Object.keys(responses))('no model is shown a credential of its connection: %s', async (name) => {
  const stateless = {
    'mcp-protocol-version': statelessVersion,
    'mcp-method': 'tools/call',
    'mcp-name': name,
  }
  const told = [
    await callTool(ask(name), credentials),
    await callTool(ask(name, { _meta }), { ...credentials, ...stateless }),
    // By the SDK.
    await callTool(ask(name, { x: 1 }), credentials),
  ].map(readBytes)
  const [sent] = upstream.requests
  expect(sent?.headers).toMatchObject({
    authorization: `Bearer ${bearer}`,
    cookie: 'session=planted-session',
  })
  for (const one of told) {
    expect(one).toContain(name === 'twice' ? '{\\"a\\":1}' : '[redacted]')
    expect(one).not.toMatch(/planted|987654321/)
  }
})

test.each([
  ['x-digits', 'number'],
  ['x-words', 'form'],
  ['x-words', 'there'],
  ['x-escaped', 'decoded'],
  ['x-escaped', 'undone'],
] as const)('a credential is found alone, where no escape gives it away: %s in %s', async (header, name) => {
  const told = await callTool(ask(name), { [header]: credentials[header] })
  expect(told).toContain('[redacted]')
  expect(told).not.toMatch(/planted|987654321/)
})

test('no response repeats a constant that is named like a credential', async () => {
  const told = await callTool(ask('constants'), {})
  const rest = await (await fetch(`${gateway.restUrl}/constants`)).text()
  expect(upstream.requests.at(-1)).toMatchObject({
    url: '/constants?access_token=planted-query',
    headers: { 'x-api-key': 'planted-header', cookie: 'token=planted-cookie; page_token=page-of-api' },
  })
  for (const one of [told, rest]) {
    expect(one).not.toContain('planted')
    expect(one).toContain('version-of-api')
    expect(one).toContain('token=[redacted]; page_token=page-of-api')
  }
})

test('a REST client reads its own credentials, but none of the operator', async () => {
  const { session, api_key, ...inHeaders } = credentials
  const headers = { ...inHeaders, cookie: `session=${session}` }
  const url = `${gateway.restUrl}/json?api_key=${encodeURIComponent(api_key)}`
  const told = await (await fetch(url, { headers })).text()
  expect(told).toBe(json.replace(configured, '[redacted]'))
})

test('no model is shown what is configured in a file', async () => {
  for (const name of ['bytes', 'image']) {
    const told = readBytes(await callTool(ask(name), {}))
    expect(told).toContain('planted-session [redacted]')
  }
})
