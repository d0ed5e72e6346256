import { PassThrough } from 'node:stream'
import { describe, expect, it, test } from 'vitest'
import type { GatewayServers } from '../../src/http/gateway.ts'
import { startGateway } from '../support/gateway.ts'
import { startUpstream } from '../support/upstream-stub.ts'

const secrets = { key: 'planted/key+and=more', login: 'planted-user:planted-password' }
const key = encodeURIComponent(secrets.key)
const login = Buffer.from(secrets.login).toString('base64')
const moved = `/elsewhere?api_key=${key}`
const text = { 'content-type': 'text/plain' }

/** The key as programs write it that `encodeURIComponent` is not one of, and within what is escaped itself. */
const spelled = [
  'planted%2Fkey%2Band%3D%6Dore',
  'planted%252Fkey%252Band%253Dmore',
  'planted/key&#43;and&#x3d;more',
  'planted%2Fkey&#x2B;and%3Dmore',
  'planted\\u002fkey\\\\u002Band\\u003dmore',
]
const personal = 'ada@example.org eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln'
const named = (type: string) => ({ 'content-type': type })
const byType = {
  json: 'application/json',
  amazon: 'application/x-amz-json-1.1',
  lines: 'application/x-ndjson',
  sequence: 'application/json-seq',
  text: 'text/plain',
  page: 'text/html',
  form: 'application/x-www-form-urlencoded',
  unknown: 'application/octet-stream',
}
const message = JSON.stringify({ message: `no ${spelled.join(' ')}`, own: spelled.join(), of: personal })

const utf16 = (written: string) => Buffer.from(written, 'utf16le')

/** What the API responds with, by path: a status, headers, a body. */
const responses: Readonly<Record<string, readonly [number, Record<string, string>, string | Buffer]>> = {
  redirect: [302, { location: moved }, ''],
  page: [301, { location: moved, 'content-type': 'text/html' }, `<a href="${moved}">`],
  json: [307, { location: moved, 'content-type': 'application/json' }, JSON.stringify({ at: moved })],
  created: [201, { location: moved }, ''],
  next: [200, { 'content-type': 'application/json' }, `{"id":9007199254740993,"next":"${moved}"}`],
  php: [200, { 'content-type': 'application/json' }, '{"key":"planted\\/key+and=more"}'],
  ...Object.fromEntries(
    ['planted/key\\u002Band=more', 'planted\\/key\\u002band\\u003Dmore', '\\u0070lanted\\/key+and=more'].map(
      (escaped, index) => [
        `escaped${index}`,
        [200, { 'content-type': 'application/json' }, `{"a":"\\u00e9","${escaped}":"of ${escaped}"}`],
      ],
    ),
  ),
  ...Object.fromEntries(
    [
      'planted&#x2F;key+and&#x3D;more',
      'planted/key&#x2B;and=more',
      'planted%2Fkey+and=more',
      'planted/key+and%3Dmore',
      'planted%2fkey+and=more',
    ].map((spelled, index) => [
      `spelled${index}`,
      [400, { 'content-type': 'text/html' }, `<p>${spelled}</p>`],
    ]),
  ),
  link: [200, { 'content-type': 'application/json', link: `<${moved}>`, 'x-request-id': secrets.key }, '{}'],
  file: [200, { 'content-type': 'text/csv', 'content-disposition': `filename="${secrets.key}"` }, 'a'],
  refused: [404, text, `no ${moved}, ${moved.toLowerCase()}`],
  bytes: [404, { 'content-type': 'application/octet-stream' }, `\0${secrets.key}`],
  ...Object.fromEntries(
    [400, 200].flatMap((status) => [
      [`little${status}`, [status, text, utf16(`no ${secrets.key}`)]],
      [`big${status}`, [status, text, utf16(`no ${secrets.key}`).swap16()]],
      [`marked${status}`, [status, {}, utf16(`\ufeffé ${secrets.key}`).swap16()]],
      [
        `named${status}`,
        [status, { 'content-type': 'text/csv; charset=UTF-16LE' }, utf16(`é€ ${secrets.key}`)],
      ],
      [`wide${status}`, [status, text, utf16(`\ufeff\0${secrets.key.replaceAll(/./g, '$&\0')}`)]],
      [`json${status}`, [status, { 'content-type': 'application/json' }, utf16(JSON.stringify(secrets))]],
    ]),
  ),
  words: [
    404,
    { 'content-type': 'application/octet-stream' },
    Buffer.concat([Buffer.of(0), utf16(secrets.key)]),
  ],
  login: [401, text, `no ${login} and no planted-password`],
  ...Object.fromEntries(
    Object.entries(byType).flatMap(([name, type]) => [
      [`${name}Refused`, [400, named(type), message.replaceAll('\\\\', '\\')]],
      [`${name}Marked`, [400, named(type), `\ufeff${message}`]],
      [`${name}Cut`, [400, named(type), message.slice(0, -1)]],
      [`${name}Deep`, [400, named(type), `${'['.repeat(600)}${message}${']'.repeat(600)}`]],
      [`${name}Done`, [200, named(type), message]],
      [`${name}Moved`, [302, { ...named(type), location: `/x?api_key=${spelled.join()}` }, message]],
    ]),
  ),
  events: [200, named('text/event-stream'), `data: ${message}\n\ndata: ${spelled.join('\n\ndata: ')}\n\n`],
  twice: [200, named('application/json'), `{"a":${JSON.stringify(moved)},"a":1}`],
}

const tool = (name: string) => ({ name, title: name, description: name, annotations: {}, arguments: {} })
const document = {
  openapi: '3.1.0',
  info: { title: 'Shop', version: '1' },
  'x-name': 'shop',
  security: [{ key: [], login: [] }],
  paths: Object.fromEntries(
    Object.keys(responses).map((name) => {
      const described = { 200: { description: 'Done', headers: { Link: { schema: {} } } } }
      return [`/${name}`, { get: { operationId: name, responses: described, 'x-mcp-tool': tool(name) } }]
    }),
  ),
  components: {
    securitySchemes: {
      key: { type: 'apiKey', in: 'query', name: 'api_key' },
      login: { type: 'http', scheme: 'basic' },
    },
  },
}

/** On REST it streams, and no text of an API is in UTF-32; bytes of no known type are a file. */
const isStreamed = (one: string) => one === 'rest wide200' || one === 'rest unknownDone'

test('no response repeats what the operator configured, in any spelling', async () => {
  await using upstream = await startUpstream(({ url }, response) => {
    const [status, headers, body] = responses[url.slice(1).replace(/\?.*/, '')] ?? [500, {}, '']
    response.writeHead(status, headers).end(body)
  })
  const environment = {
    SHOP_BASE_URL: upstream.url,
    SHOP_KEY: secrets.key,
    SHOP_LOGIN: secrets.login,
    MCP_TOKENS: 'reveal',
  }
  await using gateway = await startGateway(upstream.url, environment, { document })
  const told: Record<string, string> = {}
  for (const name of Object.keys(responses)) {
    const rest = await fetch(`${gateway.restUrl}/${name}`, { redirect: 'manual' })
    told[`rest ${name}`] = JSON.stringify([rest.status, [...rest.headers], await rest.text()])
    const params = { name, arguments: {} }
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params })
    const headers = { 'content-type': 'application/json' }
    told[`mcp ${name}`] = await (
      await fetch(`${gateway.mcpUrl}/mcp`, { method: 'POST', headers, body })
    ).text()
  }
  const { url, headers } = upstream.requests[0] ?? {}
  expect([url, headers?.authorization]).toEqual([`/redirect?api_key=${key}`, `Basic ${login}`])
  const repeated = Object.keys(told).filter((one) => {
    const bare = (told[one] ?? '')
      .replaceAll(/(?:\\+u00|%(?:25)*|&#x)(\w\w);?/g, (_, code) =>
        String.fromCharCode(Number.parseInt(code, 16)),
      )
      .replaceAll('\0', '')
    return /planted|cGxhbnRl/.test(bare) && !isStreamed(one)
  })
  expect(repeated).toEqual([])
  const refused = Object.keys(told).filter((one) => /Refused|Marked|Cut|Deep/.test(one))
  expect(refused).toHaveLength(64)
  expect(refused.filter((one) => /ada|eyJ/.test(told[one] ?? ''))).toEqual([])
  expect(told['rest linesDone']).toContain('{\\"message\\":\\"no [redacted] [redacted]')
  expect(told['mcp named400']).toContain('é€ [redacted]')
  expect(told['mcp big200']).toContain('no [redacted]')
  expect(told['rest redirect']).toContain('/elsewhere?api_key=[redacted]')
  expect(told['mcp redirect']).toContain('/elsewhere?api_key=[redacted]')
  expect(told['rest next']).toContain('9007199254740993')
  expect(told['mcp next']).toContain('9007199254740993')
})

describe('a secret that MCP over stdio alone sends, since nothing is pinned beside it', () => {
  const environment = { CAL_COM_SECRET_KEY: 'planted-operator-secret' }
  const call = { name: 'get-managed-user', arguments: { clientId: 'cm9demo', userId: 7 } }

  it.each([200, 400])('is repeated by no response of status %i', async (status) => {
    await using upstream = await startUpstream(({ headers }, response) => {
      const name = `got ${headers['x-cal-secret-key']}`
      const body = status === 200 ? { status: 'success', data: { id: 7, name } } : { message: name }
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    })
    await using running = await startGateway(upstream.url, { ...environment, MCP_TOKENS: 'reveal' })
    const told = await askOverStdio(running.gateway, 'tools/call', call)
    expect(upstream.requests).toMatchObject([{ headers: { 'x-cal-secret-key': 'planted-operator-secret' } }])
    expect(told).toContain('got [redacted]')
    expect(told).not.toContain('planted')
  })

  it('keeps the tokens of users from models, unless somebody says otherwise', async () => {
    const list = async (more: Record<string, string>) => {
      await using running = await startGateway('http://127.0.0.1:1', { ...environment, ...more })
      return askOverStdio(running.gateway, 'tools/list', {})
    }
    expect(await list({})).not.toContain('"force-refresh-tokens"')
    expect(await list({ MCP_TOKENS: 'reveal' })).toContain('"force-refresh-tokens"')
  })
})

async function askOverStdio(gateway: GatewayServers, method: string, params: object): Promise<string> {
  const [input, output] = [new PassThrough(), new PassThrough()]
  const served = gateway.serveStdio(input, output)
  input.end(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })}\n`)
  await served
  return String(output.read())
}
