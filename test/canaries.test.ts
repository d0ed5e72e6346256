import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findClosedUrl, type RunningGateway, startGateway } from './support/gateway.ts'
import { createSearch, findLeaks } from './support/leaks.ts'
import { openConnection, readAll } from './support/raw-connection.ts'
import { respondJson, startUpstream, type UpstreamStub } from './support/upstream-stub.ts'

const planted = new Map<string, string>()

/** The text that stands in one place of the world only. */
function plant(place: string): string {
  const canary = planted.get(place) ?? `planted-${place}-${(planted.size * 7_919 + 65_536).toString(16)}`
  planted.set(place, canary)
  return canary
}

/**
 * What an answer repeats because it must: ids and versions by the protocol, names of arguments to be of any help, and
 * where a redirect leads.
 */
const repeatable = ['rpc', 'protocol', 'mcp-name', 'unknown', 'location']

const clientId = 'cm9demo'
const users = `/v1/v2/oauth-clients/${clientId}/users`
const refresh = `/v1/v2/oauth/${clientId}/refresh`
const address = (place: string) => `${plant(place)}@example.org`
const jwt = (place: string) => `eyJhbGciOiJIUzI1NiJ9.${btoa(plant(place)).replaceAll('=', '')}.x`

/** What a caller may send besides, and none of which matters. */
const stray = {
  authorization: `Bearer ${plant('bearer')}`,
  cookie: `session=${plant('cookie')}`,
  'user-agent': plant('agent'),
  traceparent: `00-${plant('trace')}-00f067aa0ba902b7-01`,
  tracestate: `a=${plant('state')}`,
  baggage: plant('baggage'),
  'x-request-id': plant('id'),
  'x-forwarded-for': plant('forwarded'),
  [plant('name')]: plant('value'),
}
const secret = plant('secret')
const headers = { ...stray, 'x-cal-secret-key': secret }
const json = { 'content-type': 'application/json' }

/** Everything that came back, or that can be asked for: what no canary may be in. */
interface Evidence {
  readonly errors: string[]
  readonly headers: string[]
}

async function note(evidence: Evidence, answer: Promise<Response>): Promise<void> {
  // A body that streams may break, and its connection with it.
  const response = await answer.catch(() => Response.error())
  const text = await response.text().catch(() => '')
  // A redirect is passed on with where it leads.
  const isRedirect = response.status >= 300 && response.status < 400
  const passed = [...response.headers].filter(([name]) => !(isRedirect && name === 'location'))
  evidence.headers.push(JSON.stringify(passed))
  if (response.status >= 400) evidence.errors.push(text)
  else if (text.startsWith('{"result"') || text.startsWith('{"jsonrpc"')) {
    const { result, error } = JSON.parse(text)
    if (error || result?.isError) evidence.errors.push(text)
  }
}

async function callRest(url: string, evidence: Evidence): Promise<void> {
  const ask = (path: string, init: RequestInit & { headers?: object } = {}) =>
    note(
      evidence,
      fetch(url + path, { redirect: 'manual', ...init, headers: { ...headers, ...init.headers } }),
    )
  const send = (method: string, path: string, body: string, more = {}) =>
    ask(path, { method, body, headers: { ...json, ...more } })
  const user = { email: address('email'), name: plant('name'), metadata: { [plant('key')]: plant('value') } }
  await ask(`${users}/4711`)
  await ask(`${users}?emails=${encodeURIComponent(address('query'))}`)
  await send('POST', users, JSON.stringify(user), { 'idempotency-key': plant('idempotency') })
  await send('PATCH', `${users}/4711`, JSON.stringify({ bio: plant('bio') }))
  await ask(`${users}/4711/force-refresh`, { method: 'POST' })
  await send('POST', refresh, JSON.stringify({ refreshToken: jwt('refresh') }))
  await ask(`${users}/4711`, { method: 'DELETE' })
  // And what is refused.
  await ask(`/${plant('path')}`)
  await ask(`${users}/${plant('user')}`)
  await ask(`${users}?limit=${plant('limit')}`)
  await ask(`${users}?${plant('unknown')}=${plant('limit')}`)
  await send('POST', users, JSON.stringify({ ...user, [plant('unknown')]: plant('unnamed') }))
  await ask(`${users}/%zz${plant('broken')}`)
  await ask(`${users}`, { headers: { origin: `https://${plant('origin')}.example.org` } })
  await ask(users, { headers: { 'x-cal-secret-key': `${plant('ascii')} ö`.replace('ö', '\u00f6') } })
  await send('POST', users, `{"email":"${plant('malformed')}`)
  await send(
    'POST',
    users,
    JSON.stringify({ ...user, timeFormat: plant('format'), weekStart: plant('week') }),
  )
  await send('POST', users, plant('text'), { 'content-type': `text/${plant('type')}` })
  await send('POST', users, JSON.stringify(user), { 'idempotency-key': `${plant('bad')} ${'x'.repeat(300)}` })
  await ask(users, { method: 'PROPFIND' })
}

async function callMcp(url: string, evidence: Evidence): Promise<void> {
  const post = (body: unknown, more = {}) =>
    note(
      evidence,
      fetch(`${url}/mcp`, {
        method: 'POST',
        headers: { ...headers, ...json, ...more },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    )
  const ask = (method: string, params: object, more = {}) =>
    post({ jsonrpc: '2.0', id: plant('rpc'), method, params }, more)
  const call = (name: string, values: unknown, more = {}) =>
    ask('tools/call', { name, arguments: values, _meta: { [plant('meta')]: plant('meta') } }, more)
  const caller = { clientId, 'x-cal-secret-key': plant('argument') }
  const body = { email: address('tool'), name: plant('tool'), metadata: { seat: plant('seat') } }
  await call('get-managed-user', { ...caller, userId: 4711 })
  await call('get-managed-user', { clientId, userId: 4711 })
  await call('get-all-managed-users', { ...caller, emails: [address('list')] })
  await call('create-managed-user', { ...caller, body })
  await call('update-managed-user', { ...caller, userId: 4711, body: { bio: plant('bio') } })
  await call('force-refresh-tokens', { ...caller, userId: 4711 })
  await call('refresh-managed-user-tokens', { ...caller, body: { refreshToken: jwt('argument') } })
  await call('delete-managed-user', { ...caller, userId: 4711 })
  // And what is refused.
  await call(plant('tool'), caller)
  await call('get-managed-user', { ...caller, userId: plant('user') })
  await call('get-managed-user', plant('arguments'))
  await call('create-managed-user', { ...caller, body: { ...body, weekStart: plant('week') } })
  await ask(plant('method'), { [plant('parameter')]: plant('parameter') })
  await ask('initialize', {
    protocolVersion: plant('version'),
    capabilities: {},
    clientInfo: { name: plant('client'), version: plant('client') },
  })
  await ask('tools/list', { cursor: plant('cursor') })
  await ask('tools/list', {}, { 'mcp-protocol-version': plant('protocol') })
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': {},
  }
  const modern = {
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': 'tools/call',
    'mcp-name': plant('mcp-name'),
  }
  await ask('tools/call', { name: 'get-managed-user', arguments: caller, _meta }, modern)
  await post(`{"${plant('malformed')}`)
  await post([{ jsonrpc: '2.0', id: 1, method: plant('batch') }])
  await note(evidence, fetch(`${url}/${plant('path')}?${plant('query')}`, { headers }))
}

async function sendBroken(url: string, evidence: Evidence): Promise<void> {
  const socket = openConnection(url)
  socket.end(`${plant('verb')} /${plant('target')} HTTP/1.1\r\n${plant('line')}\r\n\r\n`)
  evidence.errors.push(await readAll(socket))
}

/** An upstream whose answers are full of canaries, in every place and of every kind. */
function startTalkative(): Promise<UpstreamStub> {
  const answers = new Map<string, number>()
  const more = {
    'set-cookie': plant('set-cookie'),
    server: plant('server'),
    'x-powered-by': plant('powered'),
    location: `https://${plant('location')}.example.org`,
  }
  return startUpstream(({ method, url, headers: sent, body }, response) => {
    const count = answers.get(method + url) ?? 0
    answers.set(method + url, count + 1)
    const echo = { target: JSON.parse(body.toString() || '{}'), value: body.toString() }
    const message = `not ${sent['x-cal-secret-key']} ${address('error')} ${jwt('error')}`
    const error = { code: 'BadRequestException', message, details: { errors: [echo] } }
    const keys = { accessToken: jwt('access'), refreshToken: jwt('refresh') }
    const data = {
      id: plant('answer'),
      [plant('member')]: plant('member'),
      email: address('answer'),
      ...keys,
    }
    const kinds = [
      () => respondJson(response, 200, { status: plant('status'), data }, more),
      () => respondJson(response, 400, { status: 'error', path: url, error }, more),
      () => respondJson(response, 302, { data }, more),
      () => response.writeHead(200, { 'content-type': 'text/csv', ...more }).end(plant('text')),
      () =>
        response.writeHead(200, { 'content-type': 'application/json', ...more }).end(`{"${plant('half')}`),
      () =>
        response.writeHead(200, `${plant('reason')}`, { 'content-length': '999' }).end() &&
        response.destroy(),
      () => response.socket?.end(`HTTP/1.1 ${plant('no-http')}\r\n\r\n`),
    ]
    kinds[count % kinds.length]?.()
  })
}

describe('what is planted in every place of requests and answers', () => {
  const evidence: Evidence = { errors: [], headers: [] }
  const log: string[] = []
  let metrics = ''
  let upstream: UpstreamStub
  let search: ReturnType<typeof createSearch>

  beforeAll(async () => {
    upstream = await startTalkative()
    const guarded = {
      CAL_COM_CLIENT_ID: clientId,
      CAL_COM_SECRET_KEY: plant('held'),
      CAL_COM_API_KEY: plant('key'),
    }
    // Each kind of answer comes once to each kind of call; where nobody listens there is one kind.
    const gateways: readonly (readonly [running: RunningGateway, rounds: number])[] = [
      [await startGateway(upstream.url), 7],
      [await startGateway(upstream.url, guarded), 7],
      [await startGateway(await findClosedUrl()), 1],
    ]
    for (const [running, rounds] of gateways) {
      for (let round = 0; round < rounds; round += 1) {
        await callRest(running.restUrl, evidence)
        await callMcp(running.mcpUrl, evidence)
      }
      for (const url of [running.restUrl, running.mcpUrl]) await sendBroken(url, evidence)
      metrics += (await running.gateway.control.inject('/metrics')).body
      const lost = await running.gateway.control.inject(`/${plant('control')}?${plant('control')}`)
      evidence.errors.push(lost.body)
      await running[Symbol.asyncDispose]()
      log.push(...running.log)
    }
    search = createSearch([...planted.values()])
  })
  afterAll(() => upstream[Symbol.asyncDispose]())

  it('is in no log line', () => {
    expect(log.length).toBeGreaterThan(700)
    expect(findLeaks(log, search)).toEqual([])
  })

  it('is in no metric', () => {
    expect(metrics).toContain('calgate_errors_total{surface="mcp"')
    expect(search(metrics)).toEqual([])
  })

  it('is in no header of an answer', () => {
    expect(evidence.headers.flatMap(search)).toEqual([])
  })

  it('is in no error, but for what the protocol repeats and the names of unknown arguments', () => {
    const allowed = repeatable.map(plant)
    expect(evidence.errors.length).toBeGreaterThan(300)
    expect([...new Set(evidence.errors.flatMap(search))].filter((one) => !allowed.includes(one))).toEqual([])
  })
})
