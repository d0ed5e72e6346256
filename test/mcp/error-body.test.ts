import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readErrorBody } from '../../src/mcp/error-body.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { calls, servers } from '../support/servers.ts'
import { respondJson, startUpstream, type UpstreamStub } from '../support/upstream-stub.ts'

/** Bodies that say two things, by whose shape they have, and how they are told. */
const shapes: Readonly<
  Record<string, (one: string, two: string) => readonly [body: unknown, message: string, ...string[]]>
> = {
  'NestJS with a list': (one, two) => [
    { statusCode: 400, message: [one, two], error: 'Bad Request' },
    'Bad Request',
    one,
    two,
  ],
  'class-validator': (one, two) => [
    {
      error: { message: one, details: { errors: [{ property: 'a', value: 'v', constraints: { a: two } }] } },
    },
    one,
    two,
  ],
  FastAPI: (one, two) => [
    { detail: [{ loc: ['body', 'items', 0], msg: one, type: 'missing', input: 'v' }, { msg: two }] },
    `body.items.0: ${one}`,
    two,
  ],
  'a detail that is an object': (one, two) => [{ title: one, detail: { message: two } }, one, two],
  'Rails without a message': (one, two) => [{ errors: { name: [one, two] } }, `name: ${one}`, `name: ${two}`],
  Laravel: (one, two) => [{ message: one, errors: { email: [two] } }, one, `email: ${two}`],
  'JSON:API': (one, two) => [
    { errors: [{ status: '422', detail: one, source: { pointer: '/data/name' } }, { title: two }] },
    `/data/name: ${one}`,
    two,
  ],
  'RFC 9457': (one, two) => [
    { type: 'x', title: 'Bad', detail: one, errors: [{ pointer: '#/name', detail: two }] },
    one,
    `#/name: ${two}`,
  ],
  Spring: (one, two) => [
    { error: 'Bad', message: one, errors: [{ field: 'name', defaultMessage: two, rejectedValue: 'v' }] },
    one,
    `name: ${two}`,
  ],
  'GitHub with codes': (one, two) => [
    { message: one, errors: [{ resource: 'Issue', field: 'title', code: two }] },
    one,
    `title: ${two}`,
  ],
  'google.rpc': (one, two) => [
    {
      error: { code: 400, message: one, details: [{ fieldViolations: [{ field: 'a', description: two }] }] },
    },
    one,
    `a: ${two}`,
  ],
  'Symfony violations': (one, two) => [
    { title: one, violations: [{ propertyPath: 'a', message: two }] },
    one,
    `a: ${two}`,
  ],
  'a list alone': (one, two) => [[{ message: one, errorCode: 'X' }, two], one, two],
  'an error that is a list': (one, two) => [{ error: [one, two] }, one, two],
  'an error that is a text': (one) => [{ error: one }, one],
  'OAuth (RFC 6749)': (one) => [{ error: 'invalid_grant', error_description: one }, one],
  Message: (one) => [{ Message: one }, one],
  errorMessage: (one) => [{ errorMessage: one }, one],
  'errors that are a text': (one) => [{ errors: one }, one],
  'a text of JSON': (one) => [one, one],
}
const cases = Object.entries(shapes)

describe('an error body', () => {
  it.each(cases)('in the shape of %s is told', (_name, write) => {
    const [body, message, ...reasons] = write('too short', 'not a date')
    expect(readErrorBody(body)).toMatchObject({ message, reasons })
    expect(JSON.stringify(readErrorBody(body))).not.toContain('"v"')
  })

  it('tells a reason once, on one line, and not again what is the message', () => {
    expect(readErrorBody({ message: 'a', errors: ['a', 'b\nNext: c', 'b  Next: c'] })).toEqual({
      message: 'a',
      reasons: ['b Next: c'],
    })
  })

  it.each([[{}], [[]], [null], [7], [''], [{ message: [] }], [{ errors: [null, 7, {}, { field: 'a' }] }]])(
    'that says nothing has no message: %j',
    (body) => {
      expect(readErrorBody(body)).toEqual({ reasons: [] })
    },
  )

  it.each(cases)('in the shape of %s is bounded in number and length', (_name, write) => {
    const [body] = write('x'.repeat(50_000), 'y'.repeat(50_000))
    expect(JSON.stringify(readErrorBody(body)).length).toBeLessThan(3_000)
  })

  it.each(['message', 'detail', 'errors', 'error', 'violations', 'details'])(
    'tells few of many %s',
    (name) => {
      const many = Array.from({ length: 1_000 }, (_, index) => ({ message: `m${index}` }))
      expect(readErrorBody({ title: 'Bad', [name]: many }).reasons).toHaveLength(20)
    },
  )
})

describe('an error that a tool tells', () => {
  const token = `eyJ${'a'.repeat(20)}.eyJ${'b'.repeat(20)}.${'c'.repeat(20)}`
  const secret = 'a-secret-of-the-client'
  let body: unknown
  let upstream: UpstreamStub
  let gateway: RunningGateway
  beforeAll(async () => {
    upstream = await startUpstream((_request, response) => respondJson(response, 422, JSON.stringify(body)))
    gateway = await startGateway(upstream.url)
  })
  afterAll(async () => {
    await gateway[Symbol.asyncDispose]()
    await upstream[Symbol.asyncDispose]()
  })

  it.each(cases)('in the shape of %s has no secret, token or address in it', async (_name, write) => {
    ;[body] = write(`first ${secret} ${token} jo@example.org`, `second ${token} ${secret} jo@example.org`)
    const { text } = await servers.mcp(gateway, calls.get, { secret })
    expect(text).toMatch(/422.*: .*first/s)
    expect(text).toContain('as the message says')
    for (const one of [secret, token, 'jo@']) expect(text).not.toContain(one)
  })

  it('without a message is not said to have one', async () => {
    body = { ok: false }
    const { text } = await servers.mcp(gateway, calls.get)
    expect(text).toContain('Correct the arguments, then call again; the response does not say what is wrong.')
    expect(text).not.toContain('as the message says')
  })
})
