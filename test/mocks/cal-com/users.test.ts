import { describe, expect, test } from 'vitest'
import { beginning, demo, type Reply, startSubject, usersOf } from './fixture.ts'

const users = usersOf(demo.id)
const data = ({ body }: Reply) => Object(body.data)
const ids = ({ body }: Reply) => [body.data ?? []].flat().map((user) => Object(user).id)
const messageOf = ({ body }: Reply) => Object(body.error).message
const constraintsOf = ({ body }: Reply) =>
  Object(body.error).details.errors.map((one: { constraints: object }) => one.constraints)

describe('create', () => {
  test('rewrites the address, derives the username and fills in the defaults', async () => {
    await using cal = await startSubject()
    const reply = await cal.call(users, { body: { email: 'Di.Who+x@Mail.Example.org', name: 'Di' } })
    expect([reply.status, data(reply).user]).toEqual([
      201,
      {
        id: 5001,
        email: `Di.Who+x+${demo.id}@Mail.Example.org`,
        username: `di.who-x-${demo.id}-mail-example`,
        name: 'Di',
        bio: null,
        timeZone: 'Europe/London',
        weekStart: 'Sunday',
        createdDate: new Date(beginning).toISOString(),
        timeFormat: 12,
        defaultScheduleId: null,
        locale: null,
        avatarUrl: null,
      },
    ])
  })

  test('makes a default schedule only with a time zone, which it re-cases', async () => {
    await using cal = await startSubject()
    const reply = await cal.call(users, {
      body: { email: 'di@example.org', name: '', timeZone: 'america/port-au-prince' },
    })
    expect(data(reply).user).toMatchObject({
      timeZone: 'America/Port-au-prince',
      defaultScheduleId: expect.any(Number),
    })
  })

  test('says 409 with the id of the user that has the address already', async () => {
    await using cal = await startSubject()
    const reply = await cal.call(users, { body: { email: 'ada@example.org', name: 'Ada' } })
    expect([reply.status, messageOf(reply)]).toEqual([
      409,
      'User with the provided e-mail already exists. Existing user ID=4711',
    ])
  })

  test('says 409 without an id when only the username is taken', async () => {
    await using cal = await startSubject()
    const reply = await cal.call(users, { body: { email: 'ADA@example.org', name: 'Ada' } })
    expect([reply.status, reply.body.error]).toEqual([
      409,
      { code: 'CONFLICT', message: 'Invalid Input: Trying to create a record that already exists.' },
    ])
  })

  test('drops unknown keys, takes any week start and reads a time format from a text', async () => {
    await using cal = await startSubject()
    const body = {
      email: 'di@example.org',
      name: 'Di',
      timezone: 'Europe/Oslo',
      weekStart: 'Someday',
      timeFormat: '24',
      timeZone: null,
    }
    expect(data(await cal.call(users, { body })).user).toMatchObject({
      timeZone: 'Europe/London',
      weekStart: 'Someday',
      timeFormat: 24,
    })
  })

  test.each([
    [{ name: 'Di' }, [{ isString: 'email must be a string' }]],
    [{ email: 'di@example.org', name: 7 }, [{ isString: 'name must be a string' }]],
    [
      { email: 'di@example.org', name: 'Di', timeFormat: 13 },
      [{ isEnum: 'timeFormat must be a number either 12 or 24' }],
    ],
    [
      { email: 'di@example.org', name: 'Di', avatarUrl: 'no picture' },
      [{ isUrl: 'avatarUrl must be a URL address' }],
    ],
    [
      { email: 'di@example.org', name: 'Di', timeZone: '' },
      [{ isTimeZone: 'timeZone must be a valid IANA time-zone' }],
    ],
    [
      { email: 'di@example.org', name: 'Di', metadata: { ['k'.repeat(41)]: 1 } },
      [
        {
          validateMetadata:
            'Metadata must have at most 50 keys, each key up to 40 characters, and values up to 500 characters.',
        },
      ],
    ],
  ])('refuses %j and repeats the request', async (body, constraints) => {
    await using cal = await startSubject()
    const reply = await cal.call(users, { body })
    expect([reply.status, constraintsOf(reply)]).toEqual([400, constraints])
    expect(JSON.stringify(reply.body)).toContain(JSON.stringify({ target: body }).slice(1, -1))
  })

  test.each([
    ['img.example.org/ada.png', 201],
    ['ftp://img.example.org/ada.png', 201],
    ['https://192.0.2.7:8443/ada.png', 201],
    ['https://localhost/ada.png', 400],
    ['mailto:ada@example.org', 400],
    ['javascript:alert(1)', 400],
    ['gopher://img.example.org/', 400],
    ['', 400],
  ])('answers the picture %j with %i', async (avatarUrl, status) => {
    await using cal = await startSubject()
    const body = { email: 'di@example.org', name: 'Di', avatarUrl }
    expect((await cal.call(users, { body })).status).toBe(status)
  })

  test('leaves an address alone that holds the client already', async () => {
    await using cal = await startSubject()
    const email = `di+${demo.id}@example.org`
    expect(data(await cal.call(users, { body: { email, name: 'Di' } })).user.email).toBe(email)
  })

  test('leaves an address that is none to tRPC, whose error has no details', async () => {
    await using cal = await startSubject()
    const reply = await cal.call(users, { body: { email: 'nobody', name: 'Di' } })
    expect([reply.status, reply.body.error]).toEqual([
      400,
      { code: 'TRPCError', message: 'Bad request: Please check your request data and try again' },
    ])
  })

  test('needs an organisation', async () => {
    await using cal = await startSubject()
    const headers = { 'x-cal-secret-key': 'noorg-secret' }
    const reply = await cal.call(usersOf('cm9noorg00001abcd1234efgh'), {
      body: { email: 'di@example.org', name: 'Di' },
      headers,
    })
    expect([reply.status, messageOf(reply)]).toEqual([
      400,
      expect.stringContaining('outside of an organization'),
    ])
  })
})

describe('list', () => {
  test.each([
    ['', [4711, 4712, 4713]],
    ['?limit=1', [4711]],
    ['?limit=2&offset=1', [4712, 4713]],
    ['?limit=1x&limit=250', [4711]],
    ['?emails=bo@example.org', [4712]],
    [`?emails=bo%2B${demo.id}@example.org,%20cy@example.org`, [4712, 4713]],
    ['?emails=BO@example.org', []],
    ['?emails=nobody&emails=bo@example.org', [4712]],
    ['?emails[]=nobody', []],
  ])('%s finds %j', async (query, expected) => {
    await using cal = await startSubject()
    expect(ids(await cal.call(users + query))).toEqual(expected)
  })

  test.each([
    ['limit=0', 'limit must not be less than 1'],
    ['limit=251', 'limit must not be greater than 250'],
    ['limit=', 'limit must be a number conforming to the specified constraints'],
    ['offset=-1', 'offset must not be less than 0'],
    ['offset=251', 'offset must not be greater than 250'],
  ])('%s is refused', async (query, constraint) => {
    await using cal = await startSubject()
    const reply = await cal.call(`${users}?${query}`)
    expect([reply.status, Object.values(constraintsOf(reply)[0])]).toEqual([400, [constraint]])
  })

  test('names every value that is wrong', async () => {
    await using cal = await startSubject()
    const reply = await cal.call(`${users}?limit=0&offset=251`)
    expect(constraintsOf(reply)).toEqual([
      { min: 'limit must not be less than 1' },
      { max: 'offset must not be greater than 250' },
    ])
  })

  test('shows the users of the client alone', async () => {
    await using cal = await startSubject()
    const headers = { 'x-cal-secret-key': 'other-secret' }
    const other = usersOf('cm9other00001abcd1234efgh')
    expect(ids(await cal.call(other, { headers }))).toEqual([])
    expect((await cal.call(`${other}/4711`, { headers })).status).toBe(404)
  })

  test.each(['emails=', 'emails=bo@example.org,', 'emails=bo+x@example.org'])(
    '%s is refused',
    async (query) => {
      await using cal = await startSubject()
      const reply = await cal.call(`${users}?${query}`)
      expect([reply.status, messageOf(reply)]).toEqual([400, expect.stringMatching(/^Invalid email /)])
    },
  )
})

describe('a user id', () => {
  test.each(['4711', '0x1267', '+4711', '4.711e3', '%204711'])('%s is read as 4711', async (id) => {
    await using cal = await startSubject()
    expect(data(await cal.call(`${users}/${id}`)).id).toBe(4711)
  })

  test.each([
    ['abc', 400, 'Validation failed (numeric string is expected)'],
    ['12.5', 400, 'Validation failed (numeric string is expected)'],
    ['0', 404, 'User with ID 0 is not part of this OAuth client.'],
    ['-1', 404, 'User with ID -1 is not part of this OAuth client.'],
  ])('%s is answered with %i', async (id, status, message) => {
    await using cal = await startSubject()
    const reply = await cal.call(`${users}/${id}`)
    expect([reply.status, messageOf(reply)]).toEqual([status, message])
  })

  test('beyond int32 breaks the database', async () => {
    await using cal = await startSubject()
    expect((await cal.call(`${users}/2147483648`)).body).toEqual({
      statusCode: 500,
      message: 'Internal server error',
    })
  })
})

describe('update', () => {
  const patch = (body: unknown) => ({ method: 'PATCH', body })

  test('changes what is sent, replaces metadata whole and leaves the schedule', async () => {
    await using cal = await startSubject()
    const reply = await cal.call(
      `${users}/4711`,
      patch({ bio: 'Plans', timeZone: 'utc', metadata: { seat: 8 } }),
    )
    expect(data(reply)).toMatchObject({
      name: 'Ada Example',
      bio: 'Plans',
      timeZone: 'UTC',
      metadata: { seat: 8 },
      defaultScheduleId: 902,
    })
    expect(data(await cal.call(`${users}/4711`))).toEqual(data(reply))
  })

  test('with an empty body changes nothing', async () => {
    await using cal = await startSubject()
    const before = await cal.call(`${users}/4711`)
    expect(data(await cal.call(`${users}/4711`, patch({})))).toEqual(data(before))
  })

  test('rewrites a new address, and the username follows', async () => {
    await using cal = await startSubject()
    expect(data(await cal.call(`${users}/4711`, patch({ email: 'ida@example.org' })))).toMatchObject({
      email: `ida+${demo.id}@example.org`,
      username: `ida-${demo.id}-example-org`,
    })
  })

  test('takes a schedule that nobody knows, and breaks on one that is no int32', async () => {
    await using cal = await startSubject()
    const send = (defaultScheduleId: number) => cal.call(`${users}/4711`, patch({ defaultScheduleId }))
    expect(data(await send(-7)).defaultScheduleId).toBe(-7)
    expect((await send(1.5)).status).toBe(500)
    expect((await send(2 ** 31)).status).toBe(500)
  })

  test('to the address of another is a conflict', async () => {
    await using cal = await startSubject()
    expect((await cal.call(`${users}/4711`, patch({ email: 'bo@example.org' }))).status).toBe(409)
  })

  test.each(['name', 'bio', 'avatarUrl', 'locale', 'timeFormat', 'defaultScheduleId'])(
    'null clears %s',
    async (name) => {
      await using cal = await startSubject()
      expect(data(await cal.call(`${users}/4711`, patch({ [name]: null })))[name]).toBeNull()
    },
  )

  test.each(['email', 'weekStart', 'timeZone', 'metadata'])('null for %s fails bare', async (name) => {
    await using cal = await startSubject()
    expect((await cal.call(`${users}/4711`, patch({ [name]: null }))).body).toEqual({
      statusCode: 500,
      message: 'Internal server error',
    })
  })

  test.each([
    [{ weekStart: 'Someday' }, { isEnum: 'weekStart must be one of the listed values' }],
    [{ timeFormat: 13 }, { isEnum: 'timeFormat must be one of the following values: 12, 24' }],
    [
      { defaultScheduleId: '902' },
      { isNumber: 'defaultScheduleId must be a number conforming to the specified constraints' },
    ],
  ])('refuses %j', async (body, constraint) => {
    await using cal = await startSubject()
    const reply = await cal.call(`${users}/4711`, patch(body))
    expect([reply.status, constraintsOf(reply)]).toEqual([400, [constraint]])
  })
})

test('delete answers the user as it was, and the second time 404', async () => {
  await using cal = await startSubject()
  const before = await cal.call(`${users}/4711`)
  const first = await cal.call(`${users}/4711`, { method: 'DELETE' })
  expect([first.status, data(first)]).toEqual([200, data(before)])
  expect((await cal.call(`${users}/4711`, { method: 'DELETE' })).status).toBe(404)
  expect(ids(await cal.call(users))).toEqual([4712, 4713])
})
