import { readCpu } from '../bench/process-usage.ts'
import { compare, summarise } from '../bench/statistics.ts'
import { type Finding, report } from './finding.ts'
import { countRequests, type GatewayProcess, readOne } from './gateway-process.ts'
import { load } from './load.ts'
import { startQuickUpstream } from './quick-upstream.ts'
import { startSharedState } from './shared-state.ts'
import { startTelemetryReceiver } from './telemetry-receiver.ts'

const connections = 32
/** Measurements of each gateway, and milliseconds of each. */
const rounds = 9
const duration = 3_000
/** Milliseconds of load before the first measurement: about 50,000 requests a process, until V8 has compiled what they run. */
const warmUp = 15_000

/** Measures the CPU a request with two workers, and with telemetry, against a gateway without, round by round. */
export async function compareCost(): Promise<Finding[]> {
  await using upstream = await startQuickUpstream()
  await using receiver = await startTelemetryReceiver()
  await using shared = await startSharedState()
  await using plain = await shared.start(upstream.url)
  await using workers = await shared.start(upstream.url, {}, ['--workers', '2'])
  await using traced = await shared.start(upstream.url, { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url })
  const gateways = [plain, workers, traced]
  const costs = gateways.map((gateway) => ({ gateway, numbers: [] as number[] }))
  for (const gateway of [...gateways, workers]) await measure(gateway, warmUp)
  for (let round = 0; round < rounds; round += 1)
    for (const { gateway, numbers } of costs) numbers.push(await measure(gateway))
  const [base = [], two = [], sent = []] = costs.map(({ numbers }) => numbers)
  const shares = await readShares(workers)
  const isEven = shares.every((share) => share >= 0.4 && share <= 0.6)
  return [
    bound('CPU a call of `--workers 2`', [two, base], 1.15, 'one worker'),
    {
      what: `share of the calls that each of two workers serves, ${connections} connections`,
      figure: '40 % to 60 %',
      measured: shares.map((share) => `${(share * 100).toFixed(1)} %`).join(' and '),
      ok: shares.length === 2 && isEven,
    },
    bound('CPU a request with OpenTelemetry', [sent, base], 1.3, 'without'),
  ]
}

/** Compares the cheapest rounds: other work on the machine makes a round dearer, and never cheaper. */
function bound(
  what: string,
  [numbers, base]: readonly [readonly number[], readonly number[]],
  figure: number,
  than: string,
): Finding {
  const ratio = summarise(numbers).least / summarise(base).least
  const { median, least, most } = compare(numbers, base)
  const spread = `round by round ${median.toFixed(2)}, ${least.toFixed(2)} to ${most.toFixed(2)}`
  const measured = `${ratio.toFixed(2)} × by the cheapest of ${rounds} rounds; ${spread}`
  return { what, figure: `at most ${figure} × of ${than}`, measured, ok: ratio <= figure, timed: true }
}

/** Returns microseconds of CPU a request. */
async function measure({ child, restPort }: GatewayProcess, milliseconds = duration): Promise<number> {
  const before = readCpu(child.pid ?? 0)
  const signal = AbortSignal.timeout(milliseconds)
  const { statuses } = await load({ port: restPort, request: readOne, connections, signal })
  if ([...statuses.keys()].join() !== '200') throw new Error(`statuses ${[...statuses.keys()].join()}`)
  return (readCpu(child.pid ?? 0) - before) / (statuses.get(200) ?? 0)
}

/** Reads how many of all calls each of two workers served; the second has its metrics on the next port. */
async function readShares({ controlPort }: GatewayProcess): Promise<number[]> {
  const counts = await Promise.all([controlPort, controlPort + 1].map(countRequests))
  const all = counts.reduce((sum, one) => sum + one)
  return counts.map((count) => count / all)
}

if (import.meta.main) report(await compareCost())
