import type { ServerResponse } from 'node:http'
import { createInterface } from 'node:readline'
import { PassThrough } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { respondJson, startUpstream, type UpstreamStub } from '../support/upstream-stub.ts'

const prefix = 'io.modelcontextprotocol'
const meta = { [`${prefix}/protocolVersion`]: '2026-07-28', [`${prefix}/clientCapabilities`]: {} }
const clientInfo = { name: 'c', version: '1' }
const initialize = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo }
const secret = 'planted-secret-of-the-connection'

/** A message as JSON text, since JSON.stringify writes neither a key twice nor a long number. */
interface Sent {
  readonly text: string
  /** Of a call: the header that the stateless era wants beside it. */
  readonly tool?: string
}

/** Sends a message and returns the text of its response. */
type Send = (message: Sent) => Promise<string>

/** What becomes of a call: the answer of the API, what the result says and what it does not say. */
interface Case {
  readonly name: string
  readonly tool?: string
  /** Arguments of the tool, or without a tool the whole message, as JSON text. */
  readonly text: string
  readonly respond?: (response: ServerResponse) => void
  readonly says: readonly string[]
  readonly hides?: readonly string[]
  /** What has to arrive at the API; nothing may without. */
  readonly arrives?: object
}

const user = '"clientId":"cm9demo","userId":4711'
const newUser = '{"email":"ada@example.org","name":"Ada"}'
const fail = (status: number, body: unknown) => (response: ServerResponse) =>
  respondJson(response, status, body)
const json = { 'content-type': 'application/json' }
const send =
  (body: string | Buffer, headers: Record<string, string> = {}) =>
  (response: ServerResponse) =>
    void response.writeHead(200, { ...json, ...headers }).end(body)
const good = '{"status":"success","data":{"id":4711}}'
const error = (message: string) => ({ status: 'error', error: { code: 'E', message } })
const lost = ['upstream_invalid_response', 'Nobody can tell whether the call took effect.']

const cases: readonly Case[] = [
  {
    name: 'a refresh token that is spent',
    tool: 'refresh-managed-user-tokens',
    text: '{"clientId":"cm9demo","body":{"refreshToken":"demo"}}',
    respond: fail(400, error('Invalid refresh token')),
    says: ['may be spent already'],
    hides: ['Correct the arguments'],
    arrives: { method: 'POST' },
  },
  {
    name: 'a client that does not exist',
    tool: 'get-managed-user',
    text: `{${user}}`,
    respond: fail(401, error('Client with ID cm9demo not found')),
    says: ['Check clientId and the secret, which must belong to it'],
    arrives: { method: 'GET' },
  },
  {
    name: 'an address that another user has',
    tool: 'update-managed-user',
    text: `{${user},"body":{"email":"ada@example.org"}}`,
    respond: fail(409, error('It exists')),
    says: ['choose another value'],
    hides: ['do not create it again'],
    arrives: { method: 'PATCH' },
  },
  {
    name: 'a choice in another case',
    tool: 'update-managed-user',
    text: `{${user},"body":{"weekStart":"monday"}}`,
    says: ['body.weekStart', 'did you mean Monday?'],
    hides: ['got a string'],
  },
  {
    name: 'a body whose members are arguments',
    tool: 'create-managed-user',
    text: '{"clientId":"cm9demo","email":"ada@example.org","name":"Ada"}',
    says: ['email: belongs in body: give it as body.email', 'name: belongs in body'],
    hides: ['example.org'],
  },
  {
    name: 'null for an optional argument',
    tool: 'get-all-managed-users',
    text: '{"clientId":"cm9demo","limit":null,"offset":1}',
    says: [good],
    arrives: { url: '/v2/oauth-clients/cm9demo/users?offset=1' },
  },
  {
    name: 'null for what cannot be cleared',
    tool: 'update-managed-user',
    text: `{${user},"body":{"timeZone":null}}`,
    says: ['body.timeZone', 'Leave optional values out instead of giving null.'],
  },
  {
    name: 'an interim response that nobody asked for, to a read',
    tool: 'get-managed-user',
    text: `{${user}}`,
    respond(response) {
      response.writeContinue()
      response.writeProcessing()
      send(good)(response)
    },
    says: [good],
    arrives: { method: 'GET' },
  },
  {
    name: 'an interim response that nobody asked for, to a write',
    tool: 'create-managed-user',
    text: `{"clientId":"cm9demo","body":${newUser}}`,
    respond(response) {
      response.writeContinue()
      send(good)(response)
    },
    says: [good],
    arrives: { method: 'POST' },
  },
  {
    name: 'a response in an encoding that nobody asked for',
    tool: 'force-refresh-tokens',
    text: `{${user}}`,
    respond: send(gzipSync(good), { 'content-encoding': 'gzip' }),
    says: lost,
    arrives: { method: 'POST' },
  },
  {
    name: 'a response with a Latin-1 byte',
    tool: 'force-refresh-tokens',
    text: `{${user}}`,
    respond: send(Buffer.from('{"name":"Zo\xeb"}', 'latin1')),
    says: lost,
    arrives: { method: 'POST' },
  },
  {
    name: 'an empty response',
    tool: 'delete-managed-user',
    text: `{${user}}`,
    respond: (response) => void response.writeHead(204).end(),
    says: ['Done (204); the response is empty.'],
    arrives: { method: 'DELETE' },
  },
  {
    name: 'a page of a firewall',
    tool: 'get-managed-user',
    text: `{${user}}`,
    respond: (response) =>
      void response.writeHead(403, { 'content-type': 'text/html' }).end('<h1>Blocked</h1>'),
    says: ['Something in front of Cal.com returned 403', 'the call is blocked there'],
    hides: ['<h1>', 'Blocked', 'Use credentials'],
    arrives: { method: 'GET' },
  },
  {
    name: 'an error that names members by addresses and tokens',
    tool: 'create-managed-user',
    text: `{"clientId":"cm9demo","body":${newUser}}`,
    respond: fail(400, { errors: { 'bo@example.org': ['taken'], [secret]: 1 }, message: 'bo@example.org' }),
    says: ['[redacted]'],
    hides: ['bo@', secret],
    arrives: { method: 'POST' },
  },
  {
    name: 'an argument whose name is an address',
    tool: 'get-managed-user',
    text: `{${user},"ada@example.org":1}`,
    says: ['[redacted]', 'is not known here'],
    hides: ['example.org'],
  },
  {
    name: 'a tool whose name is an address',
    tool: 'ada@example.org',
    text: '{}',
    says: ['"code":-32602', 'Unknown tool'],
    hides: ['example.org'],
  },
  {
    name: 'a placeholder for the secret that the connection brings',
    tool: 'get-managed-user',
    text: `{${user},"x-cal-secret-key":"YOUR_KEY"}`,
    says: [good],
    arrives: { headers: expect.objectContaining({ 'x-cal-secret-key': secret }) },
  },
  {
    name: 'a key that stands twice',
    tool: 'get-managed-user',
    text: '{"clientId":"cm9demo","userId":4711,"userId":4712}',
    says: ['"code":-32700', 'stands twice', '"id":9'],
  },
  {
    name: 'a number of a body with more digits than JavaScript keeps',
    tool: 'create-managed-user',
    text: '{"clientId":"cm9demo","body":{"email":"a@example.org","name":"A","metadata":{"crm":9007199254740993}}}',
    says: [good],
    arrives: {
      body: Buffer.from('{"email":"a@example.org","name":"A","metadata":{"crm":9007199254740993}}'),
    },
  },
  {
    name: 'such a number without a name, beside no body',
    tool: 'get-managed-user',
    text: '{"clientId":"cm9demo","userId":4711,"":0.12345678901234567890}',
    says: ['has more digits than can be sent here'],
  },
  {
    name: 'a response with such a number',
    tool: 'get-managed-user',
    text: `{${user}}`,
    respond: send('{"status":"success","data":{"id":9007199254740993}}'),
    says: [
      '\\"id\\":9007199254740993',
      '"structuredContent":{"status":"success","data":{"id":9007199254740993}}',
    ],
    arrives: { method: 'GET' },
  },
  {
    name: 'an error with such a number',
    tool: 'get-managed-user',
    text: `{${user}}`,
    respond: (response) => void response.writeHead(400, json).end('{"message":"M","id":9007199254740993}'),
    says: ['"response":{"message":"M","id":9007199254740993}'],
    arrives: { method: 'GET' },
  },
  { name: 'broken JSON', text: '{broken', says: ['"code":-32700', '"id":null'] },
  { name: 'no message', text: '7', says: ['"code":-32600', '"id":null'] },
  { name: 'an empty batch', text: '[]', says: ['"code":-32600', '"id":null'] },
  ...['null', '[]', '7'].map((params) => ({
    name: `parameters that are ${params}`,
    text: `{"jsonrpc":"2.0","id":9,"method":"tools/list","params":${params}}`,
    says: ['"code":-32600', '"id":9'],
  })),
  {
    name: 'an id that is no integer',
    text: '{"jsonrpc":"2.0","id":99.5,"method":"tools/list","params":{}}',
    says: ['"code":-32600', '"id":99.5'],
  },
]

let respond: NonNullable<Case['respond']>
let upstream: UpstreamStub
let gateway: RunningGateway
beforeAll(async () => {
  upstream = await startUpstream((_request, response) => respond(response))
  gateway = await startGateway(upstream.url, { CAL_COM_SECRET_KEY: secret, MCP_TOKENS: 'reveal' })
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await upstream[Symbol.asyncDispose]()
})
beforeEach(() => {
  upstream.requests.length = 0
})

function openHttp(isStateless: boolean): Send {
  return async ({ text, tool }) => {
    const own = isStateless
      ? {
          'mcp-protocol-version': '2026-07-28',
          'mcp-method': 'tools/call',
          ...(tool && { 'mcp-name': tool }),
        }
      : { 'mcp-protocol-version': '2025-06-18' }
    const headers = { 'content-type': 'application/json', 'x-cal-secret-key': secret, ...own }
    const response = await fetch(`${gateway.mcpUrl}/mcp`, { method: 'POST', headers, body: text })
    return response.text()
  }
}

/** The secret of the environment goes with the calls of a client on two streams. */
function openStdio(isStateless: boolean): Send {
  const exchange = serveStreams()
  const opening = isStateless
    ? { method: 'server/discover', params: { _meta: meta } }
    : { method: 'initialize', params: initialize }
  const opened = exchange(JSON.stringify({ jsonrpc: '2.0', id: 0, ...opening }))
  return async ({ text }) => {
    await opened
    return exchange(text)
  }
}

function serveStreams(): (text: string) => Promise<string> {
  const [input, output] = [new PassThrough(), new PassThrough()]
  void gateway.gateway.serveStdio(input, output)
  const lines = createInterface(output)[Symbol.asyncIterator]()
  return async (text) => {
    input.write(`${text}\n`)
    return String((await lines.next()).value)
  }
}

const eras = [
  { era: 'the initialize era', isStateless: false },
  { era: '2026-07-28', isStateless: true },
]
const transports = [
  { transport: 'HTTP', open: openHttp },
  { transport: 'stdio', open: openStdio },
].flatMap((one) => eras.map((era) => ({ ...one, ...era })))

describe.each(transports)('over $transport in $era', ({ open, isStateless }) => {
  let exchange: Send
  beforeAll(() => {
    exchange = open(isStateless)
  })

  it.each(cases)('$name', async ({ tool, text, says, hides = [], arrives, ...given }) => {
    respond = given.respond ?? send(good)
    const more = isStateless ? `,"_meta":${JSON.stringify(meta)}` : ''
    const params = `{"name":"${tool}","arguments":${text}${more}}`
    const whole = tool ? `{"jsonrpc":"2.0","id":9,"method":"tools/call","params":${params}}` : text
    const response = await exchange({ text: whole, ...(tool && { tool }) })
    const told = `${response} ${readText(response)}`
    for (const one of says) expect(told).toContain(one)
    for (const one of hides) expect(told).not.toContain(one)
    expect(upstream.requests).toMatchObject(arrives ? [arrives] : [])
  })
})

/** The text that a model reads, without the escapes of JSON. */
function readText(response: string): string {
  const { result } = JSON.parse(response)
  return result?.content[0].text ?? ''
}

it('a first message over stdio whose protocol version is an address is refused without it', async () => {
  const _meta = { ...meta, [`${prefix}/protocolVersion`]: 'ada@example.org' }
  const message = { jsonrpc: '2.0', id: 9, method: 'server/discover', params: { _meta } }
  const response = await serveStreams()(JSON.stringify(message))
  expect(JSON.parse(response)).toMatchObject({ id: 9, error: { data: { requested: '[redacted]' } } })
})
