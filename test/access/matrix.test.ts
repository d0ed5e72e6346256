import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readConfig } from '../../src/config/config.ts'
import { createKey } from '../../src/config/gateway-keys.ts'
import { readApi } from '../../src/document/api.ts'
import { readDocument } from '../../src/document/document.ts'
import { readOperations } from '../../src/document/operations.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { type Issuer, startIssuer } from '../support/issuer.ts'
import { writeKeys } from '../support/key-file.ts'
import { type CallSpec, calls, toRestRequest } from '../support/servers.ts'
import { respondJson, startUpstream, type UpstreamStub } from '../support/upstream-stub.ts'

const api = readApi(readDocument())

const client = calls.list.arguments.clientId
const callersSecret = 'callers-secret'
const configuredSecret = 'configured-secret'
const heldKey = 'cal_held'
const operations: readonly CallSpec[] = Object.values(calls)

const credentials = ['caller', 'configured secret', 'configured key'] as const
const inbounds = ['none', 'key', 'JWT'] as const
const scopeSets = [
  [],
  ['read'],
  ['read', 'write', 'tokens'],
  ['delete'],
  ['read', 'write', 'delete', 'tokens'],
]

interface Deployment {
  readonly credential: (typeof credentials)[number]
  readonly inbound: (typeof inbounds)[number]
  readonly tokens: 'reveal' | 'withhold'
  readonly allowDelete: boolean
}

/**
 * Two switches make four deployments of each credential and inbound, of which half are started: both values of each
 * switch with every credential and inbound, and all four together with every credential and with every inbound.
 */
const deployments = credentials.flatMap((credential, row) =>
  inbounds.flatMap((inbound, column) =>
    (['reveal', 'withhold'] as const).map((tokens, index): Deployment => {
      return { credential, inbound, tokens, allowDelete: (row + column + index) % 2 === 0 }
    }),
  ),
)

const keys = scopeSets.map((scopes, index) =>
  createKey(`caller-${index}`, scopes.length === 0 ? ['managed-users:none'] : scopes.map(toScope)),
)

function toScope(name: string): string {
  return `managed-users:${name}`
}

function describeEnvironment({ credential, inbound, tokens, allowDelete }: Deployment, keyFile: string) {
  return {
    MCP_TOKENS: tokens,
    ALLOW_DELETE: String(allowDelete),
    MCP_DELETE_LIMIT: 'off',
    ...(credential === 'configured secret' && {
      CAL_COM_CLIENT_ID: client,
      CAL_COM_SECRET_KEY: configuredSecret,
    }),
    ...(credential === 'configured key' && { CAL_COM_API_KEY: heldKey }),
    ...(inbound === 'key' && { GATEWAY_KEYS_FILE: keyFile }),
    ...(inbound === 'JWT' && issuer.environment),
  }
}

let issuer: Issuer
let upstream: UpstreamStub
let keyFile: Disposable & { readonly path: string }
beforeAll(async () => {
  issuer = await startIssuer()
  upstream = await startUpstream((_request, response) => respondJson(response, 200, answer))
  // A key without any scope of the document is refused at the start, so that caller has no key here.
  keyFile = writeKeys(keys.slice(1).map(({ line }) => line))
})
afterAll(async () => {
  keyFile[Symbol.dispose]()
  await upstream[Symbol.asyncDispose]()
  await issuer[Symbol.asyncDispose]()
})

const answer = {
  status: 'success',
  data: { user: { id: 7 }, id: 7, accessToken: 'ey-access', refreshToken: 'ey-refresh' },
}

/** Headers of a caller: its credential for the gateway, and the secret for Cal.com where it brings one. */
async function describeCaller({ inbound, credential }: Deployment, scopes: readonly string[] | undefined) {
  const own = credential === 'caller' ? { 'x-cal-secret-key': callersSecret } : {}
  if (inbound === 'none' || scopes === undefined) return own
  const key = keys[scopeSets.findIndex((set) => set.join() === scopes.join())]?.key ?? ''
  const token = inbound === 'key' ? key : await signToken(scopes.map(toScope).join(' '))
  return { ...own, authorization: `Bearer ${token}` }
}

const tokens = new Map<string, string>()

async function signToken(scope: string): Promise<string> {
  const token = tokens.get(scope) ?? (await issuer.sign({ scope }))
  tokens.set(scope, token)
  return token
}

/** What the gateway must do with a call; undefined when it must send it. */
function expectRefusal(
  { inbound, credential, allowDelete }: Deployment,
  scopes: readonly string[] | undefined,
  { tool, scope }: CallSpec,
): string | undefined {
  if (inbound !== 'none' && scopes === undefined) return 'unauthenticated'
  if (scope === 'delete' && !allowDelete) return 'deletion_disabled'
  if (inbound !== 'none' && !scopes?.includes(scope)) return 'insufficient_scope'
  if (credential === 'configured key' && tool === 'refresh-managed-user-tokens') return 'missing_credentials'
  return undefined
}

function expectHeaders({ credential }: Deployment) {
  if (credential === 'configured key') return { secret: undefined, authorization: `Bearer ${heldKey}` }
  return { secret: credential === 'caller' ? callersSecret : configuredSecret, authorization: undefined }
}

/** The one request that went upstream since the last look, as far as it says whose it is. */
function takeSent() {
  return upstream.requests.splice(0).map(({ method, url, headers }) => ({
    call: `${method} ${url}`,
    secret: headers['x-cal-secret-key'],
    authorization: headers.authorization,
  }))
}

async function callRest({ restUrl }: RunningGateway, headers: Record<string, string>, call: CallSpec) {
  const { path, init } = toRestRequest(call)
  const { 'x-cal-secret-key': _, ...type } = init.headers
  const response = await fetch(restUrl + path, { ...init, headers: { ...type, ...headers } })
  const { code } = Object(await response.json())
  return { status: response.status, code }
}

const eras = ['2025-11-25', '2026-07-28'] as const
const _meta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'c', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
}

/** Sends one request as a client of an era writes it; what real clients make of the response is tested elsewhere. */
async function askMcp(
  { mcpUrl }: RunningGateway,
  era: (typeof eras)[number],
  own: Record<string, string>,
  method: 'tools/list' | 'tools/call',
  params?: { readonly name: string; readonly arguments: object },
) {
  const isStateless = era === '2026-07-28'
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': era,
    ...(isStateless && { 'mcp-method': method }),
    ...(isStateless && params && { 'mcp-name': params.name }),
    ...own,
  }
  const message = { jsonrpc: '2.0', id: 1, method, params: { ...params, ...(isStateless && { _meta }) } }
  const response = await fetch(`${mcpUrl}/mcp`, { method: 'POST', headers, body: JSON.stringify(message) })
  return { status: response.status, body: Object(await response.json()) }
}

const statuses: Readonly<Record<string, number>> = {
  unauthenticated: 401,
  deletion_disabled: 403,
  insufficient_scope: 403,
  missing_credentials: 401,
}

describe.each(deployments)(
  'with the credentials of the $credential, inbound $inbound, tokens $tokens, deletion $allowDelete',
  (deployment) => {
    const scoped =
      deployment.inbound === 'none'
        ? [undefined]
        : [undefined, ...scopeSets.slice(deployment.inbound === 'key' ? 1 : 0)]
    let running: RunningGateway
    beforeAll(async () => {
      running = await startGateway(upstream.url, describeEnvironment(deployment, keyFile.path))
    })
    afterAll(() => running[Symbol.asyncDispose]())

    it.each(scoped.map((scopes) => ({ scopes })))('REST serves a caller with $scopes', async ({ scopes }) => {
      const headers = await describeCaller(deployment, scopes)
      for (const operation of operations) {
        takeSent()
        const code = expectRefusal(deployment, scopes, operation)
        const got = await callRest(running, headers, operation)
        const { method, path } = operation
        const sent = [{ call: `${method} /v2${path}`, ...expectHeaders(deployment) }]
        expect({ operation: operation.tool, ...got, sent: takeSent() }).toEqual({
          operation: operation.tool,
          status: code === undefined ? 200 : statuses[code],
          code,
          sent: code === undefined ? sent : [],
        })
      }
    })

    describe.each(eras)('MCP %s', (era) => {
      it.each(scoped.map((scopes) => ({ scopes })))('serves a caller with $scopes', async ({ scopes }) => {
        const headers = await describeCaller(deployment, scopes)
        const list = await askMcp(running, era, headers, 'tools/list')
        if (deployment.inbound !== 'none' && scopes === undefined) {
          expect(list.status).toBe(401)
          return
        }
        const { tools } = list.body.result
        const isRedacted = deployment.tokens === 'withhold'
        const removed = (one: CallSpec) =>
          (one.scope === 'delete' && !deployment.allowDelete) || (one.scope === 'tokens' && isRedacted)
        const listed = operations.filter((one) => {
          const refusal = expectRefusal(deployment, scopes, one)
          return !removed(one) && (refusal === undefined || refusal === 'missing_credentials')
        })
        expect(tools).toEqual(listed.map(({ tool }) => expect.objectContaining({ name: tool })))
        const asked = JSON.stringify(tools).includes('"x-cal-secret-key"')
        // A client that brings the secret in a header is not asked for it as an argument.
        expect(asked).toBe(deployment.credential === 'configured key' && tools.length > 0)
        for (const operation of operations) {
          takeSent()
          const { tool: name, method, path } = operation
          const code = expectRefusal(deployment, scopes, operation)
          const call = { name, arguments: operation.arguments }
          const { status, body } = await askMcp(running, era, headers, 'tools/call', call)
          const isChallenged = deployment.inbound === 'JWT' && code === 'insufficient_scope'
          const sent = [{ call: `${method} /v2${path}`, ...expectHeaders(deployment) }]
          if (removed(operation)) expect(body.error?.message).toContain('Unknown tool')
          else if (isChallenged) expect([status, body.error?.data?.code]).toEqual([403, code])
          else expect([body.error, body.result?.structuredContent?.error?.code]).toEqual([undefined, code])
          expect(takeSent()).toEqual(removed(operation) || code !== undefined ? [] : sent)
          expect(/ey-access|ey-refresh/.test(JSON.stringify(body))).toBe(
            !removed(operation) && code === undefined && !isRedacted,
          )
        }
      })
    })
  },
)

describe('a host that others can reach', () => {
  const rows = credentials.flatMap((credential) =>
    inbounds.flatMap((inbound) =>
      ['127.0.0.1', '::1', 'localhost', '0.0.0.0', '192.0.2.1'].map((host) => ({
        credential,
        inbound,
        host,
      })),
    ),
  )
  it.each(rows)(
    '$host with the credentials of the $credential and inbound $inbound',
    ({ credential, inbound, host }) => {
      const row = { credential, inbound, tokens: 'reveal', allowDelete: true } as const
      const read = () => readConfig({ ...describeEnvironment(row, keyFile.path), HOST: host }, api)
      const open =
        !['127.0.0.1', '::1', 'localhost'].includes(host) && credential !== 'caller' && inbound === 'none'
      if (open)
        expect(read).toThrow(
          /^HOST must be a loopback address while CAL_COM_(SECRET|API)_KEY is set and neither GATEWAY_KEYS_FILE nor OAUTH_ISSUER is/,
        )
      else expect(read().host).toBe(host)
    },
  )
})

describe('a name that others know a proxy by', () => {
  it.each(['gateway.example.org', 'localhost,gateway.example.org:8080', '192.0.2.1'])(
    '(%s) goes with configured credentials only where clients are authenticated',
    (ALLOWED_HOSTS) => {
      const held = { credential: 'configured secret', tokens: 'reveal', allowDelete: true } as const
      const read = (inbound: 'none' | 'key') =>
        readConfig({ ...describeEnvironment({ ...held, inbound }, keyFile.path), ALLOWED_HOSTS }, api)
      expect(() => read('none')).toThrow(
        /^ALLOWED_HOSTS must have loopback names alone while CAL_COM_SECRET_KEY is set and neither/,
      )
      expect(read('key').allowedHosts).toHaveLength(ALLOWED_HOSTS.split(',').length)
    },
  )

  it('is none of this machine', () => {
    const row = {
      credential: 'configured secret',
      inbound: 'none',
      tokens: 'reveal',
      allowDelete: true,
    } as const
    const ALLOWED_HOSTS = 'localhost:8080,127.0.0.1,[::1]:9090'
    expect(readConfig({ ...describeEnvironment(row, ''), ALLOWED_HOSTS }, api).allowedHosts).toHaveLength(3)
  })
})

describe('the tokens of users', () => {
  it.each([
    ['caller', false],
    ['configured secret', true],
    ['configured key', true],
  ] as const)(
    'with the credentials of the %s are redacted unless somebody says otherwise: %s',
    (credential, isRedacted) => {
      const row = { credential, inbound: 'none', tokens: 'reveal', allowDelete: true } as const
      const { MCP_TOKENS: _, ...environment } = describeEnvironment(row, '')
      expect(readConfig(environment, api).redactTokens).toBe(isRedacted)
    },
  )
})

it('the calls are the operations of the document, with their scopes', () => {
  const described = readOperations(readDocument()).map(({ method, tool, scope }) => [
    method,
    tool?.name,
    scope,
  ])
  expect(described).toEqual(operations.map(({ method, tool, scope }) => [method, tool, toScope(scope)]))
})
