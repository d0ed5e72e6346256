import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { Ajv } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { fullFormats } from 'ajv-formats/dist/formats.js'
import { expect, test } from 'vitest'
import { describeApi, loadSound } from '../description/loading.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { clients } from '../support/mcp-clients.ts'

const configured = {
  CAL_COM_CLIENT_ID: 'cm9demo',
  CAL_COM_SECRET_KEY: 'demo-secret',
  CONFIRM_DELETE: 'true',
  HOST: '127.0.0.1',
}

interface ListedTool {
  readonly name: string
  readonly inputSchema?: unknown
  readonly outputSchema?: unknown
}

let warnings: string[] = []
const warn = (message: unknown) => warnings.push(String(message))
const logger = { log: warn, warn, error: warn }
const validators = [Ajv, Ajv2020].map(
  (Validator) => new Validator({ strict: 'log', strictRequired: true, formats: fullFormats, logger }),
)

const annotations = new Set(['title', 'description', 'default', 'examples', '$defs'])

/** Warns of schemas without a keyword that validates, as `mcp-inspector --strict` does; `not` may have one. */
function findEmpty(schema: unknown, path: string): void {
  const keywords = Object.entries(Object(schema)).filter(([keyword]) => !annotations.has(keyword))
  if (keywords.length === 0) warn(`${path} has no keyword that validates`)
  const { properties, $defs, items, anyOf, oneOf, allOf } = Object(schema)
  for (const [name, one] of Object.entries({ ...properties, ...$defs })) findEmpty(one, `${path}.${name}`)
  for (const one of [items ?? [], anyOf ?? [], oneOf ?? [], allOf ?? []].flat()) findEmpty(one, path)
}

/** Lists what strict validators of either draft, and strict clients, say about a tool's schemas. */
function findWarnings({ name, inputSchema, outputSchema }: ListedTool): string[] {
  warnings = []
  findEmpty(inputSchema, 'inputSchema')
  findEmpty(outputSchema, 'outputSchema')
  for (const schema of [inputSchema, outputSchema])
    for (const ajv of validators) {
      try {
        ajv.compile(Object(schema))
      } catch (error) {
        warn(error)
      }
    }
  return warnings.map((message) => `${name}: ${message}`)
}

test('strict validators warn about a tool that is described loosely', () => {
  const [inputSchema, outputSchema] = [{ type: 'object', required: ['id'] }, { type: 'object' }]
  expect(findWarnings({ name: 'loose', inputSchema, outputSchema })).toHaveLength(2)
  const untyped = { type: 'object', properties: { id: { description: 'A number.' } } }
  expect(findWarnings({ name: 'loose', inputSchema: outputSchema, outputSchema: untyped })).toHaveLength(1)
})

async function listOverStdio({ gateway }: RunningGateway, meta?: object): Promise<ListedTool[]> {
  const [input, output] = [new PassThrough(), new PassThrough()]
  const served = gateway.serveStdio(input, output)
  const clientInfo = { name: 'c', version: '1' }
  const begin = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo }
  const messages = [
    ...(meta ? [] : [{ jsonrpc: '2.0', id: 1, method: 'initialize', params: begin }]),
    { jsonrpc: '2.0', id: 2, method: 'tools/list', params: meta ? { _meta: meta } : {} },
  ]
  input.end(messages.map((one) => `${JSON.stringify(one)}\n`).join(''))
  await served
  output.end()
  const lines = (await text(output)).trim().split('\n')
  return lines.map((line) => JSON.parse(line)).find(({ id }) => id === 2).result.tools
}

const meta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'c', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
}

test.each([
  ['a pass-through gateway', {}, 7],
  ['a gateway with configured credentials', configured, 5],
  ['a gateway that offers a search', { MCP_TOOLS: 'search' }, 3],
] as const)('strict validators have no warning about the tools of %s', async (_name, environment, count) => {
  await using gateway = await startGateway('http://127.0.0.1:1', environment)
  const lists = [await listOverStdio(gateway), await listOverStdio(gateway, meta)]
  for (const { connect } of clients) {
    const client = await connect({ url: `${gateway.mcpUrl}/mcp` })
    lists.push((await client.listTools()).tools)
    await client.close()
  }
  for (const tools of lists) expect(tools).toHaveLength(count)
  // Most lists are equal, and compiling takes long.
  const distinct = new Map(lists.flat().map((tool) => [JSON.stringify(tool), tool]))
  expect([...distinct.values()].flatMap(findWarnings)).toEqual([])
})

test('strict validators take the tools of an API with values that can be null alone', async () => {
  const schemas = [{ enum: [null] }, { const: null }, { enum: ['a', null] }, { enum: ['a'] }]
  const nullable = schemas.map((one, at) => [`m${at}`, { type: ['string', 'null'], ...one }] as const)
  const content = {
    'application/json': { schema: { type: 'object', properties: Object.fromEntries(nullable) } },
  }
  const parameters = nullable.map(([name, schema]) => ({ name, in: 'query', schema }))
  const responses = { 200: { description: 'Done', content } }
  const post = { operationId: 'send', parameters, requestBody: { content }, responses }
  const { document } = await loadSound({ ...describeApi({ '/send': { post } }), 'x-name': 'shop' })
  const environment = { SHOP_BASE_URL: 'http://127.0.0.1:1' }
  await using gateway = await startGateway('http://127.0.0.1:1', environment, document && { document })
  const tools = await listOverStdio(gateway)
  expect(tools).toHaveLength(1)
  expect(tools.flatMap(findWarnings)).toEqual([])
})
