import { expect, it } from 'vitest'
import { logFields } from '../../src/observability/logger.ts'
import { secretValue, startMcp } from '../mcp/example.ts'
import { findClosedUrl, type RunningGateway, startGateway } from '../support/gateway.ts'
import { calls, servers } from '../support/servers.ts'
import { respondJson, startUpstream } from '../support/upstream-stub.ts'

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const line = { level: 30, time: expect.any(String), ms: expect.any(Number), msg: 'request completed' }

function readLog({ log }: Pick<RunningGateway, 'log'>) {
  return log.map((text) => JSON.parse(text)).filter(({ msg }) => msg === 'request completed')
}

it('logs a request on REST by its route, never by its path', async () => {
  await using upstream = await startUpstream()
  await using running = await startGateway(upstream.url)
  await servers.rest(running, calls.get)
  await (await fetch(`${running.restUrl}/planted?planted=1`, { method: 'OPTIONS' })).text()
  const common = { ...line, surface: 'rest', requestId: expect.stringMatching(uuid) }
  expect(readLog(running)).toEqual([
    { ...common, method: 'GET', route: '/v1/v2/oauth-clients/:clientid/users/:userid', status: 200 },
    { ...common, method: 'OPTIONS', route: 'none', status: 404, code: 'route_not_found' },
  ])
})

it('logs a tool call by the name of the tool, where it is one, and by how it ended', async () => {
  await using upstream = await startUpstream((_request, response) => respondJson(response, 404, {}))
  await using running = await startGateway(upstream.url)
  await servers.mcp(running, calls.get)
  await servers.mcp(running, { ...calls.get, arguments: {} })
  const params = { name: 'planted', arguments: {} }
  const init = { method: 'POST', headers: { 'content-type': 'application/json' } }
  const post = async (body: unknown) =>
    (await fetch(`${running.mcpUrl}/mcp`, { ...init, body: JSON.stringify(body) })).text()
  await post({ jsonrpc: '2.0', id: 1, method: 'tools/call', params })
  const batch = [calls.list, calls.get, calls.get].map(({ tool: name }, id) => ({
    ...{ jsonrpc: '2.0', id, method: 'tools/call' },
    params: { name, arguments: {} },
  }))
  await post(batch)
  const common = { ...line, surface: 'mcp', method: 'POST', route: '/mcp', status: 200 }
  const get = { ...common, requestId: expect.stringMatching(uuid), tool: 'get-managed-user' }
  const refused = { toolStatus: 400, code: 'invalid_argument' }
  expect(readLog(running)).toEqual([
    { ...get, toolStatus: 404 },
    { ...get, ...refused },
    { ...common, requestId: expect.stringMatching(uuid) },
    { ...get, ...refused, tool: 'get-all-managed-users,get-managed-user' },
  ])
})

it('gives every error of the gateway the id under which it is logged, and no answer of the upstream', async () => {
  await using upstream = await startUpstream((_request, response) =>
    respondJson(response, 200, { status: 'success', data: {} }, { 'x-request-id': 'upstream-1' }),
  )
  await using running = await startGateway(upstream.url)
  await using lonely = await startGateway(await findClosedUrl())
  const passed = await servers.rest(running, calls.get)
  const refused = await servers.rest(
    running,
    { ...calls.get, path: '/planted' },
    { headers: { 'x-request-id': 'mine' } },
  )
  const unreachable = await servers.rest(lonely, calls.get)
  const tool = await servers.mcp(lonely, calls.get)
  const ids = [passed, refused, unreachable, tool].map(({ headers }) => headers.get('x-request-id'))
  const logged = [...readLog(running), ...readLog(lonely)].map(({ requestId }) => requestId)
  expect(ids).toEqual(['upstream-1', ...logged.slice(1)])
  expect(new Set(logged).size).toBe(4)
})

it('tells the caller of a failed tool the id of the request, under which the failure is logged', async () => {
  await using server = await startMcp(() => {
    throw new TypeError('planted')
  })
  const params = {
    name: 'get-book',
    arguments: { shopId: 'abc', bookId: 7, 'x-example-secret': secretValue },
  }
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params })
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body }
  const response = await fetch(server.url, init)
  const requestId = response.headers.get('x-request-id')
  expect(await response.text()).toContain(`The request id is ${requestId}.`)
  const failure = server.logged.map((text) => JSON.parse(text)).find(({ msg }) => msg === 'a tool failed')
  expect(failure).toMatchObject({ requestId, level: 50 })
})

it('writes no field that the log does not have', async () => {
  await using running = await startGateway(await findClosedUrl())
  for (const server of ['rest', 'mcp'] as const) await servers[server](running, calls.get)
  const fields = new Set(running.log.flatMap((text) => Object.keys(JSON.parse(text))))
  expect([...fields].filter((name) => !Object.hasOwn(logFields, name))).toEqual([])
})
