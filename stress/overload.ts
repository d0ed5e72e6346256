import { setTimeout as wait } from 'node:timers/promises'
import { type Finding, report } from './finding.ts'
import { type GatewayProcess, readOne, startGatewayProcess } from './gateway-process.ts'
import { countStatuses, findQuantile, load, type Tally } from './load.ts'
import { startQuickUpstream } from './quick-upstream.ts'

/** Delay of the upstream in milliseconds; with the limit of 256 concurrent requests it bounds the peak rate. */
const delay = 400
/** Connections for the peak: the concurrency limit of the gateway. */
const concurrency = 256
/** Connections that an overload may open. */
const connections = 4_000

/**
 * Measures the peak rate of the gateway, then sends twice as many requests. Goodput must stay near the peak and in time,
 * and memory must not grow with the number of waiting clients.
 */
export async function overload(seconds = 30): Promise<Finding[]> {
  await using upstream = await startQuickUpstream(delay)
  await using gateway = await startGatewayProcess(upstream.url)
  await run(gateway, 3)
  const peak = countGood(await run(gateway, 5)) / 5
  const before = gateway.readMemory()
  const tally = await run(gateway, seconds, 2 * peak)
  const after = gateway.readMemory()
  const goodput = countGood(tally) / seconds / peak
  const slowest = findQuantile(tally.latencies, 0.99)
  const megabytes = (bytes: number) => Math.round(bytes / 1024 / 1024)
  const shed = countStatuses(tally, (status) => status === 503)
  const what = `twice the peak of ${Math.round(peak)} requests/s for ${seconds} s`
  return [
    {
      what: `${what}: goodput`,
      figure: 'at least 80 % of the peak',
      measured: `${Math.round(goodput * 100)} % of the peak, ${shed} requests refused with 503, ${tally.lost} lost`,
      ok: goodput >= 0.8 && shed > 0,
    },
    {
      what: `${what}: responses with 200`,
      figure: 'p99 at most 1 s',
      measured: `p99 ${Math.round(slowest)} ms`,
      ok: slowest <= 1_000,
    },
    {
      what: `${what}: memory of the process`,
      figure: 'bounded: at most 512 MB',
      measured: `${megabytes(before)} MB before, ${megabytes(after)} MB after`,
      ok: after <= 512 * 1024 * 1024,
    },
  ]
}

async function run(gateway: GatewayProcess, seconds: number, rate?: number): Promise<Tally> {
  const over = new AbortController()
  const options = rate === undefined ? { connections: concurrency } : { connections, rate }
  const tally = load({ port: gateway.restPort, request: readOne, ...options, signal: over.signal })
  await wait(seconds * 1000)
  over.abort()
  return tally
}

function countGood(tally: Tally): number {
  return countStatuses(tally, (status) => status === 200)
}

if (import.meta.main) report(await overload())
