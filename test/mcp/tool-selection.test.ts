import { PassThrough } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { asRecord } from '../../src/document/json.ts'
import { readOperations } from '../../src/document/operations.ts'
import { createSelectionReader } from '../../src/mcp/tool-selection.ts'
import { readText } from '../rules/tree.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { clients } from '../support/mcp-clients.ts'
import { startUpstream, type UpstreamStub } from '../support/upstream-stub.ts'

const operation = (operationId: string, tag: string, description = '') => ({
  operationId,
  tags: [tag],
  responses: {},
  'x-mcp-tool': { name: operationId, title: operationId, description, arguments: { id: 'id' } },
  parameters: [{ name: 'id', in: 'query', schema: { type: 'integer' } }],
})
const document = {
  openapi: '3.1.0',
  info: { title: 'Shop', version: '1' },
  'x-name': 'shop',
  paths: {
    '/customers': {
      get: operation('listCustomers', 'Customers', 'Lists the people who buy'),
      post: operation('createCustomer', 'Customers'),
    },
    '/orders': { get: operation('listOrders', 'Orders'), delete: operation('dropOrders', 'Orders') },
  },
}

let upstream: UpstreamStub
let gateway: RunningGateway
let searching: RunningGateway
beforeAll(async () => {
  upstream = await startUpstream()
  const environment = { SHOP_BASE_URL: upstream.url, ALLOW_DELETE: 'false' }
  gateway = await startGateway(upstream.url, environment, { document })
  searching = await startGateway(upstream.url, { ...environment, MCP_TOOLS: 'search' }, { document })
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await searching[Symbol.asyncDispose]()
  await upstream[Symbol.asyncDispose]()
})

const everything = ['listCustomers', 'createCustomer', 'listOrders']

/** The URL and the header that docs/descriptions.md shows. */
const [, url = '', header = ''] =
  /^```text\n(http.*)\nX-Mcp-Tools: (.*)\n```/m.exec(readText('docs/descriptions.md')) ?? []

describe.each(clients)('$client', ({ connect }) => {
  test.each([
    ['', undefined, everything],
    ['?tag=customers', undefined, ['listCustomers', 'createCustomer']],
    ['?tag=Customers&read-only', undefined, ['listCustomers']],
    ['?read-only=true', undefined, ['listCustomers', 'listOrders']],
    ['?operation=createCustomer&operation=GET%20/orders', undefined, ['createCustomer', 'listOrders']],
    ['?exclude=listOrders', undefined, ['listCustomers', 'createCustomer']],
    ['', 'tag=Orders', ['listOrders']],
    ['?read-only', 'tag=Customers', ['listCustomers']],
    ['?operation=dropOrders', undefined, []],
    [new URL(url).search, undefined, ['listCustomers']],
    ['', header, ['listCustomers', 'listOrders']],
  ])(
    'with the query "%s" and the header "%s" has these tools and no others',
    async (query, header, names) => {
      const headers = header === undefined ? {} : { 'x-mcp-tools': header }
      const client = await connect({ url: `${gateway.mcpUrl}/mcp${query}`, headers })
      const { tools } = await client.listTools()
      expect(tools.map(({ name }) => name)).toEqual(names)
      for (const name of [...everything, 'dropOrders']) {
        const call = client.callTool({ name, arguments: {} })
        if (names.includes(name)) expect((await call).isError).toBeFalsy()
        else await expect(call).rejects.toThrow('Unknown tool')
      }
      await client.close()
    },
  )

  test('finds, describes and calls tools by three others', async () => {
    const client = await connect({ url: `${searching.mcpUrl}/mcp?tag=Customers` })
    const { tools } = await client.listTools()
    expect(tools.map(({ name }) => name)).toEqual(['search-tools', 'describe-tool', 'call-tool'])
    const call = async (name: string, values: Record<string, unknown>) =>
      client.callTool({ name, arguments: values })
    const found = asRecord((await call('search-tools', { query: 'customers list' })).structuredContent)
    expect(found).toMatchObject({
      all: 2,
      found: 2,
      tools: [{ name: 'listCustomers', annotations: { readOnlyHint: true } }, { name: 'createCustomer' }],
    })
    expect((await call('search-tools', { query: 'people' })).structuredContent).toMatchObject({ found: 1 })
    expect((await call('describe-tool', { name: 'listCustomers' })).structuredContent).toMatchObject({
      inputSchema: { properties: { id: { type: 'integer' } } },
    })
    const result = await call('call-tool', { name: 'listCustomers', arguments: { id: 7 } })
    expect(result.structuredContent).toEqual({ status: 'success', data: {} })
    expect(upstream.requests.at(-1)?.url).toBe('/customers?id=7')
    for (const [name, values] of [
      ['call-tool', { name: 'listOrders', arguments: {} }],
      ['call-tool', { name: 'listCustomers', arguments: { id: 'x' } }],
      ['call-tool', { name: 'listCustomers', id: 7 }],
      ['describe-tool', { name: 'dropOrders' }],
      ['search-tools', {}],
    ] as const)
      expect((await call(name, values)).isError).toBe(true)
    await client.close()
  })
})

test.each(['?readonly', '?tag=Orders&read-only=yes'])('a selection %s is refused', async (query) => {
  const message = { jsonrpc: '2.0', id: 1, method: 'tools/list' }
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
  const response = await fetch(`${gateway.mcpUrl}/mcp${query}`, {
    ...{ method: 'POST', headers },
    body: JSON.stringify(message),
  })
  expect([response.status, await response.text()]).toEqual([400, expect.stringContaining('read-only')])
})

test.each([
  ['?exclude=listOrder', 'exclude=\\"listOrder\\" selects no tool. Did you mean listOrders?'],
  ['?operation=nothing&tag=Ordres', 'tag=\\"Ordres\\", operation=\\"nothing\\" select no tool.'],
  ['?tag=Customers&exclude=GET%20/customer', 'Did you mean GET /customers?'],
  ['?exclude=ada@example.org', 'exclude=\\"[redacted]\\" selects no tool.'],
])('a name that no operation has is told: %s', async (query, told) => {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' })
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
  for (const [search, more] of [
    [query, {}],
    ['', { 'x-mcp-tools': query.slice(1) }],
  ] as const) {
    const init = { method: 'POST', headers: { ...headers, ...more }, body }
    for (const version of ['2025-11-25', '2026-07-28']) {
      const own = { ...init, headers: { ...init.headers, 'mcp-protocol-version': version } }
      const response = await fetch(`${gateway.mcpUrl}/mcp${search}`, own)
      expect([response.status, await response.text()]).toEqual([400, expect.stringContaining(told)])
    }
  }
})

/** Calls a tool over HTTP; returns the message of its JSON-RPC error, or the text of its result. */
async function callAt({ mcpUrl }: RunningGateway, name: string, values: object, query = '') {
  const response = await fetch(`${mcpUrl}/mcp${query}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body: JSON.stringify({
      ...{ jsonrpc: '2.0', id: 1, method: 'tools/call' },
      params: { name, arguments: values },
    }),
  })
  const { error, result } = Object(await response.json())
  const told: string = error?.message ?? result.content[0].text
  return told
}

describe('a tool that there is not', () => {
  const names = 'the tools are listCustomers, createCustomer, listOrders'

  test.each([
    ['listOrder', '', `Unknown tool; did you mean listOrders? ${names}`],
    ['list_customers', '', `Unknown tool; did you mean listCustomers? ${names}`],
    ['LIST-CUSTOMERS', '', `Unknown tool; did you mean listCustomers? ${names}`],
    ['  list orders  ', '', `Unknown tool; did you mean listOrders? ${names}`],
    ['', '', `Unknown tool; ${names}`],
    ['nothing', '', `Unknown tool; ${names}`],
    ['x'.repeat(100_000), '', `Unknown tool; ${names}`],
    // What the client may not have is not named.
    ['dropOrder', '', `Unknown tool; ${names}`],
    ['listOrders', '?tag=Customers', 'Unknown tool; the tools are listCustomers, createCustomer'],
  ])('is told by the names there are: %.20s%s', async (name, query, told) => {
    expect(await callAt(gateway, name, {}, query)).toBe(told)
  })

  test.each(['describe-tool', 'call-tool'])('is told by the nearest name to %s', async (tool) => {
    expect(await callAt(searching, tool, { name: 'listOrder' })).toContain(
      'name: is no tool here; did you mean listOrders? search-tools finds those there are',
    )
    for (const name of ['nothing', 'dropOrder', 'x'.repeat(500)])
      expect(await callAt(searching, tool, { name })).toContain(
        'name: is no tool here; search-tools finds those there are',
      )
  })

  test('is told by the nearest of those that search', async () => {
    const told =
      'Unknown tool; did you mean search-tools? the tools are search-tools, describe-tool, call-tool'
    expect(await callAt(searching, 'search_tools', {})).toBe(told)
  })

  test('is told by the nearest name and twenty of many', async () => {
    const many = Array.from({ length: 1_500 }, (_, index) => `getRecord${index + 1_000}`)
    const paths = Object.fromEntries(many.map((name) => [`/${name}`, { get: operation(name, 'All') }]))
    const environment = { SHOP_BASE_URL: upstream.url }
    await using large = await startGateway(upstream.url, environment, { document: { ...document, paths } })
    expect(await callAt(large, 'get-Record2345', {})).toBe(
      `Unknown tool; did you mean getRecord2345? the tools are ${many.slice(0, 20).join(', ')} and others; tools/list has all 1500`,
    )
  })
})

describe('a search', () => {
  const names = {
    listAddresses: [],
    listCompanies: [],
    getAPIKeys: [],
    getHTTPLogs: [],
    getUserIDs: [],
    getStatus: [],
    createCase: [],
    listMovies: [],
    createCustomer: ['Billing'],
    getCustody: ['Customs of PayPal'],
  }
  const paths = Object.fromEntries(
    Object.entries(names).map(([name, tags]) => [`/${name}`, { get: { ...operation(name, ''), tags } }]),
  )
  let named: RunningGateway
  beforeAll(async () => {
    const environment = { SHOP_BASE_URL: upstream.url, MCP_TOOLS: 'search' }
    named = await startGateway(upstream.url, environment, { document: { ...document, paths } })
  })
  afterAll(() => named[Symbol.asyncDispose]())
  const search = async (query: string, selected = '') => {
    const client = await clients[0].connect({ url: `${named.mcpUrl}/mcp${selected}` })
    const { structuredContent } = await client.callTool({ name: 'search-tools', arguments: { query } })
    await client.close()
    return asRecord(structuredContent)
  }

  test.each([
    ['address', ['listAddresses']],
    ['addresses', ['listAddresses']],
    ['company', ['listCompanies']],
    ['api key', ['getAPIKeys']],
    ['apikeys', ['getAPIKeys']],
    ['key', ['getAPIKeys']],
    ['http logs', ['getHTTPLogs']],
    ['log', ['getHTTPLogs']],
    ['user ids', ['getUserIDs']],
    ['id', ['getUserIDs']],
    ['status', ['getStatus']],
    ['statuses', ['getStatus']],
    ['cases', ['createCase']],
    ['movie', ['listMovies']],
    ['billing', ['createCustomer']],
    ['pay', ['getCustody']],
    ['cust', ['createCustomer', 'getCustody']],
    ['customs', ['getCustody', 'createCustomer']],
    ['customer', ['createCustomer']],
    ['stomer', []],
    ['cu', []],
  ])('for "%s" finds %j', async (query, expected) => {
    const { tools } = await search(query)
    expect([tools].flat().map((one) => asRecord(one).name)).toEqual(expected)
  })

  test('that finds nothing says so, and what there is to search for', async () => {
    const nothing = { found: 0, tools: [], all: 10 }
    expect(await search('stomer')).toEqual({
      ...nothing,
      nextStep:
        'No tool has one of these words. Search for others: what the tools are about is Billing, Customs of PayPal.',
    })
    expect(await search('stomer', '?operation=getStatus')).toEqual({
      ...nothing,
      all: 1,
      nextStep: 'No tool has one of these words. Search for others: what the tools are about is getStatus.',
    })
    expect(await search('billing')).not.toHaveProperty('nextStep')
  })
})

test('over stdio tools are found and called by three others too', async () => {
  const [input, output] = [new PassThrough(), new PassThrough()]
  const served = searching.gateway.serveStdio(input, output)
  const clientInfo = { name: 'test', version: '1' }
  const calls = [
    ['initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo }],
    ['tools/list', {}],
    ['tools/call', { name: 'call-tool', arguments: { name: 'listOrders' } }],
  ]
  for (const [id, [method, params]] of calls.entries())
    input.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`)
  input.end()
  await served
  const replies = String(output.read())
  expect(replies).toContain('"name":"call-tool"')
  expect(replies).toContain('"structuredContent":{"status":"success"')
})

test('more tools than clients take are told of at the start, but where they are searched', async () => {
  const paths = Object.fromEntries(
    Array.from({ length: 129 }, (_, index) => [`/${index}`, { get: operation(`get${index}`, 'All') }]),
  )
  const many = { ...document, paths }
  const environment = { SHOP_BASE_URL: upstream.url }
  await using loud = await startGateway(upstream.url, environment, { document: many })
  expect(loud.log.filter((line) => line.includes('129 tools'))).toHaveLength(1)
  const search = { ...environment, MCP_TOOLS: 'search' }
  await using quiet = await startGateway(upstream.url, search, { document: many })
  expect(quiet.log.filter((line) => line.includes('129 tools'))).toHaveLength(0)
})

test('a tag that is named very often, in whatever case, is compared once', () => {
  const operations = readOperations(document)
  const select = createSelectionReader(operations)(`/mcp?${'tag=Orders&tag=ORDERS&'.repeat(500)}`, {})
  const compare = vi.spyOn(String.prototype, 'toLowerCase')
  const selected = operations.filter((one) => select?.(one))
  const { length } = compare.mock.calls
  compare.mockRestore()
  expect(selected.map(({ id }) => id)).toEqual(['listOrders', 'dropOrders'])
  expect(length).toBeLessThan(20)
})
