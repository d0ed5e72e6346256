import { expect, it, test } from 'vitest'
import { readDocument } from '../../src/document/document.ts'
import { readOperations } from '../../src/document/operations.ts'
import { readDescribedOperations } from '../../src/document/responses.ts'
import { errorCatalogue } from '../../src/errors/catalogue.ts'
import { readText } from '../rules/tree.ts'
import { findClosedUrl, type RunningGateway, startGateway } from '../support/gateway.ts'
import { openConnection, readAll } from '../support/raw-connection.ts'
import { calls, servers } from '../support/servers.ts'
import { respondJson, startSlowUpstream, startUpstream } from '../support/upstream-stub.ts'

/** One sample: its name, its labels and its value. */
interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

async function scrape({ gateway }: RunningGateway): Promise<Sample[]> {
  const { body, headers } = await gateway.control.inject('/metrics')
  expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
  return [...body.matchAll(/^([a-z_]+)(?:\{(.*)\})? (\S+)$/gm)].map(([, name = '', labels = '', value]) => ({
    name,
    labels: Object.fromEntries([...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, text]) => [key, text])),
    value: Number(value),
  }))
}

/** The samples of a metric as `label label value`, sorted. */
function read(samples: readonly Sample[], name: string): string[] {
  return samples
    .filter((sample) => sample.name === `calgate_${name}`)
    .map(({ labels, value }) => [...Object.values(labels), value].join(' '))
    .sort()
}

const users = '/v1/v2/oauth-clients/cm9demo/users'
const headers = { 'x-cal-secret-key': 'demo-secret' }

test('requests are counted by surface, operation and status, and errors by their code', async () => {
  await using upstream = await startUpstream((request, response) =>
    respondJson(response, request.method === 'PATCH' ? 418 : 200, { status: 'success', data: {} }),
  )
  await using running = await startGateway(upstream.url)
  for (const server of ['rest', 'mcp'] as const) {
    await servers[server](running, calls.get)
    await servers[server](running, calls.update)
    await servers[server](running, {
      ...calls.get,
      path: `${calls.list.path}/0`,
      arguments: { clientId: 'cm9demo' },
    })
  }
  await (await fetch(`${running.restUrl}/nowhere`)).text()
  await (await fetch(`${running.mcpUrl}/mcp`)).text()
  await (await fetch(`${running.restUrl}/%zz`)).text()
  const samples = await scrape(running)
  const { get: getId, update: updateId } = findIds()
  expect(read(samples, 'requests_total')).toEqual(
    [
      ...['rest', 'mcp'].flatMap((surface) => [
        `${surface} ${getId} 200 1`,
        `${surface} ${getId} 400 1`,
        `${surface} ${updateId} 4xx 1`,
      ]),
      'rest none 400 1',
      'rest none 404 1',
      'mcp none 405 1',
    ].sort(),
  )
  expect(read(samples, 'errors_total')).toEqual([
    'mcp invalid_argument 1',
    'mcp method_not_allowed 1',
    'rest bad_request 1',
    'rest invalid_argument 1',
    'rest route_not_found 1',
  ])
  expect(read(samples, 'upstream_calls_total')).toEqual([`${getId} 200 2`, `${updateId} 4xx 2`].sort())
  expect(read(samples, 'request_duration_seconds_count')).toHaveLength(6)
})

function findIds() {
  const operations = readOperations(readDocument())
  const find = (tool: string) => operations.find((one) => one.tool?.name === tool)?.id ?? ''
  return { get: find(calls.get.tool), update: find(calls.update.tool) }
}

test('an upstream that is not there shows as retries and as the error in place of its answer', async () => {
  await using running = await startGateway(await findClosedUrl())
  await servers.rest(running, calls.get)
  const samples = await scrape(running)
  const { get } = findIds()
  expect(read(samples, 'upstream_retries_total')).toEqual([`${get} 2`])
  expect(read(samples, 'upstream_calls_total')).toEqual([`${get} upstream_unreachable 1`])
  expect(read(samples, 'circuit_state')).toEqual(['closed 1', 'half_open 0', 'open 0'])
})

test('work, waiting and what was refused are told as they are now', async () => {
  await using upstream = await startSlowUpstream()
  const admission = { active: 1, waiting: 0, timeout: 0 }
  await using running = await startGateway(upstream.url, {}, { admission })
  const first = fetch(running.restUrl + users, { headers })
  await upstream.arrived
  expect((await fetch(running.restUrl + users, { headers })).status).toBe(503)
  const samples = await scrape(running)
  expect(
    ['requests_active', 'requests_waiting', 'requests_shed_total'].map((one) => read(samples, one)),
  ).toEqual([['1'], ['0'], ['1']])
  upstream.release()
  await (await first).text()
})

test('a caller that leaves before its answer is counted as 499', async () => {
  await using upstream = await startSlowUpstream()
  await using running = await startGateway(upstream.url)
  const caller = new AbortController()
  const call = fetch(`${running.restUrl}${users}/4711`, { headers, method: 'DELETE', signal: caller.signal })
  await upstream.arrived
  caller.abort()
  await expect(call).rejects.toThrow('aborted')
  await expect
    .poll(async () => read(await scrape(running), 'requests_total'))
    .toEqual([expect.stringMatching(/^rest \S+ 499 1$/)])
  upstream.release()
})

test('no flood of odd paths, methods, names and bodies makes a label that the document does not have', async () => {
  let answers = 0
  await using upstream = await startUpstream((_request, response) => {
    answers += 1
    const data = { [`odd-${answers}`]: 1, bio: answers, id: `odd-${answers}` }
    respondJson(response, answers % 2 ? 299 : 200, { status: 'success', data })
  })
  await using running = await startGateway(upstream.url, {}, { sampling })
  await flood(running)
  const operations = readOperations(readDocument())
  const codes = Object.keys(errorCatalogue)
  const members = Object.keys(Object(readDocument().components).schemas.ManagedUser.properties)
  const statuses = [
    ...readDescribedOperations(readDocument()).flatMap(({ responses }) =>
      responses.map(({ status }) => status),
    ),
    ...Object.values(errorCatalogue).map(({ status }) => `${status}`),
    '499',
    ...[2, 4, 5].map((digit) => `${digit}xx`),
  ]
  const allowed: Readonly<Record<string, readonly string[]>> = {
    surface: ['rest', 'mcp'],
    operation: ['none', ...operations.map(({ id }) => id)],
    status: statuses,
    outcome: [...statuses, ...codes],
    code: codes,
    rule: ['status', 'required', 'undocumented', 'type'],
    pointer: ['', '/data', '/data/?', ...members.map((name) => `/data/${name}`)],
    state: ['closed', 'half_open', 'open'],
  }
  const samples = (await scrape(running)).filter(({ name }) => name.startsWith('calgate_'))
  const { le: _, ...seen } = Object.groupBy(
    samples.flatMap(({ labels }) => Object.entries(labels)),
    ([label]) => label,
  )
  const values = Object.entries(seen).flatMap(([label, all = []]) =>
    [...new Set(all.map(([, value]) => value))].map((value) => [label, value] as const),
  )
  expect(values.filter(([label, value]) => !allowed[label]?.includes(value))).toEqual([])
  expect(read(samples, 'requests_total').length).toBeGreaterThan(10)
})

/** On a clock that goes a second a look every answer is looked at. */
const sampling = {
  now: 0,
  clock() {
    sampling.now += 1_000
    return sampling.now
  },
  random: () => 0,
}

async function flood({ restUrl, mcpUrl }: RunningGateway): Promise<void> {
  for (let n = 0; n < 5; n += 1) {
    const odd = `odd-${n}`
    const paths = [
      `/${odd}`,
      `${users}?${odd}=1`,
      `${users}/${n}`,
      `${users}/${odd}`,
      '/%zz',
      `${users}/${odd}/x`,
    ]
    for (const path of paths)
      for (const method of ['GET', 'DELETE', 'OPTIONS', 'PROPFIND'])
        await (await fetch(restUrl + path, { method, headers: { ...headers, [odd]: odd } })).text()
    const asked = [odd, 'tools/call', 'tools/list', `${odd}/list`].map((method) => ({
      method,
      params: { name: odd },
    }))
    const known = { method: 'tools/call', params: { name: 'get-managed-user', arguments: { [odd]: odd } } }
    const found = {
      method: 'tools/call',
      params: { name: 'get-managed-user', arguments: { clientId: odd, userId: 1 } },
    }
    for (const one of [...asked, known, found]) {
      const init = { method: 'POST', headers: { ...headers, 'content-type': 'application/json' } }
      const body = JSON.stringify({ jsonrpc: '2.0', id: odd, ...one })
      await (await fetch(`${mcpUrl}/mcp`, { ...init, body })).text()
      await (await fetch(`${mcpUrl}/${odd}`, { ...init, body })).text()
    }
    for (const url of [restUrl, mcpUrl]) {
      const socket = openConnection(url)
      socket.end(`${odd} / HTTP/1.1\r\n\r\n`)
      await readAll(socket)
    }
  }
}

it('has every metric in docs/observability.md with its labels, and no other', async () => {
  await using running = await startGateway(await findClosedUrl())
  const { body } = await running.gateway.control.inject('/metrics')
  const registered = [...body.matchAll(/^# TYPE (calgate_\w+) /gm)].map(([, name = '']) => name)
  const documented = [...readText('docs/observability.md').matchAll(/^\| `(calgate_\w+)` \|/gm)]
  expect(registered.sort()).toEqual(documented.map(([, name = '']) => name).sort())
})
