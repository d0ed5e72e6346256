import { once } from 'node:events'
import { type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readConfig } from '../../src/config/config.ts'
import { createKey } from '../../src/config/gateway-keys.ts'
import { readApi } from '../../src/document/api.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { type Issuer, startIssuer } from '../support/issuer.ts'
import { writeKeys } from '../support/key-file.ts'
import { calls, toMcpRequest, toRestRequest } from '../support/servers.ts'
import { respondJson, startUpstream, type UpstreamStub } from '../support/upstream-stub.ts'

const page = 'https://app.example.org'
const editor = 'vscode-webview://1a2b3c'
const extension = 'chrome-extension://abcdefghijklmnop'
const { key, line } = createKey('page', ['managed-users:read'])
let issuer: Issuer
let upstream: UpstreamStub
let gateway: RunningGateway

beforeAll(async () => {
  using file = writeKeys([line])
  issuer = await startIssuer()
  upstream = await startUpstream()
  gateway = await startGateway(upstream.url, {
    ...issuer.environment,
    GATEWAY_KEYS_FILE: file.path,
    ALLOWED_ORIGINS: [page, editor, extension].join(','),
  })
})
afterAll(() => Promise.all([gateway, upstream, issuer].map((one) => one[Symbol.asyncDispose]())))

const requests = { rest: toRestRequest(calls.get), mcp: toMcpRequest(calls.get) }

function locate(server: 'rest' | 'mcp'): string {
  return (server === 'rest' ? gateway.restUrl : gateway.mcpUrl) + requests[server].path
}

/** Sends headers that `fetch` keeps for browsers. */
async function requestRaw(url: string, { method = 'GET', body }: RequestInit, headers: OutgoingHttpHeaders) {
  const sent = request(url, { method, headers }).end(typeof body === 'string' ? body : undefined)
  const [response]: IncomingMessage[] = await once(sent, 'response')
  response?.resume()
  return { status: response?.statusCode }
}

function preflight(url: string, origin: string): Promise<Response> {
  const asked = 'content-type,authorization,mcp-protocol-version'
  return fetch(url, {
    method: 'OPTIONS',
    headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': asked },
  })
}

describe.each(['rest', 'mcp'] as const)('a web page that calls %s', (server) => {
  it.each([page, editor, extension, 'http://localhost:5173'])('may do so from %s', async (origin) => {
    const { status, headers } = await preflight(locate(server), origin)
    expect(status).toBe(204)
    expect(headers.get('access-control-allow-origin')).toBe(origin)
    expect(headers.get('access-control-allow-headers')).toContain('mcp-protocol-version')
    expect(headers.get('access-control-allow-methods')).toContain('PATCH')
    expect(headers.get('vary')).toMatch(/origin/i)
  })

  it('reads its response, and the refusal of a missing credential', async () => {
    const { init } = requests[server]
    const headers = { ...init.headers, origin: page }
    const allowed = await fetch(locate(server), {
      ...init,
      headers: { ...headers, authorization: `Bearer ${key}` },
    })
    const refused = await fetch(locate(server), { ...init, headers })
    expect([allowed.status, refused.status]).toEqual([200, 401])
    for (const response of [allowed, refused]) {
      expect(response.headers.get('access-control-allow-origin')).toBe(page)
      expect(response.headers.get('access-control-expose-headers')).toContain('www-authenticate')
    }
  })

  it.each(['https://evil.example', 'chrome-extension://other', 'null'])(
    'is refused from %s',
    async (origin) => {
      const { status, headers } = await preflight(locate(server), origin)
      expect([status, headers.get('access-control-allow-origin')]).toEqual([403, null])
    },
  )

  it('is refused where it sends no origin, as images and links of another site do', async () => {
    const { init } = requests[server]
    const headers = (site: string, more = {}) => ({
      ...init.headers,
      authorization: `Bearer ${key}`,
      'sec-fetch-site': site,
      ...more,
    })
    const status = async (site: string, more?: object) =>
      (await requestRaw(locate(server), init, headers(site, more))).status
    const link = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', accept: 'text/html' }
    const statuses = [
      await status('cross-site'),
      await status('cross-site', link),
      await status('cross-site', { origin: page }),
      await status('same-site'),
      await status('none'),
    ]
    expect(statuses).toEqual([403, 403, 200, 200, 200])
    const frame = { ...link, 'sec-fetch-dest': 'iframe' }
    const root = new URL('/', locate(server)).href
    const pages = [link, frame].map((more) => requestRaw(root, {}, headers('cross-site', more)))
    expect((await Promise.all(pages)).map((one) => one.status)).toEqual([200, 403])
  })

  it('gets a 405 for OPTIONS that is no preflight', async () => {
    const headers = { authorization: `Bearer ${key}` }
    expect((await fetch(locate(server), { method: 'OPTIONS', headers })).status).toBe(405)
  })
})

it('every page may read where access tokens come from', async () => {
  const url = `${gateway.mcpUrl}/.well-known/oauth-protected-resource/mcp`
  const response = await fetch(url, { headers: { origin: 'https://inspector.example' } })
  expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([200, '*'])
  const before = await preflight(url, 'https://inspector.example')
  expect([before.status, before.headers.get('access-control-allow-origin')]).toEqual([204, '*'])
})

it('what an API varies its responses by stands beside the origin, and its own CORS headers do not pass', async () => {
  const fields = { vary: 'accept-language', 'access-control-allow-origin': 'https://app.example.com' }
  await using api = await startUpstream((_request, response) => respondJson(response, 200, {}, fields))
  const headers = { Vary: {}, 'Access-Control-Allow-Origin': {} }
  const responses = { 200: { description: 'Done', headers, content: { 'application/json': {} } } }
  const document = {
    ...{ openapi: '3.1.0', info: { title: 'Notes', version: '1' }, 'x-name': 'notes' },
    paths: { '/notes': { get: { operationId: 'notes', responses } } },
  }
  const environment = { NOTES_BASE_URL: api.url, ALLOWED_ORIGINS: page }
  await using notes = await startGateway(api.url, environment, { document })
  const response = await fetch(`${notes.restUrl}/notes`, { headers: { origin: page } })
  const found = ['vary', 'access-control-allow-origin'].map((name) => response.headers.get(name))
  expect(found).toEqual(['Origin, accept-language', page])
})

describe('a web page that calls what only the document describes', () => {
  const describeNotes = (methods: object, header: string) => ({
    ...{ openapi: '3.2.0', info: { title: 'Notes', version: '1' }, 'x-name': 'notes' },
    paths: {
      '/notes': {
        ...methods,
        get: {
          operationId: 'list',
          parameters: [{ name: 'X-Tenant', in: 'header', schema: { type: 'string' } }],
          responses: {
            200: { description: 'Done', headers: { [header]: {}, 'Set-Cookie': {}, 'Größe\n': {} } },
          },
        },
      },
    },
  })
  const operation = { operationId: 'other', responses: { 200: { description: 'Done' } } }
  const ask = async (url: string, method: string) => {
    const before = await fetch(url, {
      method: 'OPTIONS',
      headers: {
        origin: page,
        'access-control-request-method': method,
        'access-control-request-headers': 'x-tenant',
      },
    })
    const after = await fetch(url, { headers: { origin: page } })
    const list = ({ headers }: Response, name: string) =>
      (headers.get(`access-control-${name}`) ?? '').split(', ')
    return {
      methods: list(before, 'allow-methods'),
      allowed: list(before, 'allow-headers'),
      exposed: list(after, 'expose-headers'),
    }
  }

  it('may use its methods and headers, and those of a document that is loaded later', async () => {
    await using api = await startUpstream((_request, response) => respondJson(response, 200, {}))
    const environment = { NOTES_BASE_URL: api.url, ALLOWED_ORIGINS: page, CAL_COM_BASE_URL: api.url }
    const document = describeNotes({ query: operation }, 'X-Total')
    await using notes = await startGateway(api.url, environment, { document })
    const url = `${notes.restUrl}/notes`
    const first = await ask(url, 'QUERY')
    expect(first.methods).toEqual(expect.arrayContaining(['GET', 'PATCH', 'QUERY']))
    expect(first.allowed).toEqual(['x-tenant'])
    expect(first.exposed).toEqual(expect.arrayContaining(['x-request-id', 'www-authenticate', 'x-total']))
    expect(first.exposed).not.toContain('set-cookie')
    const next = describeNotes({ additionalOperations: { LINK: operation } }, 'X-Next')
    await notes.gateway.reload({ document: next, config: readConfig(environment, readApi(next)) })
    const second = await ask(url, 'LINK')
    expect(second.methods).toContain('LINK')
    expect(second.methods).not.toContain('QUERY')
    expect(second.exposed).toContain('x-next')
    expect(second.exposed).not.toContain('x-total')
  })

  it('gets from MCP what MCP itself has', async () => {
    const { methods, exposed } = await ask(locate('mcp'), 'POST')
    expect(methods).toContain('POST')
    expect(exposed).toEqual(['x-request-id', 'retry-after', 'www-authenticate'])
  })
})
