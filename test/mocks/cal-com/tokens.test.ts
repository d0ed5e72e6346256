import { expect, test } from 'vitest'
import { beginning, demo, type Reply, type Subject, startSubject, usersOf } from './fixture.ts'

const force = (cal: Subject) => cal.call(`${usersOf(demo.id)}/4711/force-refresh`, { method: 'POST' })
const refresh = (cal: Subject, refreshToken: unknown) =>
  cal.call(`/v2/oauth/${demo.id}/refresh`, { body: { refreshToken } })
const keys = ({ body }: Reply) => Object(body.data)
const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())

test('an access token lasts an hour to the minute, a refresh token a year to the day, in milliseconds', async () => {
  await using cal = await startSubject()
  expect(keys(await force(cal))).toMatchObject({
    accessTokenExpiresAt: Date.UTC(2026, 10, 23, 11, 0),
    refreshTokenExpiresAt: Date.UTC(2027, 10, 23),
  })
})

test('a year is a year also when it has 366 days', async () => {
  await using cal = await startSubject({ clock: () => Date.UTC(2027, 11, 1, 12) })
  expect(keys(await force(cal)).refreshTokenExpiresAt).toBe(Date.UTC(2028, 11, 1))
})

test('tokens are HS256 JWTs without exp; only those of a refresh name the user', async () => {
  await using cal = await startSubject()
  const { accessToken, refreshToken, accessTokenExpiresAt } = keys(await force(cal))
  expect(JSON.parse(Buffer.from(accessToken.split('.')[0], 'base64url').toString())).toMatchObject({
    alg: 'HS256',
  })
  expect(claimsOf(accessToken)).toEqual({
    type: 'access_token',
    clientId: demo.id,
    ownerId: 4711,
    expiresAt: accessTokenExpiresAt,
    iat: Math.floor(beginning / 1000),
    jti: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/),
  })
  expect(claimsOf(keys(await refresh(cal, refreshToken)).refreshToken)).toMatchObject({
    type: 'refresh_token',
    userId: 4711,
  })
})

test('a refresh token works once', async () => {
  await using cal = await startSubject()
  const { refreshToken } = keys(await force(cal))
  expect((await refresh(cal, refreshToken)).status).toBe(200)
  const second = await refresh(cal, refreshToken)
  expect([second.status, Object(second.body.error).message]).toEqual([400, 'Invalid refresh token'])
})

test('a refresh leaves the other tokens of the user alive', async () => {
  await using cal = await startSubject()
  const first = keys(await force(cal))
  const second = keys(await refresh(cal, first.refreshToken))
  const headers = { authorization: `Bearer ${first.accessToken}` }
  expect((await cal.call(usersOf(demo.id), { headers })).status).toBe(403)
  expect((await refresh(cal, second.refreshToken)).status).toBe(200)
})

test('a refresh sweeps the expired access tokens of the client', async () => {
  await using cal = await startSubject()
  const { accessToken, refreshToken } = keys(await force(cal))
  const headers = { authorization: `Bearer ${accessToken}` }
  await cal.control('clock', { advance: 3_600_000 })
  expect((await cal.call(usersOf(demo.id), { headers })).status).toBe(498)
  await refresh(cal, refreshToken)
  expect((await cal.call(usersOf(demo.id), { headers })).status).toBe(401)
})

test('a refresh token that has expired still works', async () => {
  await using cal = await startSubject()
  const { refreshToken } = keys(await force(cal))
  await cal.control('clock', { advance: 400 * 86_400_000 })
  expect((await refresh(cal, refreshToken)).status).toBe(200)
})

test('force-refresh ends every other token of the user', async () => {
  await using cal = await startSubject()
  const { accessToken, refreshToken } = keys(await force(cal))
  await force(cal)
  expect((await refresh(cal, refreshToken)).status).toBe(400)
  expect(
    (await cal.call(usersOf(demo.id), { headers: { authorization: `Bearer ${accessToken}` } })).status,
  ).toBe(401)
})

test('delete ends the tokens with the user', async () => {
  await using cal = await startSubject()
  const { refreshToken } = keys(await force(cal))
  await cal.call(`${usersOf(demo.id)}/4711`, { method: 'DELETE' })
  expect((await refresh(cal, refreshToken)).status).toBe(400)
})

test('the same seed gives the same tokens, another seed others', async () => {
  const issue = async (seed: string) => {
    await using cal = await startSubject({ seed })
    return keys(await force(cal)).accessToken
  }
  const [first, again, other] = [await issue('a'), await issue('a'), await issue('b')]
  expect(first).toBe(again)
  expect(first).not.toBe(other)
})
