import { setTimeout as wait } from 'node:timers/promises'
import { type Finding, report } from './finding.ts'
import { type GatewayProcess, readOne, startGatewayProcess } from './gateway-process.ts'
import { countStatuses, findQuantile, load, type Tally } from './load.ts'
import { startQuickUpstream } from './quick-upstream.ts'

/** Milliseconds that the upstream takes; with the gateway's 256 places it bounds what can be done in a second. */
const delay = 400
/** Callers at a time for the peak: as many as have a place. */
const places = 256
/** Connections that an overload may open. */
const connections = 4_000

/**
 * Finds the most that the gateway does in a second, then asks twice as much of it without regard to its answers:
 * what it still does must stay near its peak and in time, and its memory must not grow with the queue outside.
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
      measured: `${Math.round(goodput * 100)} % of the peak, ${shed} requests shed with 503, ${tally.lost} lost`,
      ok: goodput >= 0.8 && shed > 0,
    },
    {
      what: `${what}: answers with 200`,
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
  const options = rate === undefined ? { connections: places } : { connections, rate }
  const tally = load({ port: gateway.restPort, request: readOne, ...options, signal: over.signal })
  await wait(seconds * 1000)
  over.abort()
  return tally
}

function countGood(tally: Tally): number {
  return countStatuses(tally, (status) => status === 200)
}

if (import.meta.main) report(await overload())
