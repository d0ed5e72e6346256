import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeApi, loadSound } from '../description/loading.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { toMcpRequest } from '../support/servers.ts'
import { respondJson, startUpstream, type UpstreamStub } from '../support/upstream-stub.ts'

/** Names that every object of JavaScript inherits, as an API about Formula 1 has one. */
const names = Object.getOwnPropertyNames(Object.prototype).filter((name) => !name.startsWith('__'))
const members = Object.fromEntries(names.map((name) => [name, { type: 'string' }]))
const json = (schema: object) => ({ content: { 'application/json': { schema } } })
const inPlace = (place: string, more: object = {}) => names.map((name) => ({ name, in: place, ...more }))
const ok = { responses: { 200: { description: 'Done' } } }
const alternatives = ['a', 'b'].map((name) => ({
  type: 'object',
  properties: { [name]: { type: 'string' } },
  required: [name],
}))
const inherited = Object.fromEntries(names.map((name) => [name, ['x']]))
const describeBodies = (schemas: Record<string, object>) =>
  Object.fromEntries(
    Object.entries(schemas).map(([id, schema]) => [
      `/${id}`,
      { post: { operationId: id, ...ok, requestBody: { required: true, ...json(schema) } } },
    ]),
  )
const document = {
  ...describeApi(
    {
      '/untyped': { get: { operationId: 'untyped', ...ok, parameters: inPlace('query', { schema: {} }) } },
      '/headers': { get: { operationId: 'headers', ...ok, parameters: inPlace('header', { schema: {} }) } },
      '/cookies': { get: { operationId: 'cookies', ...ok, parameters: inPlace('cookie', { schema: {} }) } },
      '/described': {
        get: {
          operationId: 'described',
          ...ok,
          parameters: inPlace('query', { schema: {}, 'x-upstream-header': 'x-team' }).slice(0, 1),
        },
      },
      '/keyed': {
        post: {
          operationId: 'keyed',
          ...ok,
          parameters: [
            { name: 'constructor', in: 'header', schema: { type: 'string' }, 'x-idempotency-key': true },
          ],
        },
      },
      '/typed': {
        get: { operationId: 'typed', ...ok, parameters: inPlace('query', { schema: { type: 'string' } }) },
      },
      '/optional': {
        post: {
          operationId: 'optional',
          ...ok,
          requestBody: { required: true, ...json({ type: 'object', properties: members }) },
        },
      },
      '/required': {
        post: {
          operationId: 'required',
          ...ok,
          requestBody: { required: true, ...json({ type: 'object', required: names }) },
        },
      },
      ...describeBodies({
        choice: { anyOf: alternatives, unevaluatedProperties: false },
        typedChoice: { anyOf: alternatives, unevaluatedProperties: { type: 'integer' } },
        referred: { allOf: [{ $ref: '#/components/schemas/Choice' }], unevaluatedProperties: false },
        condition: { dependentSchemas: { a: alternatives[0] }, unevaluatedProperties: false },
        pattern: { properties: { a: {} }, patternProperties: { '^x': {} }, unevaluatedProperties: false },
        constant: { properties: { k: { const: { a: 1 } } } },
        constants: { properties: { k: { enum: [{ a: 1 }, [{ a: 1 }], 'x'] } } },
        constantNames: { properties: { k: { const: inherited } } },
        constantsNames: { properties: { k: { enum: [{ toString: [1] }, inherited] } } },
        named: { anyOf: [{ properties: members }], unevaluatedProperties: false },
      }),
      '/pinned/{valueOf}': {
        get: {
          operationId: 'pinned',
          'x-rest-path': '/pinned',
          ...ok,
          parameters: [
            { name: 'valueOf', in: 'path', required: true, schema: { type: 'string' }, 'x-pin': {} },
            { name: 'toString', in: 'query', schema: { type: 'string' }, 'x-pin': {} },
          ],
        },
      },
      '/secured': { get: { operationId: 'secured', ...ok, security: [{ constructor: [] }] } },
    },
    {
      components: {
        schemas: { Choice: { type: 'object', anyOf: alternatives } },
        securitySchemes: { constructor: { type: 'apiKey', in: 'header', name: 'constructor' } },
      },
    },
  ),
  'x-name': 'shop',
}

let upstream: UpstreamStub
let gateway: RunningGateway
beforeAll(async () => {
  upstream = await startUpstream((_request, response) => respondJson(response, 200, '{}'))
  const { document: loaded } = await loadSound(document)
  const environment = { SHOP_BASE_URL: upstream.url, SHOP_VALUE_OF: 'red' }
  gateway = await startGateway(upstream.url, environment, loaded && { document: loaded })
})
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]()
  await upstream?.[Symbol.asyncDispose]()
})

/** Calls an operation on REST and its tool; gives the statuses and what of the calls the API got. */
async function callBoth(id: string, method: string, body?: object) {
  const before = upstream.requests.length
  const rest = await fetch(`${gateway.restUrl}/${id}`, {
    method,
    ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  })
  const { path, init } = toMcpRequest({ tool: id, arguments: body ? { body } : {} })
  const response = await fetch(gateway.mcpUrl + path, init)
  const text = await response.text()
  const { result } = JSON.parse(text)
  const sent = upstream.requests.slice(before).map(({ url, headers, body }) => {
    const own = Object.entries(headers).filter(([name]) => /^(constructor|cookie|x-team)$/.test(name))
    const inherited = names.flatMap((name) => (Object.hasOwn(headers, name.toLowerCase()) ? [name] : []))
    return [url, `${body}`, ...own, ...inherited]
  })
  return { rest: rest.status, isError: result?.isError === true, texts: [await rest.text(), text], sent }
}

describe('names that every object inherits', () => {
  test.each(['untyped', 'typed', 'headers', 'cookies', 'described'])(
    'are not sent where a call leaves them out (%s)',
    async (id) => {
      expect(await callBoth(id, 'GET')).toMatchObject({
        ...{ rest: 200, isError: false },
        sent: [
          [`/${id}`, ''],
          [`/${id}`, ''],
        ],
      })
    },
  )

  test('are no idempotency key', async () => {
    const { rest, sent } = await callBoth('keyed', 'POST')
    expect([rest, sent]).toEqual([
      200,
      [
        ['/keyed', ''],
        ['/keyed', ''],
      ],
    ])
  })

  test('are no credential', async () => {
    expect(await callBoth('secured', 'GET')).toMatchObject({ rest: 401, isError: true, sent: [] })
  })

  test('are pinned where the operator pins them alone', async () => {
    expect(await callBoth('pinned', 'GET')).toMatchObject({
      ...{ rest: 200, isError: false },
      sent: [
        ['/pinned/red', ''],
        ['/pinned/red', ''],
      ],
    })
  })

  test('may be left out of a body', async () => {
    expect(await callBoth('optional', 'POST', {})).toMatchObject({
      ...{ rest: 200, isError: false },
      sent: [
        ['/optional', '{}'],
        ['/optional', '{}'],
      ],
    })
  })

  test('are missed where a body must have them', async () => {
    const { rest, isError, sent, texts } = await callBoth('required', 'POST', {})
    expect([rest, isError, sent]).toEqual([400, true, []])
    for (const text of texts) for (const name of names) expect(text).toContain(name)
  })

  test.each(['choice', 'typedChoice', 'referred', 'condition', 'pattern'])(
    'are refused where no part of a schema has them (%s)',
    async (id) => {
      for (const name of names) {
        const refusal = { rest: 400, isError: true, sent: [] }
        expect(await callBoth(id, 'POST', { a: 'x', [name]: 'y' }), name).toMatchObject(refusal)
      }
      expect(await callBoth(id, 'POST', { a: 'x' })).toMatchObject({ rest: 200, isError: false })
    },
  )

  test('may stand where a part of a schema has them', async () => {
    for (const name of names)
      expect(await callBoth('named', 'POST', { [name]: 'y' }), name).toMatchObject({
        rest: 200,
        isError: false,
      })
  })

  test.each(['constant', 'constants'])(
    'are members like others of a value that is compared (%s)',
    async (id) => {
      for (const name of names)
        for (const k of [{ [name]: 'x' }, { [name]: 1, a: 1 }, [{ [name]: 'x' }], [{ [name]: null, a: 1 }]])
          expect(await callBoth(id, 'POST', { k }), name).toMatchObject({
            rest: 400,
            isError: true,
            sent: [],
          })
      expect(await callBoth(id, 'POST', { k: { a: 1 } })).toMatchObject({ rest: 200, isError: false })
    },
  )

  test.each(['constantNames', 'constantsNames'])('are members like others of a constant (%s)', async (id) => {
    expect(await callBoth(id, 'POST', { k: inherited })).toMatchObject({ rest: 200, isError: false })
    const { valueOf: _, ...others } = inherited
    for (const k of [{}, others, { ...inherited, a: 1 }, { ...inherited, valueOf: 'x' }])
      expect(await callBoth(id, 'POST', { k })).toMatchObject({ rest: 400, isError: true, sent: [] })
  })
})
