import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { startPrism } from '../../mocks/prism.ts'
import { type RunningGateway, startGateway } from '../../test/support/gateway.ts'
import { clients } from '../../test/support/mcp-clients.ts'
import { type PreferHop, startPreferHop } from '../prefer-hop.ts'

const headers = { 'x-cal-secret-key': 'demo-secret' }
const clientId = 'cm9demo000001abcd1234efgh'

/** The tools of the capability, in figures of our own: name, read-only, destructive, idempotent, arguments, a good call. */
const tools = [
  [
    'get-all-managed-users',
    true,
    false,
    true,
    ['x-cal-secret-key', 'clientId', 'limit', 'offset', 'emails'],
    { limit: 2, emails: ['ada+demo@example.org'] },
  ],
  [
    'create-managed-user',
    false,
    false,
    false,
    ['x-cal-secret-key', 'clientId', 'body'],
    { body: { email: 'ada@example.org', name: 'Ada' } },
  ],
  ['get-managed-user', true, false, true, ['x-cal-secret-key', 'clientId', 'userId'], { userId: 4711 }],
  [
    'update-managed-user',
    false,
    false,
    true,
    ['x-cal-secret-key', 'clientId', 'userId', 'body'],
    { userId: 4711, body: { bio: null } },
  ],
  ['delete-managed-user', false, true, true, ['x-cal-secret-key', 'clientId', 'userId'], { userId: 4711 }],
  ['force-refresh-tokens', false, false, false, ['x-cal-secret-key', 'userId', 'clientId'], { userId: 4711 }],
  [
    'refresh-managed-user-tokens',
    false,
    false,
    false,
    ['clientId', 'x-cal-secret-key', 'body'],
    { body: { refreshToken: 'demo.demo.demo' } },
  ],
] as const

let hop: PreferHop
let running: RunningGateway
let callers = 0
const stack = new AsyncDisposableStack()

beforeAll(async () => {
  const prism = stack.use(await startPrism())
  hop = await startPreferHop({ upstream: prism.url })
  stack.defer(() => hop.close())
  running = stack.use(await startGateway(hop.url))
})
afterAll(() => stack.disposeAsync())

describe.each(clients)('to $client', ({ connect }) => {
  const open = () => connect({ url: `${running.mcpUrl}/mcp`, headers })

  test('exactly the seven tools of the capability are listed, with its hints', async () => {
    const client = await open()
    const listed = await client.listTools()
    await client.close()
    expect(
      listed.tools.map(({ name, annotations, inputSchema }) => [
        name,
        annotations?.readOnlyHint,
        annotations?.destructiveHint,
        annotations?.idempotentHint,
        Object.keys(inputSchema.properties ?? {}),
      ]),
    ).toEqual(tools.map((one) => one.slice(0, 5)))
  })

  test('each tool says in words of its own what it does, and closes its arguments', async () => {
    const client = await open()
    const listed = await client.listTools()
    await client.close()
    expect(new Set(listed.tools.map(({ description }) => description)).size).toBe(7)
    for (const { description = '', title = '', inputSchema, outputSchema, annotations } of listed.tools) {
      expect(description.length).toBeGreaterThan(100)
      expect(description).toContain('Use it')
      expect(description).toContain('Returns')
      expect(description).not.toMatch(/<[a-z/]/i)
      expect([title, annotations?.title, annotations?.openWorldHint]).toEqual([title, title, true])
      expect(inputSchema).toMatchObject({ type: 'object', additionalProperties: false })
      expect(outputSchema).toMatchObject({ type: 'object' })
      expect(JSON.stringify([inputSchema, outputSchema])).not.toContain('$ref')
      expect(inputSchema.required).not.toContain('x-cal-secret-key')
    }
  })

  test.each(tools.map(([name, , , , , values]) => [name, values] as const))(
    '%s answers structured and as text',
    async (name, values) => {
      hop.setPrefer(undefined)
      const client = await open()
      const result = await client.callTool({ name, arguments: { clientId, ...values } })
      await client.close()
      expect(result.isError ?? false).toBe(false)
      expect(result.structuredContent).toMatchObject({ status: 'success' })
      const [first] = [result.content].flat()
      expect(JSON.parse(String(Object(first).text))).toEqual(result.structuredContent)
    },
  )

  test.each([
    [
      'get-managed-user',
      { userId: 77 },
      'code=404, example=user_not_found',
      ['404', 'NotFoundException', 'get-all-managed-users'],
    ],
    [
      'create-managed-user',
      tools[1][5],
      'code=409, example=email_exists',
      ['409', 'ConflictException', '4711', 'get-managed-user'],
    ],
    [
      'delete-managed-user',
      { userId: 77 },
      'code=401, example=wrong_secret',
      ['401', 'UnauthorizedException', 'secret'],
    ],
    [
      'force-refresh-tokens',
      { userId: 77 },
      'code=429, example=throttled',
      ['429', 'ThrottlerException', 'wait'],
    ],
    ['refresh-managed-user-tokens', tools[6][5], 'code=500, example=unexpected', ['500', 'Next:']],
  ] as const)("%s turns Cal.com's error into a tool error (%o, %s)", async (name, values, prefer, words) => {
    hop.setPrefer(prefer)
    // A caller whom the upstream asks to wait is answered by the gateway from then on, so each is one of its own.
    callers += 1
    const own = { 'x-cal-secret-key': `demo-secret-${callers}` }
    const client = await connect({ url: `${running.mcpUrl}/mcp`, headers: own })
    const result = await client.callTool({ name, arguments: { clientId, ...values } })
    await client.close()
    const text = JSON.stringify(result.content).toLowerCase()
    expect(result.isError).toBe(true)
    for (const word of words) expect(text).toContain(word.toLowerCase())
  })

  test('a bad argument comes back in words that a model can correct itself by', async () => {
    const client = await open()
    const values = { clientId, body: { email: 'ada@example.org', name: 'Ada', timeFormat: 13 } }
    const result = await client.callTool({ name: 'create-managed-user', arguments: values })
    await client.close()
    expect(result.isError).toBe(true)
    expect(JSON.stringify(result.content)).toContain('body.timeFormat: must be one of 12, 24 (got 13)')
  })

  test('a call without any secret says the ways to give it', async () => {
    const client = await connect({ url: running.mcpUrl })
    const result = await client.callTool({ name: 'get-managed-user', arguments: { clientId, userId: 1 } })
    await client.close()
    const text = JSON.stringify(result.content)
    expect(result.isError).toBe(true)
    for (const way of ['HTTP header x-cal-secret-key', 'CAL_COM_SECRET_KEY', 'argument x-cal-secret-key'])
      expect(text).toContain(way)
  })

  test('the secret may be an argument, for clients that can send no header', async () => {
    hop.setPrefer(undefined)
    const client = await connect({ url: running.mcpUrl })
    const values = { clientId, userId: 4711, ...headers }
    expect((await client.callTool({ name: 'get-managed-user', arguments: values })).isError ?? false).toBe(
      false,
    )
    await client.close()
  })
})

test('the figures of this contract are those of the capability', () => {
  const text = readFileSync(new URL('../../openapi/capability.yaml', import.meta.url), 'utf8')
  const [, surface] = parse(text).capability.exposes
  const written = surface.tools.map(
    (tool: { name: string; hints: Record<string, boolean>; with: object }) => [
      tool.name,
      tool.hints.readOnly,
      tool.hints.destructive,
      tool.hints.idempotent,
      Object.keys(tool.with),
    ],
  )
  expect(tools.map((one) => one.slice(0, 5))).toEqual(written)
})
