import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { asRecord } from '../../src/document/json.ts'
import { runCommand, runCommandWith } from '../cli/run-command.ts'
import { startGateway } from '../support/gateway.ts'
import { clients } from '../support/mcp-clients.ts'
import { respondJson, startUpstream } from '../support/upstream-stub.ts'

const text = { type: 'string' }
const password = { type: 'string', format: 'password' }
const object = (properties: object, more: object = {}) => ({ type: 'object', properties, ...more })
const hook = object({ id: text, secret: password })
const planted = 'planted-secret'
const sent = { id: 'a', secret: planted }

/** What the API describes and sends by operation, and what a tool tells of it; nothing where there is no tool. */
const operations: Readonly<Record<string, readonly [object, unknown, object?]>> = {
  getMe: [
    object({ id: text, name: text, apiKey: password }),
    { id: 'a', name: 'b', apiKey: planted },
    { id: 'a', name: 'b' },
  ],
  listWebhooks: [{ type: 'array', items: hook }, [sent], { result: [{ id: 'a' }] }],
  getCredentials: [
    object({ id: text, creds: object({ apiKey: password }) }),
    { id: 'a', creds: { apiKey: planted } },
    { id: 'a' },
  ],
  listPage: [
    object({ total: { type: 'integer' }, items: { type: 'array', items: hook } }),
    { total: 1, items: [sent] },
    { total: 1, items: [{ id: 'a' }] },
  ],
  getSession: [
    object({ user: object({ id: text }), auth: object({ token: password }) }),
    { user: { id: 'a' }, auth: { token: planted } },
    { user: { id: 'a' } },
  ],
  getMap: [{ type: 'object', additionalProperties: hook }, { x: sent }, { x: { id: 'a' } }],
  getTuple: [{ type: 'array', prefixItems: [text, hook] }, ['b', sent], { result: ['b', { id: 'a' }] }],
  getKey: [object({ key: password }), { key: planted }],
  getPair: [object({ expires: text, key: password }, { 'x-secret': true }), { key: planted }],
}

const schemaOf = (schema: object) => ({ description: 'Done', content: { 'application/json': { schema } } })
const document = {
  openapi: '3.1.0',
  info: { title: 'Shop', version: '1' },
  'x-name': 'shop',
  components: { securitySchemes: { key: { type: 'apiKey', in: 'header', name: 'x-api-key' } } },
  security: [{ key: [] }],
  paths: Object.fromEntries(
    Object.entries(operations).map(([id, [schema]]) => [
      `/${id}`,
      {
        get: {
          operationId: id,
          'x-mcp-tool': { name: id },
          responses: { 200: schemaOf(schema), 202: schemaOf(hook) },
        },
      },
    ]),
  ),
}
const described = (operationId: string, responses: object) => ({
  [`/${operationId}`]: { get: { operationId, responses, 'x-mcp-tool': { name: operationId } } },
})
const undescribed = {
  ...document,
  paths: {
    ...described('noContent', { 204: { description: 'Deleted' } }),
    ...described('descriptionOnly', { 200: { description: 'The user' } }),
    ...described('anyValue', { 200: schemaOf({}) }),
    ...described('noSchema', { 200: { description: 'Done', content: { 'application/json': {} } } }),
    ...described('picture', { 200: { description: 'Done', content: { 'image/png': {} } } }),
    ...described('object', { 200: schemaOf({ type: 'object' }) }),
  },
}
const told = Object.entries(operations).filter(([, [, , expected]]) => expected !== undefined)
const credentials = { SHOP_KEY: 'held-secret' }

let folder: string
let file: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'calgate-secrets-'))
  file = join(folder, 'shop.json')
  await writeFile(file, JSON.stringify(document, null, 1))
})
afterAll(() => rm(folder, { recursive: true }))

test.each(clients)('through $client, all but secrets are told, of every status', async ({ connect }) => {
  let status = 200
  await using upstream = await startUpstream(({ url }, response) =>
    respondJson(response, status, status === 200 ? operations[String(url).slice(1)]?.[1] : sent),
  )
  const environment = { ...credentials, SHOP_BASE_URL: upstream.url }
  await using running = await startGateway(upstream.url, environment, { document })
  const client = await connect({ url: `${running.mcpUrl}/mcp` })
  const { tools } = await client.listTools()
  expect(tools.map(({ name }) => name)).toEqual(told.map(([name]) => name))
  for (const [name, [, , expected]] of told) {
    status = 200
    const result = await client.callTool({ name, arguments: {} })
    expect([name, result.structuredContent]).toEqual([name, expected])
    status = 202
    const other = await client.callTool({ name, arguments: {} })
    expect([name, other.structuredContent]).toEqual([name, { id: 'a' }])
    expect(JSON.stringify([result, other])).not.toContain(planted)
  }
  await client.close()
  const warnings = running.log.map((line) => asRecord(JSON.parse(line))).filter(({ level }) => level === 40)
  expect(warnings.map(({ msg, operation, reason }) => [msg, operation, reason])).toEqual([
    ['tool not listed', 'GET /getKey', 'its response has nothing but secrets'],
  ])
})

test('nothing is left out, nor warned of, where secrets are revealed', async () => {
  await using upstream = await startUpstream()
  const environment = { ...credentials, SHOP_BASE_URL: upstream.url, MCP_TOKENS: 'reveal' }
  await using running = await startGateway(upstream.url, environment, { document })
  expect(running.log.join()).not.toContain('tool not listed')
  await running.gateway.reload({ config: running.config, document: undescribed })
  expect(running.log.join()).not.toContain('response not shown')
})

test('the log and doctor name each tool whose response is not described', async () => {
  await using upstream = await startUpstream()
  const environment = { ...credentials, SHOP_BASE_URL: upstream.url }
  await using running = await startGateway(upstream.url, environment, { document: undescribed })
  const names = ['/descriptionOnly', '/anyValue', '/noSchema'].map((path) => `GET ${path}`)
  const logged = running.log.map((line) => asRecord(JSON.parse(line)))
  const warned = logged.filter(({ msg }) => msg === 'response not shown')
  expect(warned.map(({ level, operation }) => [level, operation])).toEqual(names.map((name) => [40, name]))
  const other = join(folder, 'undescribed.json')
  await writeFile(other, JSON.stringify(undescribed))
  const doctor = await runCommandWith(credentials, 'doctor', other, '--base-url', upstream.url)
  const found = doctor.stdout.match(/(?<=tools +)\S+ \S+(?= shows no response)/g)
  expect(found).toEqual(names)
})

test('check and doctor name each tool that is left out, unless the document means it', async () => {
  const { code, stdout } = await runCommand('check', file, '--base-url', 'https://api.example.org')
  expect(code).toBe(0)
  expect(stdout.replaceAll(`${folder}/`, '').split('\n')).toEqual([
    expect.stringMatching(
      /^shop\.json:\d+: warning: GET \/getKey is no tool with MCP_TOKENS=withhold: its response has nothing but secrets; expected .*x-secret/,
    ),
    '0 errors, 0 left out, 1 warning; 9 operations are served',
    '',
  ])
  await using upstream = await startUpstream()
  const doctor = await runCommandWith(credentials, 'doctor', file, '--base-url', upstream.url)
  expect(doctor.stdout).toContain('GET /getKey is no tool: its response has nothing but secrets')
  expect(doctor.stdout).not.toContain('getPair')
})
