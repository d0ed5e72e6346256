import { findQuantile, load } from '../../stress/load.ts'
import { bareProxy } from '../contenders.ts'
import type { BenchRequest } from '../load-generator.ts'
import { requestRest } from '../requests.ts'
import { compare, summarise } from '../statistics.ts'
import { startContenders } from './comparison.ts'
import { type Bench, type Section, writeSpread } from './section.ts'

/**
 * Measures latency at a rate that both servers can serve, half of the bare proxy's peak. Latency counts from the
 * moment a request was due, so that waiting for a connection counts as well.
 */
export async function measureLatency(bench: Bench, peak: number): Promise<Section> {
  const { settings, gateway } = bench
  await using running = await startContenders([bareProxy, gateway], bench)
  const late = new Map(running.subjects.map(({ contender }) => [contender.name, [] as number[]]))
  const rate = Math.round(peak / 2)
  for (let round = -1; round < settings.rounds; round += 1)
    for (const { contender, port } of running.subjects) {
      const signal = AbortSignal.timeout(Math.max(settings.seconds, 1.5) * 1_000)
      const request = writeRequest(requestRest(contender))
      const { latencies } = await load({ port, request, connections: 32, rate, signal })
      // The first round only warms up.
      if (round >= 0) late.get(contender.name)?.push(findQuantile(latencies, 0.99))
    }
  const rows = [...late].map(([name, all]) => [name, writeSpread(summarise(all))])
  return {
    tables: [
      {
        title: 'Latency at a fixed rate',
        note: `p99 in ms at ${rate} requests a second, half of the bare proxy's peak.`,
        columns: ['', 'p99 ms'],
        rows,
      },
    ],
    targets: [
      {
        what: "p99 at a fixed rate (half of bare http-proxy's peak) ÷ bare http-proxy",
        must: 1.2,
        aim: 1,
        direction: 'at most',
        measured: compare(late.get(gateway.name) ?? [], late.get(bareProxy.name) ?? []),
      },
    ],
  }
}

function writeRequest({ method, path, headers }: BenchRequest): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${lines.join('')}\r\n`
}
