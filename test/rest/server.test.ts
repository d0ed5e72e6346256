import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Problem } from '../../src/errors/gateway-error.ts'
import { findClosedUrl, type RunningGateway, startGateway } from '../support/gateway.ts'
import { openConnection, readAll } from '../support/raw-connection.ts'
import {
  holdResponses,
  type ReceivedRequest,
  respondJson,
  startUpstream,
  type UpstreamStub,
} from '../support/upstream-stub.ts'

const secret = 'planted-secret-4f1c'
const users = '/v1/v2/oauth-clients/cm9demo/users'
let upstream: UpstreamStub
let running: RunningGateway
let respond: Parameters<typeof startUpstream>[0]

beforeAll(async () => {
  upstream = await startUpstream((request, response) => respond?.(request, response))
  running = await startGateway(upstream.url)
})
beforeEach(() => {
  upstream.requests.length = 0
  respond = (_request, response) => respondJson(response, 200, { status: 'success', data: {} })
})
afterAll(async () => {
  await running[Symbol.asyncDispose]()
  await upstream[Symbol.asyncDispose]()
})

function call(
  path: string,
  init: RequestInit & { headers?: Record<string, string> } = {},
): Promise<Response> {
  return fetch(running.restUrl + path, { ...init, headers: { 'x-cal-secret-key': secret, ...init.headers } })
}

function send(method: string, path: string, body: string, type = 'application/json'): Promise<Response> {
  return call(path, { method, body, headers: { 'content-type': type } })
}

async function problemOf(response: Response): Promise<{ status: number; code: string; places: string[] }> {
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  const { status, code, errors = [] }: Problem = JSON.parse(await response.text())
  expect(status).toBe(response.status)
  return {
    status,
    code,
    places: errors.map((one) => `${one.location} ${one.message}`),
  }
}

const only = (): ReceivedRequest => {
  expect(upstream.requests).toHaveLength(1)
  const [request] = upstream.requests
  if (!request) throw new Error('nothing arrived')
  return request
}

test.each([
  ['GET', users, '/v2/oauth-clients/cm9demo/users'],
  ['GET', `${users}/4711`, '/v2/oauth-clients/cm9demo/users/4711'],
  ['DELETE', `${users}/4711`, '/v2/oauth-clients/cm9demo/users/4711'],
  ['POST', `${users}/4711/force-refresh`, '/v2/oauth-clients/cm9demo/users/4711/force-refresh'],
])('%s %s arrives upstream as %s without a body', async (method, path, expected) => {
  expect((await call(path, { method })).status).toBe(200)
  expect([only().method, only().url, only().body.length]).toEqual([method, expected, 0])
})

test.each([
  ['POST', users, '{"email":"ada@example.org","name":"Ada"}'],
  ['PATCH', `${users}/4711`, '{ "bio" : null }'],
  ['POST', '/v1/v2/oauth/cm9demo/refresh', '{"refreshToken":"demo"}'],
])('the body of %s %s arrives upstream byte for byte', async (method, path, body) => {
  expect((await send(method, path, body)).status).toBe(200)
  expect([only().url, only().body.toString()]).toEqual([path.replace('/v1', ''), body])
})

test('big numbers and odd Unicode survive both ways', async () => {
  const odd = '{"metadata":{"n":9007199254740993,"e":1e400,"s":"\\ud800\u0000ö"}}'.replace('\u0000', '')
  const answer = '{"status":"success","data":{"id":12345678901234567890,"name":"\\udfff"}}'
  respond = (_request, response) => respondJson(response, 200, answer)
  const response = await send('PATCH', `${users}/1`, odd.replace('1e400', '1.10'))
  expect(await response.text()).toBe(answer)
  expect(only().body.toString()).toBe(odd.replace('1e400', '1.10'))
})

test('Cal.com learns the client and the secret, and no other header of the caller', async () => {
  await call(users, {
    headers: {
      authorization: 'Bearer planted',
      cookie: 'a=planted',
      prefer: 'code=500',
      'x-forwarded-for': '10.0.0.1',
    },
  })
  const { host, connection, ...headers } = only().headers
  expect(headers).toEqual({
    accept: 'application/json',
    'accept-encoding': 'identity',
    'user-agent': 'calgate',
    'x-cal-client-id': 'cm9demo',
    'x-cal-secret-key': secret,
  })
})

test('of an answer only the safe headers come back', async () => {
  const sent = {
    'set-cookie': 'a=b',
    server: 'x',
    'x-powered-by': 'y',
    'x-request-id': 'r1',
    'x-ratelimit-limit-default': '500',
  }
  respond = (_request, response) => respondJson(response, 200, '{"status":"success","data":[]}', sent)
  const { headers } = await call(users)
  expect(Object.fromEntries(headers)).toEqual({
    'cache-control': 'no-store',
    connection: 'keep-alive',
    'content-length': '30',
    'content-type': 'application/json; charset=utf-8',
    date: expect.any(String),
    'keep-alive': expect.any(String),
    vary: 'Origin',
    'x-ratelimit-limit-default': '500',
    'x-request-id': 'r1',
  })
})

test('emails are one comma-joined value upstream with the plus as %2B', async () => {
  await call(`${users}?emails=ada%2Bdemo%40example.org%2Cbo@example.org&limit=5`)
  expect(only().url).toBe(
    '/v2/oauth-clients/cm9demo/users?limit=5&emails=ada%2Bdemo@example.org,bo@example.org',
  )
})

const loose = '(got a string; a number is taken in its shortest spelling, such as 12 or 1.5)'

test.each([
  ['0x10', `must be an integer from 1 to 2147483647 ${loose}`],
  ['1e3', `must be an integer from 1 to 2147483647 ${loose}`],
  ['+7', `must be an integer from 1 to 2147483647 ${loose}`],
  ['%2012', `must be an integer from 1 to 2147483647 ${loose}`],
  ['007', `must be an integer from 1 to 2147483647 ${loose}`],
  ['0', 'must be an integer from 1 to 2147483647 (got 0)'],
  ['-1', 'must be an integer from 1 to 2147483647 (got -1)'],
  ['2147483648', 'must be an integer from 1 to 2147483647 (got 2147483648)'],
])('the user id %s is refused and never reaches Cal.com', async (id, message) => {
  const response = await call(`${users}/${id}`, { method: 'DELETE' })
  expect(await problemOf(response)).toEqual({
    status: 400,
    code: 'invalid_argument',
    places: [`path.userId ${message}`],
  })
  expect(upstream.requests).toEqual([])
})

test.each([
  ['limit=0', 'query.limit must be an integer from 1 to 250 (got 0)'],
  ['limit=', 'query.limit must be an integer from 1 to 250 (got a string)'],
  ['offset=251', 'query.offset must be an integer from 0 to 250 (got 251)'],
  ['limit=1&limit=1', 'query.limit stands more than once; give it one value'],
  ['Limit=1', 'query.Limit is not known here; did you mean limit?'],
  ['emails=', 'query.emails[0] must be an e-mail address'],
  ['emails=a@example.org,', 'query.emails[1] must be an e-mail address'],
  ['emails=ada+demo@example.org', 'query.emails[0] must be an e-mail address'],
])('the query %s is refused by name', async (query, place) => {
  const { places } = await problemOf(await call(`${users}?${query}`))
  expect(
    places.map((one) => one.replace(/^(query\.emails\[\d\]) must match .*/, '$1 must be an e-mail address')),
  ).toEqual([place])
  expect(upstream.requests).toEqual([])
})

test('an unknown body key is refused by name, with the one that was meant', async () => {
  const body = '{"email":"ada@example.org","name":"Ada","timezone":"Europe/Oslo"}'
  expect((await problemOf(await send('POST', users, body))).places).toEqual([
    'body.timezone is not known here; did you mean timeZone?',
  ])
  expect(upstream.requests).toEqual([])
})

test('everything wrong with a request is said at once', async () => {
  const { places } = await problemOf(await send('PATCH', `${users}/x?limit=1`, '{"timeFormat":"12"}'))
  expect(places).toEqual([
    'path.userId must be an integer from 1 to 2147483647 (got a string)',
    'query.limit is not known here; nothing is taken here',
    'body.timeFormat must be one of 12, 24 (got a string)',
  ])
})

test.each([
  ['a duplicate key', '{"name":"a","name":"b"}', 'malformed_json', 400],
  ['a cut-off text', '{"name":', 'malformed_json', 400],
  ['a body that is no object', '[]', 'invalid_argument', 400],
  ['more than 102400 bytes', JSON.stringify({ bio: 'x'.repeat(102_400) }), 'body_too_large', 413],
])('%s in a body is refused before Cal.com sees it', async (_title, body, code, status) => {
  expect(await problemOf(await send('PATCH', `${users}/1`, body))).toMatchObject({ code, status })
  expect(upstream.requests).toEqual([])
})

test.each([
  'text/plain',
  'application/x-www-form-urlencoded',
  'application/json; charset=utf-16',
  'application/jsonx',
])('a body of type %s is refused', async (type) => {
  expect(await problemOf(await send('PATCH', `${users}/1`, '{}', type))).toMatchObject({
    code: 'unsupported_media_type',
    status: 415,
  })
  expect(upstream.requests).toEqual([])
})

test('a compressed body is refused', async () => {
  const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' }
  const response = await call(`${users}/1`, { method: 'PATCH', body: '{}', headers })
  expect(await problemOf(response)).toMatchObject({ code: 'unsupported_media_type' })
})

test('a missing body is said to be missing', async () => {
  expect((await problemOf(await call(users, { method: 'POST' }))).places).toEqual(['body is required'])
})

test('an empty body with a content type is no body', async () => {
  const headers = { 'content-type': 'application/json' }
  expect((await call(`${users}/1`, { method: 'DELETE', headers })).status).toBe(200)
})

test('a body on an operation that takes none is refused', async () => {
  expect((await problemOf(await send('DELETE', `${users}/1`, '{}'))).places).toEqual([
    'body is not taken by this operation',
  ])
  expect(upstream.requests).toEqual([])
})

test('a call without a secret is refused before its arguments are looked at', async () => {
  const response = await fetch(`${running.restUrl}${users}?limit=0`)
  expect(response.headers.get('www-authenticate')).toBe('x-cal-secret-key')
  expect(await problemOf(response)).toEqual({ status: 401, code: 'missing_credentials', places: [] })
})

test('a path that is not described is not found', async () => {
  for (const path of [
    '/v2/oauth-clients/c/users',
    `${users}/`,
    '/v1/v2/me',
    `${users}/1/2`,
    '/v1//v2/oauth/c/refresh',
  ])
    expect(await problemOf(await call(path))).toMatchObject({ status: 404, code: 'route_not_found' })
  expect(upstream.requests).toEqual([])
})

test.each([
  ['PUT', users, 'GET, POST'],
  ['HEAD', users, 'GET, POST'],
  ['POST', `${users}/1`, 'GET, PATCH, DELETE'],
  ['PROPFIND', `${users}/1`, 'GET, PATCH, DELETE'],
  ['GET', `${users}/1/force-refresh`, 'POST'],
  ['OPTIONS', '/v1/v2/oauth/c/refresh', 'POST'],
  ['DELETE', '/openapi.json', 'GET'],
])('%s %s is answered with the methods there are', async (method, path, allow) => {
  const response = await call(path, { method })
  expect([response.status, response.headers.get('allow')]).toEqual([405, allow])
  expect(upstream.requests).toEqual([])
})

test("Cal.com's own error passes with its status and its very bytes", async () => {
  const body =
    '{"status":"error","path":"/v2/x", "error":{"code":"NotFoundException","message":"User with ID 7 is not part"}}'
  respond = (_request, response) => respondJson(response, 404, body)
  const response = await call(`${users}/7`)
  expect([response.status, await response.text()]).toEqual([404, body])
})

test('what an error of Cal.com echoes does not come back', async () => {
  const planted = 'opaque-planted-token'
  respond = (request, response) => {
    const target = JSON.parse(request.body.toString())
    const message = `no ${planted} for ${request.headers['x-cal-secret-key']}`
    respondJson(response, 400, { error: { message, details: { errors: [{ target, value: planted }] } } })
  }
  const response = await send(
    'POST',
    '/v1/v2/oauth/cm9demo/refresh',
    JSON.stringify({ refreshToken: planted }),
  )
  expect([response.status, await response.text()]).toEqual([
    400,
    '{"error":{"message":"no [redacted] for [redacted]","details":{"errors":[{"target":"[redacted]","value":"[redacted]"}]}}}',
  ])
})

test.each([
  ['half a JSON text', 200, { 'content-type': 'application/json' }, '{"status":'],
  ['an encoded body', 200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }, '{}'],
])('%s in the place of an answer is a bad gateway', async (_title, status, headers, body) => {
  respond = (_request, response) => response.writeHead(status, headers).end(body)
  expect(await problemOf(await call(users))).toMatchObject({ status: 502, code: 'upstream_invalid_response' })
  expect(upstream.requests).toHaveLength(1)
})

test('a response that is too large is told with the limit, and with what a read can do', async () => {
  const length = { 'content-type': 'application/json', 'content-length': '40000000' }
  respond = (_request, response) => response.writeHead(200, length).flushHeaders()
  expect(await (await call(users)).json()).toMatchObject({
    code: 'upstream_invalid_response',
    detail: 'The upstream sent a response of more than 33,554,432 bytes.',
    recovery: 'Ask for less, such as a smaller page.',
  })
})

test.each(['500 Internal Server Error', '202 Accepted', '204 No Content'])(
  'an empty response with %s gets no content type',
  async (status) => {
    const code = Number(status.slice(0, 3))
    respond = (_request, response) => response.writeHead(code).end()
    const response = await call(users)
    expect([response.status, response.headers.get('content-type')]).toEqual([code, null])
    expect(await response.text()).toBe('')
  },
)

test('a response that names no content type gets none', async () => {
  respond = (_request, response) => response.writeHead(500).end('oops')
  const response = await call(users)
  expect([response.headers.get('content-type'), await response.text()]).toEqual([null, 'oops'])
})

test('a 503 of Cal.com is passed on after one try', async () => {
  respond = (_request, response) =>
    respondJson(response, 503, { statusCode: 503, message: 'x' }, { 'retry-after': '1' })
  const response = await call(users)
  expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1'])
  expect(upstream.requests).toHaveLength(1)
})

test('an upstream that is not there is a bad gateway, and nothing was executed', async () => {
  await using lonely = await startGateway(await findClosedUrl())
  const response = await fetch(lonely.restUrl + users, { headers: { 'x-cal-secret-key': secret } })
  expect(await response.json()).toMatchObject({
    status: 502,
    code: 'upstream_unreachable',
    outcome: 'not_executed',
    retryable: true,
  })
})

test('an upstream that never answers is a gateway timeout, and nobody knows', async () => {
  await using silent = await startUpstream(() => {})
  await using waiting = await startGateway(silent.url, { UPSTREAM_TIMEOUT_MS: '1000' })
  const response = await fetch(waiting.restUrl + users, { headers: { 'x-cal-secret-key': secret } })
  expect(await response.json()).toMatchObject({ status: 504, code: 'upstream_timeout', outcome: 'unknown' })
})

test('a caller who leaves before the answer hurts nobody', async () => {
  const held = holdResponses((_request, response) =>
    respondJson(response, 200, { status: 'success', data: {} }),
  )
  respond = held.respond
  const controller = new AbortController()
  const left = call(users, { signal: controller.signal })
  await held.arrived
  controller.abort()
  await expect(left).rejects.toThrow('aborted')
  held.release()
  respond = (_request, response) => respondJson(response, 200, { status: 'success', data: {} })
  expect((await call(users)).status).toBe(200)
})

test('the configured API key is sent as a bearer when a call brings no secret, but never on refresh', async () => {
  await using held = await startGateway(upstream.url, { CAL_COM_API_KEY: 'cal_planted' })
  expect((await fetch(held.restUrl + users)).status).toBe(200)
  expect(only().headers).toMatchObject({ authorization: 'Bearer cal_planted' })
  const refresh = await fetch(`${held.restUrl}/v1/v2/oauth/c/refresh`, {
    method: 'POST',
    body: '{"refreshToken":"demo"}',
    headers: { 'content-type': 'application/json' },
  })
  expect(refresh.status).toBe(401)
  await fetch(held.restUrl + users, { headers: { 'x-cal-secret-key': secret } })
  expect(upstream.requests).toHaveLength(2)
  expect(upstream.requests[1]?.headers.authorization).toBeUndefined()
})

test('the served document is the one everything is driven by', async () => {
  const response = await fetch(`${running.restUrl}/openapi.json`)
  expect(await response.json()).toMatchObject({ openapi: '3.0.3', servers: [{ url: '/v1' }] })
})

test('a request that is no HTTP gets one answer and the connection ends', async () => {
  const socket = openConnection(running.restUrl)
  socket.end('GET / HTTP/1.1\r\nHost : x\r\n\r\n')
  const answer = await readAll(socket)
  expect(answer.match(/^HTTP\/1\.1 /gm)).toHaveLength(1)
  expect(answer).toContain('"code":"bad_request"')
})

test('the log holds neither secret, nor query, nor body', async () => {
  await call(`${users}?emails=planted%40example.org`)
  await send('POST', users, '{"email":"planted@example.org","name":"planted"}')
  await call('/v1/planted')
  expect(running.log.length).toBeGreaterThan(3)
  expect(running.log.join('')).not.toContain('planted')
})

test('a page that something in front of the API sends with an error cannot run in a browser', async () => {
  const page = '<script>alert(1)</script>'
  respond = (_request, response) => response.writeHead(403, { 'content-type': 'text/html' }).end(page)
  const blocked = await call(`${users}/7`)
  expect([blocked.status, blocked.headers.get('content-type'), await blocked.text()]).toEqual([
    403,
    'text/html',
    page,
  ])
  const names = ['content-security-policy', 'x-content-type-options']
  expect(names.map((name) => blocked.headers.get(name))).toEqual(['sandbox', 'nosniff'])
  respond = (_request, response) => respondJson(response, 403, { status: 'error' })
  const refused = await call(`${users}/7`)
  expect(names.map((name) => refused.headers.get(name))).toEqual([null, null])
})
