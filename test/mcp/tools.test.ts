import { describe, expect, it } from 'vitest'
import { openGrant } from '../../src/access/authorization.ts'
import { readParameter } from '../../src/document/parameters.ts'
import { GatewayError } from '../../src/errors/gateway-error.ts'
import type { ToolArguments } from '../../src/mcp/arguments.ts'
import type { ToolResult } from '../../src/mcp/results.ts'
import { createTools } from '../../src/mcp/tools.ts'
import { answer, createOptions, type Respond, secretValue } from './example.ts'

/** The text of a result that begins with one. */
const noSecrets = () => []

function readText({ content: [first] }: ToolResult): string {
  return first?.type === 'text' ? first.text : ''
}

function setUp(respond?: Respond, apiKey?: string) {
  const { options, calls } = createOptions(respond)
  const unexpected: unknown[] = []
  const onUnexpectedError = (error: unknown) => void unexpected.push(error)
  const tools = createTools({
    ...options,
    configured: { secrets: apiKey === undefined ? {} : { key: apiKey }, pins: {} },
    onUnexpectedError,
  })
  const call = async (name: string, values: ToolArguments, credential = secretValue) => {
    const result = await tools.call(name, values, {
      credential: () => credential,
      grant: openGrant,
      listSecrets: noSecrets,
    })
    if (result === undefined || 'resultType' in result) throw new Error('there is no such tool')
    const text = readText(result)
    return { ...result, text, lines: text.split('\n') }
  }
  return { tools, call, calls, unexpected }
}

const book = { shopId: 'abc', bookId: 7 }

describe('a tool call', () => {
  it('goes upstream with each argument where the operation takes it', async () => {
    const { call, calls } = setUp()
    await call('add-book', { shopId: 'abc', body: { title: 'Emma' } })
    expect(calls[0]).toMatchObject({
      operation: 'add-book',
      input: {
        path: { shopId: 'abc' },
        query: {},
        header: { 'x-example-secret': secretValue },
        body: { title: 'Emma' },
      },
    })
  })

  it('keeps an array argument an array', async () => {
    const { call, calls } = setUp()
    await call('list-books', { shopId: 'abc', authors: ['a+b', 'c'] })
    expect(calls[0]?.input).toMatchObject({ query: { authors: ['a+b', 'c'] } })
  })

  it('answers with the text of the upstream and what it says', async () => {
    const text = '{ "status": "success", "data": {"id": 7.10, "id2": "\\u00e9"} }'
    const { call } = setUp(() => answer(200, text))
    const result = await call('get-book', book)
    expect(result.text).toBe(text)
    expect(result.structuredContent).toEqual({ status: 'success', data: { id: 7.1, id2: 'é' } })
    expect(result.isError).toBeUndefined()
  })

  it('hands its signal on: what it gives up is decided where it is known what was sent', async () => {
    const { tools, calls } = setUp()
    const { signal } = new AbortController()
    const context = { credential: () => secretValue, grant: openGrant, listSecrets: noSecrets, signal }
    await tools.call('get-book', book, context)
    await tools.call('burn-book', book, context)
    expect(calls.map((call) => call.signal)).toEqual([signal, signal])
  })

  it('is nothing for a tool that does not exist', () => {
    const { tools } = setUp()
    expect(
      tools.call(
        'constructor',
        {},
        { credential: () => secretValue, grant: openGrant, listSecrets: noSecrets },
      ),
    ).toBeUndefined()
  })
})

describe('the secret', () => {
  it('is what the connection brings, not what a model puts in its argument', async () => {
    const { call, calls } = setUp()
    await call('get-book', { ...book, 'x-example-secret': 'own' }, 'from-the-header')
    expect(calls[0]?.input).toMatchObject({ header: { 'x-example-secret': 'from-the-header' } })
  })

  it('may be missing when the gateway holds a key that the operation accepts', async () => {
    const { tools, calls } = setUp(undefined, 'held-key')
    await tools.call('get-book', book, {
      credential: () => undefined,
      grant: openGrant,
      listSecrets: noSecrets,
    })
    expect(calls).toHaveLength(1)
  })

  it('that is missing without a key stops the call, and the sentence says each way to give it', async () => {
    const { tools, calls } = setUp(undefined, 'held-key')
    const values = { shopId: 'abc', body: { title: 'Emma' } }
    const result = await tools.call('add-book', values, {
      credential: () => undefined,
      grant: openGrant,
      listSecrets: noSecrets,
    })
    if (result === undefined || 'resultType' in result) throw new Error('there is no answer')
    const text = readText(result)
    expect(result.isError).toBe(true)
    for (const way of ['HTTP header x-example-secret', 'BOOKLAND_SECRET', 'argument x-example-secret'])
      expect(text).toContain(way)
    expect(calls).toEqual([])
  })
})

describe('bad arguments', () => {
  it('come back all at once, by the names the caller knows', async () => {
    const { call, calls } = setUp()
    const result = await call('add-book', { shopId: 'ABC', body: { binding: 13 } })
    expect(result.isError).toBe(true)
    expect(result.lines).toContain('body.binding: must be one of 12, 24 (got 13)')
    expect(result.lines).toContain('body.title: is required')
    expect(result.lines).toContain('shopId: must match ^[a-z]{1,8}$')
    expect(calls).toEqual([])
  })

  it('of null count as left out where they are optional', async () => {
    const { call, calls } = setUp()
    const listed = await call('list-books', {
      shopId: 'abc',
      limit: null,
      authors: null,
      'x-example-secret': null,
    })
    expect(listed.isError).toBeFalsy()
    expect(calls[0]?.input).toMatchObject({ query: {} })
    const result = await call('get-book', { shopId: 'abc', bookId: null })
    expect(result.lines[0]).toBe('bookId: must be an integer from 1 to 2147483647 (got null)')
    expect(result.lines.at(-1)).toContain('Leave optional values out instead of giving null.')
  })

  it('that belong in the body are sent there', async () => {
    const { call } = setUp()
    const result = await call('add-book', { shopId: 'abc', title: 'Emma' })
    expect(result.lines).toContain('title: belongs in body: give it as body.title')
  })

  it('are the same for a machine', async () => {
    const { call } = setUp()
    const { structuredContent } = await call('get-book', { shopId: 'abc', bookId: '7' })
    expect(structuredContent).toMatchObject({
      error: {
        code: 'invalid_argument',
        outcome: 'not_executed',
        retryable: false,
        errors: [{ location: 'bookId', rule: 'type' }],
      },
    })
  })

  it('that no argument is called are named, with the one that was meant', async () => {
    const { call, calls } = setUp()
    const result = await call('get-book', { ...book, shop_id: 'abc', colour: 'red' })
    expect(result.lines).toContain('shop_id: is not known here; did you mean shopId?')
    expect(result.lines.join()).toContain(
      'colour: is not known here; known are x-example-secret, shopId, bookId',
    )
    expect(calls).toEqual([])
  })

  it.each([null, 'seven', 7.5, [[7]], {}, true])('of the wrong type are refused: %j', async (bookId) => {
    const { call, calls } = setUp()
    const result = await call('get-book', { shopId: 'abc', bookId })
    expect(result.text).toMatch(/^bookId: must be an integer/)
    expect(calls).toEqual([])
  })

  it('say the ways to give the secret too, when that is missing as well', async () => {
    const { tools } = setUp()
    const result = await tools.call(
      'get-book',
      {},
      { credential: () => undefined, grant: openGrant, listSecrets: noSecrets },
    )
    expect(Object(result).content[0]?.text).toMatch(/shopId: is required[\s\S]*BOOKLAND_SECRET/)
  })

  it('never show a secret that came as an argument', async () => {
    const { call } = setUp()
    const result = await call('get-book', {
      'x-example-secret': [secretValue],
      shopId: secretValue,
      [secretValue]: 1,
    })
    const shown = JSON.stringify({ ...result, lines: [] }).replaceAll(`${secretValue}: is not`, '')
    expect(shown.replaceAll(`"location":"${secretValue}"`, '')).not.toContain(secretValue)
  })
})

it('lists the arguments of credentials that a connection does not bring, described once for each set', () => {
  const { options } = createOptions()
  const second = { ...readParameter({ name: 'x-second', in: 'header', schema: {} }), isCredential: true }
  const two = options.operations.map((one) => ({
    ...one,
    parameters: [...one.parameters, second],
    ...(one.tool && { tool: { ...one.tool, arguments: { ...one.tool.arguments, 'x-second': 'second' } } }),
  }))
  const tools = createTools({ ...options, operations: two, onUnexpectedError: () => undefined })
  const list = (...names: string[]) =>
    tools.list({ grant: openGrant, credential: ({ name }) => (names.includes(name) ? 'value' : undefined) })
  const show = (...names: string[]) => JSON.stringify(list(...names)[0]?.inputSchema.properties)
  expect(show()).toMatch(/"x-example-secret":.*"second":/s)
  expect(show('x-second')).toMatch(/^(?!.*"second":).*"x-example-secret":/s)
  expect(show('x-example-secret')).toMatch(/^(?!.*"x-example-secret":).*"second":/s)
  expect(show('x-second', 'x-example-secret')).not.toMatch(/"second":|"x-example-secret":/)
  expect(list('x-second')[0]).toBe(list('x-second')[0])
})

describe('an error answer of the upstream', () => {
  it('names the status, the code, the message and what to do', async () => {
    const body = { status: 'error', error: { code: 'NotFoundException', message: 'No book 7.' } }
    const { call } = setUp(() => answer(404, body))
    const result = await call('burn-book', book)
    expect(result.isError).toBe(true)
    expect(result.lines).toEqual([
      'Bookland returned 404 NotFoundException: No book 7.',
      'Next: Check shopId and bookId; list-books lists what exists.',
    ])
    expect(result.structuredContent).toEqual({
      error: {
        status: 404,
        code: 'NotFoundException',
        message: 'No book 7.',
        nextStep: 'Check shopId and bookId; list-books lists what exists.',
        response: body,
      },
    })
  })

  it.each([
    ['selects', { selects: ({ id }: { id: string }) => id === 'add-book' }],
    ['may call', { grant: { caller: '', scopes: new Set(['write']) } }],
  ])('names no tool beside what a client %s', async (_name, own) => {
    const { options } = createOptions(() => answer(409, { message: 'Taken' }))
    const scoped = options.operations.map((one) => ({
      ...one,
      scope: one.id === 'add-book' ? 'write' : 'read',
    }))
    const tools = createTools({ ...options, operations: scoped, onUnexpectedError: () => undefined })
    const context = { credential: () => secretValue, grant: openGrant, listSecrets: noSecrets, ...own }
    const result = await tools.call('add-book', { shopId: 'abc', body: { title: 'Emma' } }, context)
    expect(JSON.stringify(result)).toContain('It exists already; do not create it again.')
  })

  it('says how long to wait after a 429', async () => {
    const { call } = setUp(() => answer(429, '{}', { 'retry-after': '17' }))
    expect((await call('get-book', book)).text).toContain('Next: Wait 17 seconds, then call again.')
  })

  it('lists the reasons of a validation error', async () => {
    const errors = [
      { property: 'a', children: [{ constraints: { b: 'b is bad' } }], constraints: { a: 'a is bad' } },
    ]
    const { call } = setUp(() => answer(400, { error: { message: 'Bad', details: { errors } } }))
    expect((await call('get-book', book)).lines).toEqual(expect.arrayContaining(['- a is bad', '- b is bad']))
  })

  it.each([
    'Bad Gateway',
    '',
    'null',
    '[]',
    '{"error":null}',
    '{"error":{"message":7,"details":{"errors":[null]}}}',
  ])('need not have a known shape: %s', async (text) => {
    const { call } = setUp(() => answer(500, text))
    expect((await call('burn-book', book)).text).toMatch(/^Bookland returned 500\.\nNext: Nobody can tell/)
  })
})

describe('an error of the gateway', () => {
  it('names its code, what is known of the effect and what to do', async () => {
    const { call } = setUp(() => Promise.reject(new GatewayError('upstream_timeout')))
    const result = await call('burn-book', book)
    expect(result.isError).toBe(true)
    expect(result.text).toMatch(
      /^upstream_timeout: .*\nNobody can tell whether the call took effect\.\nNext: Read/,
    )
    expect(result.structuredContent).toMatchObject({
      error: { code: 'upstream_timeout', outcome: 'unknown' },
    })
  })

  it('that nobody foresaw keeps its message to itself and is reported', async () => {
    const error = new TypeError('inner working')
    const { call, unexpected } = setUp(() => Promise.reject(error))
    const result = await call('burn-book', book)
    expect(JSON.stringify(result)).not.toContain('inner working')
    expect(result.text).toMatch(/^internal_error: /)
    expect(unexpected).toEqual([error])
  })
})
