import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { findClosedUrl, type RunningGateway, startGateway } from '../support/gateway.ts'
import { audience, type Issuer, startIssuer } from '../support/issuer.ts'
import { startUpstream, type UpstreamStub } from '../support/upstream-stub.ts'

const scope = 'managed-users:read'
const users = '/v1/v2/oauth-clients/cm9demo/users'

let issuer: Issuer
let upstream: UpstreamStub
let running: RunningGateway
beforeAll(async () => {
  issuer = await startIssuer()
  upstream = await startUpstream()
  running = await startGateway(upstream.url, issuer.environment, { issuerKeys: { cooldown: 0 } })
})
beforeEach(() => void upstream.requests.splice(0))
afterAll(async () => {
  await running[Symbol.asyncDispose]()
  await upstream[Symbol.asyncDispose]()
  await issuer[Symbol.asyncDispose]()
})

/** The status, the code and the challenge with which each port answers a caller with that token. */
async function knock(token: string | undefined, { restUrl, mcpUrl }: RunningGateway = running) {
  const headers = {
    'content-type': 'application/json',
    'x-cal-secret-key': 'demo-secret',
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  }
  const list = { jsonrpc: '2.0', id: 1, method: 'tools/list' }
  const answers = await Promise.all([
    fetch(restUrl + users, { headers }),
    fetch(`${mcpUrl}/mcp`, { method: 'POST', headers, body: JSON.stringify(list) }),
  ])
  return Promise.all(
    answers.map(async (answer) => {
      const body = Object(await answer.json())
      const code = body.code ?? body.error?.data?.code
      return { status: answer.status, code, challenge: answer.headers.get('www-authenticate') }
    }),
  )
}

const metadata = 'resource_metadata="https://mcp.example.org/.well-known/oauth-protected-resource/mcp"'
const scopes = 'managed-users:read managed-users:write managed-users:delete managed-users:tokens'
const source = `${metadata}, scope="${scopes}"`
const invalid = { status: 401, code: 'invalid_token', challenge: `Bearer error="invalid_token", ${source}` }
const allowed = { status: 200, code: undefined, challenge: null }

/** A token as anybody can write it, with a signature of one's own. */
function forge(header: object, claims: object, sign: (text: string) => string): string {
  const text = [header, claims].map((one) => Buffer.from(JSON.stringify(one)).toString('base64url')).join('.')
  return `${text}.${sign(text)}`
}

function soundClaims() {
  return { iss: issuer.url, aud: audience, sub: 'agent', exp: Math.floor(Date.now() / 1_000) + 300, scope }
}

const meta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'c', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
}
const stateless = {
  'mcp-protocol-version': '2026-07-28',
  'mcp-method': 'tools/call',
  'mcp-name': 'get-all-managed-users',
}
const calls: { way: string; headers: Record<string, string>; params: object }[] = [
  { way: 'in the initialize era', headers: { 'mcp-protocol-version': '2025-11-25' }, params: {} },
  {
    way: 'in that era through the SDK',
    headers: { 'mcp-protocol-version': '2025-11-25' },
    params: { odd: 1 },
  },
  { way: 'in 2026-07-28', headers: stateless, params: { _meta: meta } },
  { way: 'in that revision through the SDK', headers: stateless, params: { _meta: meta, odd: 1 } },
]

/** Calls the tool that lists users. */
async function callTool(
  token: string,
  headers: Record<string, string>,
  params: object,
  wrap: (message: object) => object = (message) => message,
) {
  const own = { name: 'get-all-managed-users', arguments: { clientId: 'cm9demo' } }
  const message = { jsonrpc: '2.0', id: 'a', method: 'tools/call', params: { ...own, ...params } }
  const response = await fetch(`${running.mcpUrl}/mcp`, {
    method: 'POST',
    headers: {
      ...headers,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'x-cal-secret-key': 'demo-secret',
      authorization: `Bearer ${token}`,
    },
    body: JSON.stringify(wrap(message)),
  })
  const challenge = response.headers.get('www-authenticate')
  return { status: response.status, challenge, body: Object(await response.json()) }
}

describe('an access token', () => {
  it('lets its bearer in on both ports, and never goes upstream', async () => {
    expect(await knock(await issuer.sign({ scope }))).toEqual([allowed, allowed])
    expect(upstream.requests.map(({ headers }) => headers.authorization)).toEqual([undefined])
  })

  it.each([
    ['aud', { aud: 'https://other.example.org' }, 'ERR_JWT_CLAIM_VALIDATION_FAILED aud check_failed'],
    ['iss', { iss: 'https://other.example.org' }, 'ERR_JWT_CLAIM_VALIDATION_FAILED iss check_failed'],
    ['exp', { exp: 1 }, 'ERR_JWT_EXPIRED exp check_failed'],
  ])('with a wrong %s leaves the reason in the log, and nothing of the token', async (_, claims, cause) => {
    const token = await issuer.sign({ scope, ...claims })
    const before = running.log.length
    await knock(token)
    const lines = await vi.waitFor(
      () => {
        const read = running.log.slice(before).filter((line) => line.includes('"request completed"'))
        expect(read).toHaveLength(2)
        return read
      },
      { timeout: 60_000 },
    )
    expect(lines.map((line) => JSON.parse(line).cause)).toEqual([cause, cause])
    expect(lines.join('')).not.toContain(token.split('.')[1])
  })

  it('may name several audiences, and several scopes with blanks between them', async () => {
    const token = await issuer.sign({
      aud: ['https://other.example.org', audience],
      scope: `openid ${scope}`,
    })
    expect(await knock(token)).toEqual([allowed, allowed])
  })

  it('that is missing is asked for, with the place where one learns how to get it', async () => {
    const challenge = `Bearer ${source}`
    const refused = { status: 401, code: 'unauthenticated', challenge }
    expect(await knock(undefined)).toEqual([refused, refused])
    expect(upstream.requests).toEqual([])
  })

  const now = Math.floor(Date.now() / 1_000)
  const wrongs: [string, () => Promise<string> | string][] = [
    ['of another issuer', () => issuer.sign({ scope, iss: 'https://other.example.org' })],
    ['for another audience', () => issuer.sign({ scope, aud: 'https://other.example.org/mcp' })],
    ['without an audience', () => issuer.sign({ scope, aud: undefined })],
    ['that has expired', () => issuer.sign({ scope, exp: now - 60 })],
    ['that never expires', () => issuer.sign({ scope, exp: undefined })],
    ['without a subject', () => issuer.sign({ scope, sub: undefined })],
    ['with an empty subject', () => issuer.sign({ scope, sub: '' })],
    ['with a subject that is no text', () => issuer.sign({ scope, sub: { id: 'agent' } })],
    ['that is not valid yet', () => issuer.sign({ scope, nbf: now + 600 })],
    ['with a key that nobody knows', () => issuer.sign({ scope }, { kid: 'unknown' })],
    ['without a signature', () => forge({ alg: 'none' }, soundClaims(), () => '')],
    [
      'signed with the public key as a secret',
      async () => {
        const secret = await issuer.publishKey()
        return forge({ alg: 'HS256', kid: 'key-0' }, soundClaims(), (text) =>
          createHmac('sha256', secret).update(text).digest('base64url'),
        )
      },
    ],
    [
      'with a signature of somebody else',
      () =>
        forge({ alg: 'RS256', kid: 'key-0' }, soundClaims(), () =>
          Buffer.alloc(256, 1).toString('base64url'),
        ),
    ],
    [
      'whose claims were changed',
      async () => {
        const [head, , tail] = (await issuer.sign({ scope: 'openid' })).split('.')
        return [head, Buffer.from(JSON.stringify(soundClaims())).toString('base64url'), tail].join('.')
      },
    ],
    ['that is none', () => 'planted-opaque-token'],
    ['with a header that is no JSON', () => 'a.b.c'],
  ]

  it.each(wrongs)('%s is refused on both ports, and nothing goes upstream', async (_, make) => {
    expect(await knock(await make())).toEqual([invalid, invalid])
    expect(upstream.requests).toEqual([])
    expect(running.log.join('')).not.toMatch(/planted|eyJ/)
  })

  it('without the scope lets its bearer in, but not to the operation', async () => {
    const [rest, mcp] = await knock(await issuer.sign({ scope: 'openid' }))
    const challenge = `Bearer error="insufficient_scope", scope="${scope}", ${metadata}`
    expect(rest).toEqual({ status: 403, code: 'insufficient_scope', challenge })
    expect(mcp).toEqual(allowed)
    expect(upstream.requests).toEqual([])
  })

  it.each(calls)('without the scope of a tool gets its challenge: $way', async ({ headers, params }) => {
    const { status, challenge, body } = await callTool(
      await issuer.sign({ scope: 'openid' }),
      headers,
      params,
    )
    expect({ status, challenge }).toEqual({
      status: 403,
      challenge: `Bearer error="insufficient_scope", scope="${scope}", ${metadata}`,
    })
    expect(body).toMatchObject({ jsonrpc: '2.0', id: 'a', error: { data: { code: 'insufficient_scope' } } })
    expect(upstream.requests).toEqual([])
    expect((await callTool(await issuer.sign({ scope }), headers, params)).status).toBe(200)
  })

  it('without the scope of a tool gets a result in a batch, of which other calls may be allowed', async () => {
    const token = await issuer.sign({ scope: 'openid' })
    const { status, challenge, body } = await callTool(token, {}, {}, (message) => [message])
    expect({ status, challenge }).toEqual({ status: 200, challenge: null })
    expect(body[0].result.structuredContent.error.code).toBe('insufficient_scope')
  })

  it('goes with the next keys once the issuer has published them, and with the last ones no more', async () => {
    const old = await issuer.sign({ scope })
    expect(await knock(old)).toEqual([allowed, allowed])
    await issuer.rotate()
    expect(await knock(await issuer.sign({ scope }))).toEqual([allowed, allowed])
    expect(await knock(old)).toEqual([invalid, invalid])
  })
})

describe('an access token that does not name its key', () => {
  const nameless = { kid: undefined }
  let several: Issuer
  beforeAll(async () => {
    several = await startIssuer()
  })
  afterAll(() => several[Symbol.asyncDispose]())

  it('is checked with the keys of the issuer, one and several', async () => {
    for (const more of [0, 1, 6]) {
      await several.addKeys(more)
      await using own = await startGateway(upstream.url, several.environment)
      expect(await knock(await several.sign({ scope }, nameless), own)).toEqual([allowed, allowed])
      expect(await knock(await several.sign({ scope }), own)).toEqual([allowed, allowed])
    }
  })

  it('is refused for what it says and for a signature of somebody else, and the issuer asked once', async () => {
    await using own = await startGateway(upstream.url, several.environment)
    const before = several.asked
    expect(await knock(await several.sign({ scope, exp: 1 }, nameless), own)).toEqual([invalid, invalid])
    const claims = { ...soundClaims(), iss: several.url }
    const forged = forge({ alg: 'RS256' }, claims, () => Buffer.alloc(256, 1).toString('base64url'))
    for (let index = 0; index < 3; index += 1) expect(await knock(forged, own)).toEqual([invalid, invalid])
    expect(own.log.join('')).toContain('ERR_JWT_EXPIRED')
    expect(several.asked - before).toBe(1)
  })

  it('costs no more than eight checks', async () => {
    await several.addKeys(1)
    await using own = await startGateway(upstream.url, several.environment)
    expect(await knock(await several.sign({ scope }, nameless), own)).toEqual([invalid, invalid])
    expect(await knock(await several.sign({ scope }), own)).toEqual([allowed, allowed])
  })
})

describe('an issuer', () => {
  it('is asked for its keys once, however many tokens come', async () => {
    await using calm = await startGateway(upstream.url, issuer.environment)
    const before = issuer.asked
    for (let index = 0; index < 5; index += 1) await knock(await issuer.sign({ scope }), calm)
    await knock(await issuer.sign({ scope }, { kid: 'unknown' }), calm)
    expect(issuer.asked - before).toBe(1)
  })

  const down: [string, (environment: Record<string, string>) => Promise<Record<string, string>>][] = [
    ['where nobody listens', async (one) => ({ ...one, OAUTH_JWKS_URL: `${await findClosedUrl()}/keys` })],
    ['that fails', async (one) => one],
  ]
  it.each(down)('%s lets nobody in, and says to try again later', async (name, change) => {
    const environment = await change(issuer.environment)
    issuer.status = name === 'that fails' ? 500 : 200
    await using shut = await startGateway(upstream.url, environment, { issuerKeys: { cooldown: 0 } })
    const refused = { status: 503, code: 'issuer_unavailable', challenge: null }
    expect(await knock(await issuer.sign({ scope }), shut)).toEqual([refused, refused])
    expect(await knock('planted', shut)).toEqual([invalid, invalid])
    issuer.status = 200
    expect(upstream.requests).toEqual([])
    if (name === 'that fails')
      expect(await knock(await issuer.sign({ scope }), shut)).toEqual([allowed, allowed])
  })
})

describe('an issuer that fails', () => {
  it('is asked once a second at most, whatever tokens come', async () => {
    await using calm = await startGateway(upstream.url, issuer.environment)
    issuer.status = 500
    const before = issuer.asked
    for (let index = 0; index < 10; index += 1)
      await knock(await issuer.sign({ scope }, { kid: `unknown-${index}` }), calm)
    issuer.status = 200
    expect(issuer.asked - before).toBeLessThan(5)
  })
})

describe('the metadata of the resource', () => {
  it.each(['', '/mcp'])('is open to everybody at the well-known path%s', async (path) => {
    const answer = await fetch(`${running.mcpUrl}/.well-known/oauth-protected-resource${path}`)
    expect(await answer.json()).toEqual({
      resource: audience,
      authorization_servers: [issuer.url],
      scopes_supported: [
        'managed-users:read',
        'managed-users:write',
        'managed-users:delete',
        'managed-users:tokens',
      ],
      bearer_methods_supported: ['header'],
      resource_name: 'calgate',
    })
  })

  it('is where a challenge says, though the endpoint has another path outside', async () => {
    const resource = 'https://example.org/team:a/mcp'
    const environment = { ...issuer.environment, OAUTH_AUDIENCE: resource }
    await using prefixed = await startGateway(upstream.url, environment)
    const [refused] = await knock(undefined, prefixed)
    const place = /resource_metadata="([^"]*)"/.exec(refused?.challenge ?? '')?.[1] ?? ''
    const answer = await fetch(prefixed.mcpUrl + new URL(place).pathname)
    expect(Object(await answer.json()).resource).toBe(resource)
  })

  it('is not there where no access tokens are taken', async () => {
    await using plain = await startGateway(upstream.url)
    expect((await fetch(`${plain.mcpUrl}/.well-known/oauth-protected-resource`)).status).toBe(404)
  })
})

describe('an operation without a scope', () => {
  const document = {
    openapi: '3.1.0',
    info: { title: 'Shop', version: '1' },
    'x-name': 'shop',
    paths: {
      '/things': {
        get: {
          operationId: 'list',
          responses: {},
          'x-mcp-tool': { name: 'list', title: 'List', description: '', annotations: {}, arguments: {} },
        },
      },
    },
  }

  it('is refused to a token with scopes, of which none is asked for', async () => {
    const environment = { ...issuer.environment, SHOP_BASE_URL: upstream.url }
    await using shop = await startGateway(upstream.url, environment, { document })
    const headers = {
      'content-type': 'application/json',
      authorization: `Bearer ${await issuer.sign({ scope })}`,
    }
    const rest = await fetch(`${shop.restUrl}/things`, { headers })
    const detail = 'No client with a list of scopes may call this: the operation has no scope.'
    expect(rest.headers.get('www-authenticate')).toBe('Bearer error="insufficient_scope"')
    expect(await rest.json()).toMatchObject({ status: 403, code: 'insufficient_scope', detail })
    const message = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'list' } }
    const mcp = await fetch(`${shop.mcpUrl}/mcp`, { method: 'POST', headers, body: JSON.stringify(message) })
    const { result } = Object(await mcp.json())
    expect([mcp.status, mcp.headers.get('www-authenticate')]).toEqual([200, null])
    expect(result.structuredContent.error).toMatchObject({ code: 'insufficient_scope', detail })
    expect(upstream.requests).toEqual([])
  })
})
