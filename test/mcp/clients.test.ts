import { describe, expect, it } from 'vitest'
import { clients } from '../support/mcp-clients.ts'
import { answer, createOptions, secretValue, startMcp } from './example.ts'

const book = { shopId: 'abc', bookId: 7 }

describe.each(clients)('$client', ({ connect }) => {
  it('is told who answers and how to use it', async () => {
    await using server = await startMcp()
    const client = await connect(server)
    expect(client.getServerVersion()).toMatchObject({ name: 'calgate', version: '1.2.3' })
    expect(client.getServerCapabilities()).toEqual({ tools: {} })
    expect(client.getInstructions()).toContain('Bookland')
    await client.close()
  })

  it.each([
    [false, false, 'Each tool is one call of the Bookland API', 'Results can hold tokens'],
    [true, false, 'Each tool is one call of the Bookland API', 'tokens are redacted from results'],
    [false, true, 'search-tools finds the calls of the Bookland API', 'Results can hold tokens'],
    [true, true, 'search-tools finds the calls of the Bookland API', 'tokens are redacted from results'],
  ])(
    'is told what it gets, with redaction: %s, and search: %s',
    async (redactTokens, offersSearch, ...said) => {
      const { options } = createOptions()
      const policy = { ...options.policy, redactTokens }
      await using server = await startMcp(undefined, { policy, offersSearch })
      const client = await connect(server)
      const instructions = client.getInstructions() ?? ''
      const sentences = [
        'Each tool is one call',
        'search-tools',
        'Results can hold tokens',
        'tokens are redacted',
      ]
      expect(said.every((one) => instructions.includes(one))).toBe(true)
      expect(sentences.filter((one) => instructions.includes(one))).toHaveLength(said.length)
      await client.close()
    },
  )

  it('lists the tools in the order of the document, with title and hints', async () => {
    await using server = await startMcp()
    const client = await connect(server)
    const { tools } = await client.listTools()
    expect(tools.map(({ name }) => name)).toEqual(['list-books', 'add-book', 'get-book', 'burn-book'])
    expect(tools[3]).toMatchObject({
      title: 'Title of burn-book',
      description: 'What burn-book does.',
      annotations: {
        title: 'Title of burn-book',
        readOnlyHint: false,
        destructiveHint: true,
        idempotentHint: true,
        openWorldHint: true,
      },
      inputSchema: { type: 'object', required: ['shopId', 'bookId'], additionalProperties: false },
      outputSchema: { type: 'object' },
    })
    expect((await client.listTools()).tools).toEqual(tools)
    await client.close()
  })

  it('sends the secret as a header of its own', async () => {
    await using server = await startMcp()
    const client = await connect({ url: server.url, headers: { 'x-example-secret': secretValue } })
    await client.callTool({ name: 'get-book', arguments: book })
    expect(server.calls[0]?.input).toMatchObject({ header: { 'x-example-secret': secretValue } })
    await client.close()
  })

  it.each([
    { status: 'success', data: { id: 'seven', title: null, token: ['t'] } },
    { status: 'success', data: [{ id: 1 }] },
    { state: 'renamed', payload: { token: 't' } },
    { status: null, data: null },
    {},
  ])('receives a response whole that does not match the schema: %j', async (body) => {
    await using server = await startMcp(() => answer(200, body))
    const client = await connect({ url: server.url, headers: { 'x-example-secret': secretValue } })
    await client.listTools()
    const result = await client.callTool({ name: 'get-book', arguments: book })
    expect(result.isError).toBeFalsy()
    expect(result.structuredContent).toEqual(body)
    expect(result.content).toEqual([{ type: 'text', text: JSON.stringify(body) }])
    await client.close()
  })

  it.each(['[1,2]', '"text"', '7', 'null', ''])('receives an answer that is no object: %s', async (text) => {
    await using server = await startMcp(() => answer(200, text))
    const client = await connect({ url: server.url, headers: { 'x-example-secret': secretValue } })
    await client.listTools()
    const result = await client.callTool({ name: 'get-book', arguments: book })
    expect(result.structuredContent).toEqual(text === '' ? { status: 200 } : { result: JSON.parse(text) })
    await client.close()
  })

  it('receives an error of the upstream whole, in words and for a machine', async () => {
    await using server = await startMcp(() => answer(404, { error: { code: 'Gone', message: 'No book.' } }))
    const client = await connect({ url: server.url, headers: { 'x-example-secret': secretValue } })
    await client.listTools()
    const result = await client.callTool({ name: 'get-book', arguments: book })
    expect(result.isError).toBe(true)
    expect(result.content).toMatchObject([{ text: expect.stringContaining('returned 404 Gone: No book.') }])
    expect(result.structuredContent).toMatchObject({ error: { status: 404, code: 'Gone' } })
    await client.close()
  })

  it.each([429, 503])('is told in a member how long to wait after %i of the upstream', async (status) => {
    const bodies = [{ message: 'Slow down.' }, '<h1>Slow down</h1>']
    await using server = await startMcp(() => answer(status, bodies.shift(), { 'retry-after': '7' }))
    const client = await connect({ url: server.url, headers: { 'x-example-secret': secretValue } })
    const error = { status, retryAfter: 7, nextStep: 'Wait 7 seconds, then call again.' }
    for (const _ of [...bodies]) {
      const { structuredContent } = await client.callTool({ name: 'get-book', arguments: book })
      expect(structuredContent).toMatchObject({ error })
    }
    await client.close()
  })

  it.each([401, 403, 503])(
    'is told of a page with %i that something in front of the API sent it',
    async (status) => {
      await using server = await startMcp(() => answer(status, '<h1>Access denied, use the portal</h1>'))
      const client = await connect({ url: server.url, headers: { 'x-example-secret': secretValue } })
      const result = await client.callTool({ name: 'get-book', arguments: book })
      const text = JSON.stringify(result)
      expect(result.isError).toBe(true)
      expect(text).toContain(`Something in front of Bookland returned ${status}`)
      expect(text).toContain(status < 500 ? 'Tell the person' : 'Call again later.')
      expect(text).not.toMatch(/portal|<h1>|Use credentials|Check the/)
      await client.close()
    },
  )

  it.each([
    [400, 'Correct the arguments'],
    [404, 'Check shopId and bookId'],
    [409, 'The state of the record'],
    [410, 'Correct the arguments'],
    [422, 'Correct the arguments'],
    [403, 'its credentials are not taken'],
    [500, 'Call again later.'],
  ])('is told that a page with %i may be of the API itself', async (status, advice) => {
    await using server = await startMcp(() => answer(status, '<pre>Not Found</pre>'))
    const client = await connect({ url: server.url, headers: { 'x-example-secret': secretValue } })
    const result = await client.callTool({ name: 'get-book', arguments: book })
    const text = JSON.stringify(result)
    expect(text).toContain('or Bookland itself did')
    expect(text).toContain(advice)
    expect(text).not.toContain('<pre>')
    await client.close()
  })

  it('is refused an unknown tool by a protocol error', async () => {
    await using server = await startMcp()
    const client = await connect(server)
    await expect(client.callTool({ name: 'nope' })).rejects.toMatchObject({ code: -32602 })
    await client.close()
  })

  it('gets each of 60 concurrent calls its own answer', async () => {
    await using server = await startMcp(({ input }) => answer(200, { input }))
    const secrets = ['a', 'b', 'c', 'd']
    const all = await Promise.all(
      secrets.map((own) => connect({ url: server.url, headers: { 'x-example-secret': own } })),
    )
    const calls = Array.from({ length: 60 }, async (_, index) => {
      const [client, own] = [all[index % 4], secrets[index % 4]]
      const result = await client?.callTool({
        name: 'get-book',
        arguments: { shopId: 'abc', bookId: index + 1 },
      })
      return { result: result?.structuredContent, own, bookId: index + 1 }
    })
    for (const { result, own, bookId } of await Promise.all(calls))
      expect(result).toMatchObject({ input: { path: { bookId }, header: { 'x-example-secret': own } } })
    await Promise.all(all.map((client) => client.close()))
  })
})
