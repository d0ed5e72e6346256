import { describe, expect, test } from 'vitest'
import { beginning, demo, startSubject, usersOf } from './fixture.ts'

const users = usersOf(demo.id)
const now = new Date(beginning).toISOString()
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

const http = (status: number, name: string, code: string, message: string, path: string) => ({
  status: 'error',
  timestamp: now,
  path,
  error: { code, message, details: { message, error: name, statusCode: status } },
})

describe('who calls', () => {
  test.each([
    ['nobody', users, {}, 401, /^ApiAuthStrategy - Only 'x-cal-client-id' header provided/],
    ['a wrong secret', users, { 'x-cal-secret-key': 'wrong' }, 401, /Invalid client secret$/],
    [
      'an unknown client',
      usersOf('cm9nobody'),
      { 'x-cal-secret-key': demo.secret },
      401,
      /Client with ID cm9nobody not found$/,
    ],
    [
      'a client without an owner',
      usersOf('cm9noowner001abcd1234efgh'),
      { 'x-cal-secret-key': 'noowner-secret' },
      401,
      /No owner ID found/,
    ],
    ['an unknown API key', users, bearer('cal_nobody'), 401, /^CustomThrottlerGuard - Invalid API Key$/],
    ['an expired API key', users, bearer('cal_demo_expired'), 401, /Your api key is expired$/],
    [
      'an API key without an organisation',
      users,
      bearer('cal_demo_alone'),
      403,
      /No organization associated/,
    ],
    [
      'an API key for an unknown client',
      usersOf('cm9nobody'),
      bearer('cal_demo_admin'),
      404,
      /OAuth client not found\.$/,
    ],
    [
      "an API key for another organisation's client",
      usersOf('cm9other00001abcd1234efgh'),
      bearer('cal_demo_admin'),
      403,
      /id=cm9other00001abcd1234efgh .* id=12\.$/,
    ],
    [
      'the API key of a member',
      users,
      bearer('cal_demo_member'),
      403,
      /must have one of the roles: ADMIN, OWNER\.$/,
    ],
    ['a token that nobody issued', users, bearer('x.y.z'), 401, /not found given the access token$/],
  ])('%s is refused', async (_title, path, headers, status, message) => {
    await using cal = await startSubject()
    const { status: answered, body } = await cal.call(path, { headers })
    expect([answered, body]).toMatchObject([
      status,
      { status: 'error', path, error: { message: expect.stringMatching(message) } },
    ])
  })

  test.each(['cal_demo_admin', 'cal_demo_owner'])('%s may list', async (key) => {
    await using cal = await startSubject()
    expect((await cal.call(users, { headers: bearer(key) })).status).toBe(200)
  })

  test('a secret is looked at before a bearer', async () => {
    await using cal = await startSubject()
    const headers = { 'x-cal-secret-key': 'wrong', ...bearer('cal_demo_admin') }
    expect((await cal.call(users, { headers })).status).toBe(401)
  })

  test("a managed user's own access token is refused, and says so when it has expired", async () => {
    await using cal = await startSubject()
    const { body } = await cal.call(`${users}/4711/force-refresh`, { method: 'POST' })
    const headers = bearer(Object(body.data).accessToken)
    expect((await cal.call(users, { headers })).status).toBe(403)
    await cal.control('clock', { advance: 3_600_000 })
    const expired = await cal.call(users, { headers })
    expect([expired.status, expired.body.error]).toEqual([
      498,
      { code: 'HttpException', message: 'ACCESS_TOKEN_IS_EXPIRED', details: 'ACCESS_TOKEN_IS_EXPIRED' },
    ])
  })

  test('the refresh operation has no guards and takes no API key', async () => {
    await using cal = await startSubject()
    const path = `/v2/oauth/${demo.id}/refresh`
    const { status, body } = await cal.call(path, {
      headers: bearer('cal_demo_admin'),
      body: { refreshToken: 'x' },
    })
    expect([status, body]).toEqual([
      400,
      http(400, 'Bad Request', 'BadRequestException', 'Invalid OAuthClient credentials.', path),
    ])
  })
})

describe('the order of checks', () => {
  test('malformed JSON comes before the throttle and before the secret', async () => {
    await using cal = await startSubject()
    const { status, body, headers } = await cal.call(users, { text: '{"email":', headers: {} })
    expect([status, body]).toEqual([
      400,
      http(400, 'Bad Request', 'BadRequestException', 'Unexpected end of JSON input', users),
    ])
    expect(headers.get('x-ratelimit-limit-default')).toBeNull()
  })

  test('a form is not read at all', async () => {
    await using cal = await startSubject()
    const headers = { 'x-cal-secret-key': demo.secret, 'content-type': 'application/x-www-form-urlencoded' }
    const reply = await cal.call(users, { text: 'email=di@example.org&name=Di', headers })
    expect([reply.status, Object(reply.body.error).details.errors[0].constraints]).toEqual([
      400,
      { isString: 'email must be a string' },
    ])
  })

  test('so does a body above 102400 bytes', async () => {
    await using cal = await startSubject()
    const { status, body, headers } = await cal.call(users, {
      body: { bio: 'x'.repeat(102_400) },
      headers: {},
    })
    expect([status, body]).toEqual([413, { statusCode: 413, message: 'request entity too large' }])
    expect(headers.get('x-ratelimit-limit-default')).toBeNull()
  })

  test('the secret comes before the arguments', async () => {
    await using cal = await startSubject()
    expect((await cal.call(`${users}/abc`, { headers: { 'x-cal-secret-key': 'wrong' } })).status).toBe(401)
  })

  test('a path that does not exist is named with its query', async () => {
    await using cal = await startSubject()
    expect((await cal.call('/v2/Me?x=1')).body).toEqual(
      http(404, 'Not Found', 'NotFoundException', 'Cannot GET /v2/Me?x=1', '/v2/Me?x=1'),
    )
  })

  test.each([`/api${users}`, `${users}/`, users.replace('oauth-clients', 'OAuth-Clients')])(
    '%s is the same path',
    async (path) => {
      await using cal = await startSubject()
      expect((await cal.call(path)).status).toBe(200)
    },
  )
})

describe('an answer', () => {
  test('has a request id of its own, whatever the caller sent', async () => {
    await using cal = await startSubject()
    const headers = { 'x-cal-secret-key': demo.secret, 'x-request-id': 'mine' }
    const ids = [await cal.call(users, { headers }), await cal.call('/v2/nowhere', { headers })].map(
      ({ headers }) => headers.get('x-request-id') ?? '',
    )
    for (const id of ids)
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(ids[0]).not.toBe(ids[1])
  })

  test('is JSON with a weak ETag that changes with the body', async () => {
    await using cal = await startSubject()
    const [one, again, other] = [
      await cal.call(users),
      await cal.call(users),
      await cal.call(`${users}/4711`),
    ]
    expect(one.headers.get('content-type')).toBe('application/json; charset=utf-8')
    expect(one.headers.get('etag')).toMatch(/^W\/"/)
    expect(again.headers.get('etag')).toBe(one.headers.get('etag'))
    expect(other.headers.get('etag')).not.toBe(one.headers.get('etag'))
  })

  test('carries the limits also when it refuses', async () => {
    await using cal = await startSubject()
    const { headers } = await cal.call(users, { headers: {} })
    expect(headers.get('x-ratelimit-remaining-default')).toBe('119')
  })
})

describe('the throttle', () => {
  test.each([
    ['a client id', { 'x-cal-secret-key': demo.secret, 'x-cal-client-id': demo.id }, 500],
    ['an address, when only the secret is sent', { 'x-cal-secret-key': demo.secret }, 120],
    ['an API key', bearer('cal_demo_admin'), 120],
    ['any other token', bearer('x.y.z'), 500],
    ['the token before the client id', { ...bearer('cal_demo_admin'), 'x-cal-client-id': demo.id }, 120],
  ])('counts by %s', async (_title, headers, limit) => {
    await using cal = await startSubject()
    const reply = await cal.call(users, { headers })
    const read = (name: string) => Number(reply.headers.get(`x-ratelimit-${name}-default`))
    expect([read('limit'), read('remaining'), read('reset')]).toEqual([limit, limit - 1, 60])
  })

  test('blocks for a minute after the last call allowed, and says how many seconds are left', async () => {
    await using cal = await startSubject()
    const headers = { 'x-cal-secret-key': demo.secret }
    for (let calls = 0; calls < 120; calls += 1)
      expect((await cal.call(`${users}?limit=1`, { headers })).status).toBe(200)
    const blocked = await cal.call(users, { headers })
    expect([
      blocked.status,
      blocked.body.error,
      blocked.headers.get('x-ratelimit-reset-default'),
      blocked.headers.get('retry-after'),
    ]).toEqual([
      429,
      {
        code: 'ThrottlerException',
        message: 'CustomThrottlerGuard - Too many requests. Please try again later.',
        details: 'CustomThrottlerGuard - Too many requests. Please try again later.',
      },
      '60',
      null,
    ])
    await cal.control('clock', { advance: 59_000 })
    expect((await cal.call(users, { headers })).status).toBe(429)
    await cal.control('clock', { advance: 1_000 })
    expect((await cal.call(users, { headers })).status).toBe(200)
  })
})
