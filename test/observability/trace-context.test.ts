import { expect, it, test } from 'vitest'
import { readTraceparent } from '../../src/observability/requests.ts'
import { startGateway } from '../support/gateway.ts'
import { calls, servers } from '../support/servers.ts'
import { startUpstream } from '../support/upstream-stub.ts'
import { findOperation, openRequester, respond } from '../upstream/requester-fixture.ts'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const parentId = '00f067aa0ba902b7'

it.each(['00', '01', 'ff'])('reads a traceparent with the flags %s, and passes it on as it came', (flags) => {
  const traceparent = `00-${traceId}-${parentId}-${flags}`
  expect(readTraceparent(traceparent)).toEqual({ traceparent, traceId })
})

it.each([
  [`01-${traceId}-${parentId}-01`, `00-${traceId}-${parentId}-01`],
  [`cc-${traceId}-${parentId}-02-what-the-future-brings`, `00-${traceId}-${parentId}-00`],
])('passes on of %s what it knows', (traceparent, known) => {
  expect(readTraceparent(traceparent)?.traceparent).toBe(known)
})

it.each([
  undefined,
  '',
  `00-${traceId}-${parentId}`,
  `00-${traceId}-${parentId}-01-more`,
  `00-${traceId}-${parentId}-01 `,
  `00-${traceId.toUpperCase()}-${parentId}-01`,
  `00-${'0'.repeat(32)}-${parentId}-01`,
  `00-${traceId}-${'0'.repeat(16)}-01`,
  `ff-${traceId}-${parentId}-01`,
  `00-${traceId}-${parentId}-01, 00-${traceId}-${parentId}-01`,
  `01-${traceId}-${parentId}-01more`,
  'planted',
])('takes %s for none', (text) => {
  expect(readTraceparent(text)).toBeUndefined()
})

test.each(['rest', 'mcp'] as const)(
  'a valid traceparent goes upstream from %s, and its trace id into the log; nothing else does',
  async (server) => {
    await using upstream = await startUpstream()
    await using running = await startGateway(upstream.url)
    const traceparent = `00-${traceId}-${parentId}-01`
    const others = { tracestate: 'planted=1', baggage: 'planted=1', b3: `${traceId}-${parentId}-1` }
    await servers[server](running, calls.get, { headers: { traceparent, ...others } })
    await servers[server](running, calls.get, {
      headers: { traceparent: `${traceparent}-planted`, ...others },
    })
    const [valid, invalid] = upstream.requests.map(({ headers }) => headers)
    expect([valid?.traceparent, invalid?.traceparent]).toEqual([traceparent, undefined])
    expect(Object.keys(valid ?? {}).filter((name) => /tracestate|baggage|^b3$/.test(name))).toEqual([])
    const logged = running.log
      .map((line) => JSON.parse(line))
      .filter(({ msg }) => msg === 'request completed')
    expect(logged.map((line) => line.traceId)).toEqual([traceId, undefined])
    expect(running.log.join('')).not.toMatch(/planted|00f067aa/)
  },
)

test('a call of another trace is the same call', async () => {
  const { call, sent } = openRequester()
  const refresh = findOperation('POST', '/refresh')
  const headers = { 'x-cal-client-id': '1', 'x-cal-secret-key': 'demo-secret' }
  const first = await call(refresh, { headers: { ...headers, traceparent: `00-${traceId}-${parentId}-01` } })
  const second = await call(refresh, { headers: { ...headers, traceparent: `00-${traceId}-${parentId}-00` } })
  expect(sent).toHaveLength(1)
  await sent[0]?.settle(null, respond(200))
  expect([first.response?.status, second.response?.status]).toEqual([200, 200])
})
