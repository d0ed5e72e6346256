import type { BenchRequest, LoadGenerator } from './load-generator.ts'
import { readCpu } from './process-usage.ts'
import type { Settings } from './settings.ts'

/** Something that is loaded in turn with others. */
export interface Candidate {
  readonly name: string
  readonly port: number
  /** The process whose CPU counts; absent for the upstream itself. */
  readonly pid?: number
  readonly request: BenchRequest
}

/** What one turn of one candidate cost. */
export interface Turn {
  /** Microseconds of CPU for each request; NaN where there is no process to ask. */
  readonly cpu: number
  /** Requests a second. */
  readonly rate: number
  readonly p50: number
  readonly p99: number
  readonly errors: number
}

/** Loads the candidates in turn, round after round, and gives each one's turns in their order. */
export async function runRounds(
  candidates: readonly Candidate[],
  load: LoadGenerator,
  connections: number,
  { rounds, seconds, warmUp, settle }: Settings,
): Promise<ReadonlyMap<string, readonly Turn[]>> {
  const turns = new Map(candidates.map(({ name }) => [name, [] as Turn[]]))
  for (const { port, request } of candidates) await load(port, request, connections, warmUp)
  for (let round = 0; round < rounds; round += 1)
    for (const { name, port, pid, request } of candidates) {
      if (settle > 0) await load(port, request, connections, settle)
      const before = pid === undefined ? Number.NaN : readCpu(pid)
      const { requests, seconds: took, p50, p99, errors } = await load(port, request, connections, seconds)
      const used = (pid === undefined ? Number.NaN : readCpu(pid)) - before
      turns.get(name)?.push({ cpu: used / requests, rate: requests / took, p50, p99, errors })
    }
  return turns
}
