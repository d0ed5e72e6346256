import type { BenchRequest, LoadGenerator, LoadResult } from './load-generator.ts'
import { readCpu } from './process-usage.ts'
import type { Settings } from './settings.ts'

/** A server that is measured beside others. */
export interface Candidate {
  readonly name: string
  readonly port: number
  /** The process whose CPU time counts; absent for the upstream itself. */
  readonly pid?: number
  readonly request: BenchRequest
}

/** The figures of one candidate in one round. */
export interface Measurement {
  /** Microseconds of CPU time for each request; NaN without a `pid`. */
  readonly cpu: number
  /** Requests a second. */
  readonly rate: number
  readonly p50: number
  readonly p99: number
  readonly errors: number
}

/** Loads the candidates one after the other, round by round, and returns the measurements of each in that order. */
export async function runRounds(
  candidates: readonly Candidate[],
  load: LoadGenerator,
  connections: number,
  settings: Settings,
): Promise<ReadonlyMap<string, readonly Measurement[]>> {
  const { rounds, seconds, settle } = settings
  const measurements = new Map(candidates.map(({ name }) => [name, [] as Measurement[]]))
  for (const { port, request } of candidates)
    await warmUp((duration) => load(port, request, connections, duration), settings)
  for (let round = 0; round < rounds; round += 1)
    for (const { name, port, pid, request } of candidates) {
      if (settle > 0) await load(port, request, connections, settle)
      const before = pid === undefined ? Number.NaN : readCpu(pid)
      const { requests, seconds: took, p50, p99, errors } = await load(port, request, connections, seconds)
      const used = (pid === undefined ? Number.NaN : readCpu(pid)) - before
      measurements.get(name)?.push({ cpu: used / requests, rate: requests / took, p50, p99, errors })
    }
  return measurements
}

/** Loads a candidate until it has served so many requests, or so long. */
async function warmUp(
  load: (seconds: number) => Promise<LoadResult>,
  { warmUp: wanted, longestWarmUp }: Settings,
): Promise<void> {
  const step = Math.min(5, longestWarmUp)
  let served = 0
  for (let passed = 0; passed < longestWarmUp && served < wanted; passed += step)
    served += (await load(step)).requests
}
