import { PassThrough } from 'node:stream'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { OpenApiDocument } from '../../src/document/document.ts'
import { GatewayError } from '../../src/errors/gateway-error.ts'
import { DeletionLimit } from '../../src/state/deletion-limit.ts'
import { createMemoryStore } from '../../src/state/memory-store.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { clients } from '../support/mcp-clients.ts'
import { startUpstream, type UpstreamStub } from '../support/upstream-stub.ts'

const secret = { 'x-cal-secret-key': 'demo-secret' }
const deletion = { name: 'delete-managed-user', arguments: { clientId: 'cm9demo', userId: 7 } }

let upstream: UpstreamStub
let running: RunningGateway
beforeAll(async () => {
  upstream = await startUpstream()
  running = await startGateway(upstream.url, { CONFIRM_DELETE: 'true' })
})
beforeEach(() => void upstream.requests.splice(0))
afterAll(async () => {
  await running[Symbol.asyncDispose]()
  await upstream[Symbol.asyncDispose]()
})

function codeOf(result: object): unknown {
  return Object(result).structuredContent?.error?.code
}

describe.each(clients)('through $client, which cannot ask a person, a deletion', ({ connect }) => {
  it('takes an argument that says that the person agreed', async () => {
    const client = await connect({ url: `${running.mcpUrl}/mcp`, headers: secret })
    const { tools } = await client.listTools()
    const remover = tools.find(({ name }) => name === deletion.name)
    expect(remover?.inputSchema.properties).toHaveProperty('confirm.type', 'boolean')
    expect(remover?.inputSchema.required).not.toContain('confirm')
    const attempts = [{}, { confirm: false }, { confirm: 'true' }, { confirm: 1 }]
    for (const more of attempts) {
      const result = await client.callTool({ ...deletion, arguments: { ...deletion.arguments, ...more } })
      expect(codeOf(result)).toBe('confirmation_required')
    }
    expect(upstream.requests).toEqual([])
    const result = await client.callTool({ ...deletion, arguments: { ...deletion.arguments, confirm: true } })
    await client.close()
    expect(result.isError).toBeFalsy()
    expect(upstream.requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'DELETE /v2/oauth-clients/cm9demo/users/7',
    ])
  })

  it('has no such argument where nobody wants a confirmation', async () => {
    await using plain = await startGateway(upstream.url)
    const client = await connect({ url: `${plain.mcpUrl}/mcp`, headers: secret })
    const result = await client.callTool({ ...deletion, arguments: { ...deletion.arguments, confirm: true } })
    await client.close()
    expect(codeOf(result)).toBe('invalid_argument')
    expect(upstream.requests).toEqual([])
  })
})

/** A client that can ask a person, who answers so; it remembers the questions. */
function createAsking(mode: 'legacy' | { readonly pin: string }, reply: object) {
  const questions: string[] = []
  const client = new Client(
    { name: 'test-client', version: '1.0.0' },
    { versionNegotiation: { mode }, capabilities: { elicitation: { form: {} } } },
  )
  client.setRequestHandler('elicitation/create', async ({ params }) => {
    questions.push(params.message)
    return { action: 'accept', ...reply }
  })
  return { client, questions }
}

/** Connects a client over streams to a gateway with its own credentials, as a process does over its standard streams. */
async function openStdio(url: string, document?: OpenApiDocument, more: Record<string, string> = {}) {
  const own = document ? { SHOP_BASE_URL: url, ...more } : { CAL_COM_SECRET_KEY: 'demo-secret' }
  const running = await startGateway(url, { ...own, CONFIRM_DELETE: 'true' }, document ? { document } : {})
  const [input, output] = [new PassThrough(), new PassThrough()]
  const served = running.gateway.serveStdio(input, output)
  const close = async () => {
    input.end()
    await served
    await running[Symbol.asyncDispose]()
  }
  return { transport: new StdioServerTransport(output, input), close }
}

/** Connects to a gateway of a document, through which a person agrees to everything. */
async function openShop(
  { mode, http }: Pick<(typeof askable)[number], 'mode' | 'http'>,
  document: OpenApiDocument,
  more: Record<string, string> = {},
) {
  const { client, questions } = createAsking(mode, { content: { confirm: true } })
  if (!http) {
    const { transport, close } = await openStdio(upstream.url, document, more)
    await client.connect(transport)
    return { client, questions, close: () => client.close().then(close) }
  }
  const environment = { SHOP_BASE_URL: upstream.url, CONFIRM_DELETE: 'true', ...more }
  const shop = await startGateway(upstream.url, environment, { document })
  await client.connect(new StreamableHTTPClientTransport(new URL(`${shop.mcpUrl}/mcp`)))
  return { client, questions, close: () => client.close().then(() => shop[Symbol.asyncDispose]()) }
}

const dismissed =
  'The person dismissed the question: ask what they want, and call again where they want the deletion.'
const refusals: [string, object, object][] = [
  ['declines', { action: 'decline' }, { code: 'confirmation_declined' }],
  ['goes away', { action: 'cancel' }, { code: 'confirmation_required', nextStep: dismissed }],
  ['answers no', { content: { confirm: false } }, { code: 'confirmation_declined' }],
]

const stateless = { pin: '2026-07-28' }
const askable = [
  { way: 'HTTP in 2026-07-28', mode: stateless, http: true },
  { way: 'stdio in 2026-07-28', mode: stateless, http: false },
  { way: 'stdio in the initialize era', mode: 'legacy', http: false },
] as const

describe.each(askable)('over $way, where a person can be asked, a deletion', ({ mode, http }) => {
  async function remove(reply: object, more: object = {}) {
    const { client, questions } = createAsking(mode, reply)
    const headers = { requestInit: { headers: secret } }
    const url = new URL(`${running.mcpUrl}/mcp`)
    const { transport, close } = http
      ? { transport: new StreamableHTTPClientTransport(url, headers), close: async () => {} }
      : await openStdio(upstream.url)
    await client.connect(transport)
    const result = await client.callTool({ ...deletion, arguments: { ...deletion.arguments, ...more } })
    await client.close()
    await close()
    return { result, questions }
  }

  it('is sent when the person agrees, who is told what will be deleted', async () => {
    const { result, questions } = await remove({ content: { confirm: true } })
    expect(result.isError).toBeFalsy()
    expect(questions).toHaveLength(1)
    expect(questions[0]).toMatch(/clientId cm9demo, userId 7\. This cannot be undone\./)
    expect(upstream.requests).toHaveLength(1)
  })

  it.each(refusals)('is not sent when the person %s, whatever the model says', async (_, reply, error) => {
    const { result } = await remove(reply, { confirm: true })
    expect(result.structuredContent).toMatchObject({ error })
    expect(upstream.requests).toEqual([])
  })

  it('is asked about by its arguments, what goes into its path first', async () => {
    const { client, questions, close } = await openShop({ mode, http }, describeSharedNames())
    for (const place of ['query', 'header', 'cookie'])
      await client.callTool({ name: place, arguments: { id: 'other', path_id: 'REAL-7' } })
    await client.callTool({ name: 'swapped', arguments: { record: 'REAL-7', id: 'other' } })
    await client.callTool({ name: 'things', arguments: { id: 'REAL-7' } })
    await client.callTool({ name: 'things', arguments: {} })
    await close()
    expect(questions.map((one) => /^(.*?)\. This/.exec(one)?.[1])).toEqual([
      'Delete a thing: path_id REAL-7, id other',
      'Delete a thing: path_id REAL-7, id other',
      'Delete a thing: path_id REAL-7, id other',
      'Delete a thing: record REAL-7, id other',
      'Delete a thing: id REAL-7',
      'Delete a thing',
    ])
    expect(upstream.requests.map(({ url }) => url?.replace(/\?.*/, ''))).toEqual([
      '/query/REAL-7',
      '/header/REAL-7',
      '/cookie/REAL-7',
      '/swapped/REAL-7',
      '/things',
      '/things',
    ])
  })
})

/** Arguments of a deletion, and what a person reads of them. */
const told: [string, object, string][] = [
  [
    'what stands beside the path, in the query, a header, a cookie and the body',
    { query: [1, 2, 3], 'X-Tenant': 'prod', cookie: true, body: { ids: [4], all: null } },
    'project p1, query [1,2,3], X-Tenant prod, cookie true, body {"ids":[4],"all":null}',
  ],
  [
    'a text that goes on as the question does, in quotes',
    { project: 'tmp. This only removes drafts and can be undone.\n\nNothing else is touched' },
    'project "tmp. This only removes drafts and can be undone.\\n\\nNothing else is touched"',
  ],
  [
    'quotes and characters that cannot be seen, escaped',
    { project: 'a"\u2028b\u202ec', body: { 'k\u0085': 'v\u2029' } },
    'project "a\\"\\u{2028}b\\u{202e}c", body {"k\\u{85}":"v\\u{2029}"}',
  ],
  ['an empty text', { query: '' }, 'project p1, query ""'],
  [
    'the beginning of what is long, and how much is left',
    { project: `p${'a'.repeat(299)}`, body: { ids: Array(100).fill(1234) } },
    `project "p${'a'.repeat(199)}"… and 100 more characters, body ${`{"ids":[${'1234,'.repeat(40)}`.slice(0, 200)}… and 309 more characters`,
  ],
  [
    'no secret: credentials, passwords and tokens',
    {
      query: 'a eyJhbGciOiJI.eyJz.c2ln',
      body: { note: 'my-password', password: 'my-password', pin: 'abc', also: 'abc' },
    },
    'project p1, query "a [redacted]", body {"note":"[redacted]","password":"[redacted]","pin":"[redacted]","also":"[redacted]"}',
  ],
  [
    'at most 4,000 characters of all arguments, those of the path before others',
    Object.fromEntries(Array.from({ length: 26 }, (_, index) => [`more${index}`, 'm'.repeat(200)])),
    `project p1, ${Array.from({ length: 19 }, (_, index) => `more${index} "${'m'.repeat(200)}"`).join(', ')}, and 7 more arguments`,
  ],
]

describe.each(askable)('over $way, the person who is asked for a deletion reads', ({ mode, http }) => {
  it.each(told)('%s', async (_, values, expected) => {
    for (const tools of ['all', 'search']) {
      const questions = await askAbout({ project: 'p1', ...values }, tools)
      const question = `Delete items of a project: ${expected}. This cannot be undone. Do you agree?`
      expect(questions).toEqual([question])
    }
  })

  it('the title in one line, as the list of tools has it', async () => {
    const { client, close } = await openShop({ mode, http }, describeItems())
    const { tools } = await client.listTools()
    await close()
    expect(tools.map(({ title }) => title)).toEqual(['Delete items of a project.'])
  })

  async function askAbout(values: object, tools: string): Promise<string[]> {
    const { client, questions, close } = await openShop({ mode, http }, describeItems(), { MCP_TOOLS: tools })
    const call = { name: 'deleteItems', arguments: { key: 'my-own-key', ...values } }
    const result = await client.callTool(tools === 'search' ? { name: 'call-tool', arguments: call } : call)
    await close()
    expect(result.isError, JSON.stringify(result)).toBeFalsy()
    return questions
  }
})

/** Describes a deletion with arguments in every place, by a summary of two lines. */
function describeItems(): OpenApiDocument {
  const anything = (name: string, place: string) => ({ name, in: place, schema: {} })
  const parameters = [
    anything('query', 'query'),
    anything('X-Tenant', 'header'),
    anything('cookie', 'cookie'),
    anything('key', 'header'),
    { ...anything('project', 'path'), required: true },
    ...Array.from({ length: 26 }, (_, index) => anything(`more${index}`, 'query')),
  ]
  const names = parameters.map(({ name }) => name)
  const secret = { type: 'string', format: 'password' }
  const schema = { type: 'object', properties: { password: secret, pin: secret } }
  return {
    openapi: '3.1.0',
    info: { title: 'Shop', version: '1' },
    'x-name': 'shop',
    components: { securitySchemes: { key: { type: 'apiKey', in: 'header', name: 'key' } } },
    paths: {
      '/projects/{project}/items': {
        delete: {
          operationId: 'deleteItems',
          'x-mcp-tool': {
            ...{ name: 'deleteItems', description: '', annotations: {} },
            title: 'Delete items\n of a\u2028project.',
            arguments: Object.fromEntries([...names, 'body'].map((name) => [name, name])),
          },
          security: [{ key: [] }],
          parameters,
          requestBody: { content: { 'application/json': { schema } } },
          responses: {},
        },
      },
    },
  }
}

/** Describes deletions of which another parameter has the name of the path variable, and one without a variable. */
function describeSharedNames(): OpenApiDocument {
  const id = (place: string) => ({
    name: 'id',
    in: place,
    ...(place === 'path' && { required: true }),
    schema: { type: 'string' },
  })
  const remove = (name: string, place: string, names: object) => ({
    delete: {
      operationId: name,
      parameters: Object.keys(names).length > 1 ? [id(place), id('path')] : [id(place)],
      responses: {},
      'x-mcp-tool': { name, title: 'Delete a thing.', description: name, annotations: {}, arguments: names },
    },
  })
  const names = { id: 'id', 'path.id': 'path_id' }
  return {
    openapi: '3.1.0',
    info: { title: 'Shop', version: '1' },
    'x-name': 'shop',
    paths: {
      '/query/{id}': remove('query', 'query', names),
      '/header/{id}': remove('header', 'header', names),
      '/cookie/{id}': remove('cookie', 'cookie', names),
      '/swapped/{id}': remove('swapped', 'query', { 'path.id': 'record', 'query.id': 'id' }),
      '/things': remove('things', 'query', { id: 'id' }),
    },
  }
}

describe('over stdio in the initialize era, a deletion of which the client fails to ask', () => {
  const capabilities = [{ elicitation: {} }, { elicitation: { form: {} } }]
  const failures = [
    { error: { code: -32601, message: 'planted words' } },
    { result: {} },
    { result: { action: 'planted' } },
    { result: { action: 'accept' } },
    { result: { action: 'accept', content: {} } },
    { result: { action: 'accept', content: { confirm: 'planted' } } },
  ]

  it.each(capabilities.flatMap((one) => failures.map((failure) => [one, failure])))(
    'is not sent, and says so as every refusal does: %j, %j',
    async (able, failure) => {
      const { transport, close } = await openStdio(upstream.url)
      const received = new Map<unknown, (message: object) => void>()
      const send = (message: object) => transport.send(Object(message))
      const wait = (id: unknown) => new Promise<object>((resolve) => received.set(id, resolve))
      transport.onmessage = (message) => {
        const { id, method } = Object(message)
        if (method === 'elicitation/create') void send({ jsonrpc: '2.0', id, ...failure })
        else received.get(id)?.(message)
      }
      await transport.start()
      const clientInfo = { name: 'test-client', version: '1.0.0' }
      const params = { protocolVersion: '2025-06-18', capabilities: able, clientInfo }
      const opened = wait('a')
      await send({ jsonrpc: '2.0', id: 'a', method: 'initialize', params })
      await opened
      const called = wait('b')
      const values = { ...deletion, arguments: { ...deletion.arguments, confirm: true } }
      await send({ jsonrpc: '2.0', id: 'b', method: 'tools/call', params: values })
      const { result } = Object(await called)
      await transport.close()
      await close()
      const next = 'The client could not ask the person: call again once it can.'
      expect(result).toMatchObject({
        isError: true,
        structuredContent: {
          error: { code: 'confirmation_required', outcome: 'not_executed', nextStep: next },
        },
      })
      expect(result.content[0].text).toBe(
        `confirmation_required: A deletion needs a confirmation.\nThe call had no effect.\nNext: ${next}`,
      )
      expect(JSON.stringify(result)).not.toContain('planted')
      expect(upstream.requests).toEqual([])
    },
  )
})

/** Responses without what was asked for: nothing, what is no reply, and a reply that is not complete. */
const unreplied: object[] = [
  {},
  { other: { action: 'accept', content: { confirm: true } } },
  { confirm: {} },
  { confirm: { action: 'agree', content: { confirm: true } } },
  { confirm: { content: { confirm: true } } },
  { confirm: { action: 'accept' } },
  { confirm: { action: 'accept', content: {} } },
  { confirm: { action: 'accept', content: { confirm: 'true' } } },
]
const accepted = { confirm: { action: 'accept', content: { confirm: true } } }

async function post(userId: number, more: object, headers: Record<string, string> = secret) {
  const meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 'test-client', version: '1.0.0' },
    'io.modelcontextprotocol/clientCapabilities': { elicitation: { form: {} } },
  }
  const params = { name: deletion.name, arguments: { clientId: 'cm9demo', userId }, _meta: meta, ...more }
  const response = await fetch(`${running.mcpUrl}/mcp`, {
    method: 'POST',
    headers: {
      ...headers,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      'mcp-name': deletion.name,
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }),
  })
  return Object(await response.json()).result
}

describe('an answer that a person gave', () => {
  it('is good for the call it was asked for, and for no other', async () => {
    const { resultType, requestState, inputRequests } = await post(7, {})
    expect({ resultType, method: inputRequests.confirm.method }).toEqual({
      resultType: 'input_required',
      method: 'elicitation/create',
    })
    const given = { inputResponses: accepted, requestState }
    expect((await post(8, given)).resultType).toBe('input_required')
    expect((await post(7, { inputResponses: accepted })).resultType).toBe('input_required')
    expect((await post(7, { inputResponses: accepted, requestState: 'forged' })).resultType).toBe(
      'input_required',
    )
    expect(upstream.requests).toEqual([])
    expect((await post(7, given, { 'x-cal-secret-key': 'other-secret' })).resultType).toBe('input_required')
    expect(upstream.requests).toEqual([])
    expect((await post(7, given)).isError).toBeFalsy()
    expect(upstream.requests).toHaveLength(1)
  })

  it('is used once', async () => {
    const { requestState } = await post(7, {})
    const given = { inputResponses: accepted, requestState }
    const twice = await Promise.all([post(7, given), post(7, given)])
    expect(twice.filter(({ resultType }) => resultType === 'input_required')).toHaveLength(1)
    expect((await post(7, given)).resultType).toBe('input_required')
    expect(upstream.requests).toHaveLength(1)
  })

  it.each([
    ['decline', 'confirmation_declined'],
    ['cancel', 'confirmation_required'],
  ])('is no consent after the action %s', async (action, code) => {
    const { requestState } = await post(7, {})
    const declined = await post(7, { inputResponses: { confirm: { action } }, requestState })
    expect(codeOf(declined)).toBe(code)
    expect((await post(7, { inputResponses: accepted, requestState })).resultType).toBe('input_required')
    expect(upstream.requests).toEqual([])
  })
})

describe('a response in which nobody replied', () => {
  it.each(unreplied)('is asked about again, and leaves the first question open: %j', async (responses) => {
    // Each client may delete ten times in a minute.
    const own = { 'x-cal-secret-key': JSON.stringify(responses) }
    const { requestState } = await post(7, {}, own)
    const again = await post(7, { inputResponses: responses, requestState }, own)
    expect(again.resultType, JSON.stringify(again)).toBe('input_required')
    expect(again.requestState).not.toBe(requestState)
    expect(upstream.requests).toEqual([])
    expect((await post(7, { inputResponses: accepted, requestState }, own)).isError).toBeFalsy()
    expect(upstream.requests).toHaveLength(1)
  })
})

describe('the limit of deletions', () => {
  it('lets ten through in a minute from the first, each client by itself', async () => {
    const clock = { now: 0 }
    const store = createMemoryStore(() => clock.now)
    const limit = new DeletionLimit({ calls: 10, window: 60_000 }, store)
    const take = async (client: string) => {
      try {
        await limit.take(client)
        return 'taken'
      } catch (error) {
        return error instanceof GatewayError ? error.headers['retry-after'] : error
      }
    }
    const taken: unknown[] = []
    for (let n = 0; n < 12; n += 1) taken.push(await take('a'))
    expect(taken).toEqual([...Array(10).fill('taken'), '60', '60'])
    expect(await take('b')).toBe('taken')
    clock.now += 55_000
    expect(await take('a')).toBe('5')
    clock.now += 5_000
    expect(await take('a')).toBe('taken')
  })

  it('begins anew with another period', async () => {
    const store = createMemoryStore(() => 0)
    const take = (window: number) => new DeletionLimit({ calls: 1, window }, store).take('a')
    await take(3_600_000)
    await expect(take(3_600_000)).rejects.toMatchObject({ headers: { 'retry-after': '3600' } })
    await take(1_000)
    await expect(take(1_000)).rejects.toMatchObject({ headers: { 'retry-after': '1' } })
  })

  it.each(clients)('holds through $client, and not on REST', async ({ connect }) => {
    await using limited = await startGateway(upstream.url)
    const client = await connect({ url: `${limited.mcpUrl}/mcp`, headers: secret })
    const codes: unknown[] = []
    for (let call = 0; call < 11; call += 1) codes.push(codeOf(await client.callTool(deletion)))
    const [refused] = [await client.callTool(deletion)]
    await client.close()
    expect(codes).toEqual([...Array(10).fill(undefined), 'rate_limited'])
    expect(JSON.stringify(refused.content)).toMatch(/Wait \d\d seconds, then call again/)
    const other = await fetch(`${limited.restUrl}/v1/v2/oauth-clients/cm9demo/users/7`, {
      method: 'DELETE',
      headers: secret,
    })
    expect(other.status).toBe(200)
    expect(upstream.requests).toHaveLength(11)
  })
})
