import { afterEach, expect, test } from 'vitest'
import { faults } from '../support/faults.ts'
import { startGateway } from '../support/gateway.ts'
import { behaveWell, goodBody, type RawUpstream, startRawUpstream } from '../support/raw-upstream.ts'
import { calls, type ServerName, servers } from '../support/servers.ts'

const names: readonly ServerName[] = ['rest', 'mcp']
const cases = names.flatMap((server) =>
  faults.map((fault) => ({ server, ...fault, title: `${server}: an upstream that ${fault.name}` })),
)

const opened = new Set<AsyncDisposable>()
afterEach(async () => {
  for (const one of [...opened].reverse()) await one[Symbol.asyncDispose]()
  opened.clear()
})

async function open(
  timeout: number,
): Promise<{ upstream: RawUpstream; gateway: Awaited<ReturnType<typeof startGateway>> }> {
  const upstream = await startRawUpstream()
  opened.add(upstream)
  const gateway = await startGateway(upstream.url, { UPSTREAM_TIMEOUT_MS: String(timeout) })
  opened.add(gateway)
  return { upstream, gateway }
}

test('there are more than forty ways to fail', () => {
  expect(new Set(faults.map(({ name }) => name)).size).toBeGreaterThan(40)
})

test.each(cases)(
  '$title costs a read and a write the stated answer each, and the next call nothing',
  async (fault) => {
    const { upstream, gateway } = await open(fault.slow ? 500 : 20_000)
    const [status, code] = fault.expected
    for (const [name, hits] of [
      ['get', fault.again ? 2 : 1],
      ['create', 1],
    ] as const) {
      const before = upstream.hits
      upstream.behave = fault.behave
      const faulty = await servers[fault.server](gateway, calls[name], { secret: `demo-${name}` })
      expect({ status: faulty.status, code: faulty.code }).toEqual({ status, code })
      if (code) expect(faulty.outcome).toBe('unknown')
      expect(upstream.hits - before).toBe(hits)
      upstream.behave = behaveWell
      const clean = await servers[fault.server](gateway, calls[name], { secret: 'demo-clean' })
      expect([clean.status, clean.text]).toEqual([200, goodBody])
    }
  },
)

test.each(names)('%s: an upstream where nobody listens means that nothing was sent', async (server) => {
  const gateway = await startGateway('http://127.0.0.1:1')
  opened.add(gateway)
  for (const name of ['get', 'create'] as const) {
    const { status, code, outcome } = await servers[server](gateway, calls[name])
    expect([status, code, outcome]).toEqual([502, 'upstream_unreachable', 'not_executed'])
  }
})

test.each(names)(
  '%s: an upstream that speaks no TLS where TLS is expected gets nothing of the call',
  async (server) => {
    const upstream = await startRawUpstream()
    opened.add(upstream)
    const gateway = await startGateway(upstream.url.replace('http:', 'https:'), {
      UPSTREAM_TIMEOUT_MS: '150',
    })
    opened.add(gateway)
    const { code, outcome } = await servers[server](gateway, calls.create)
    expect([code, outcome, upstream.hits]).toEqual(['upstream_unreachable', 'not_executed', 0])
  },
)
