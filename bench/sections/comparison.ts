import type { Contender } from '../contenders.ts'
import { readMemory } from '../process-usage.ts'
import { findFault, requestRest } from '../requests.ts'
import { type Candidate, type Measurement, runRounds } from '../rounds.ts'
import { compare, type Spread, summarise } from '../statistics.ts'
import { type Subject, startSubject } from '../subject.ts'
import { type Bench, type Table, writeNumber, writeSpread } from './section.ts'

/** Running contenders; disposing ends them. */
export interface RunningContenders extends AsyncDisposable {
  readonly subjects: readonly Subject[]
}

/** Starts contenders one after the other, so that none slows down the start of another. */
export async function startContenders(
  contenders: readonly Contender[],
  { environment }: Bench,
): Promise<RunningContenders> {
  // Where one does not start, those before it end with the run.
  await using started = new AsyncDisposableStack()
  const subjects: Subject[] = []
  for (const contender of contenders) subjects.push(started.use(await startSubject(contender, environment)))
  const running = started.move()
  return { subjects, [Symbol.asyncDispose]: () => running.disposeAsync() }
}

/** A candidate, and a text that its response must contain to be measured. */
export interface CheckedCandidate extends Candidate {
  readonly expected: string
}

/** Lists contenders as candidates that read one user, or `rest` of the path, through their REST servers. */
export function listRestCandidates({ subjects }: RunningContenders, rest?: string): CheckedCandidate[] {
  return subjects.map(({ contender, port, pid }) => ({
    name: contender.name,
    port,
    pid,
    request: requestRest(contender, rest),
    expected: '4711',
  }))
}

/** Measurements of candidates with the expected response, and errors of the others. */
export interface Comparison {
  readonly measurements: ReadonlyMap<string, readonly Measurement[]>
  readonly faults: ReadonlyMap<string, string>
}

/** Checks each candidate's response once, then measures those that passed. */
export async function compareCandidates(
  candidates: readonly CheckedCandidate[],
  { load, settings }: Bench,
  connections: number,
): Promise<Comparison> {
  const faults = new Map<string, string>()
  for (const { name, port, request, expected } of candidates) {
    const fault = await findFault(port, request, expected)
    if (fault !== '') faults.set(name, fault)
  }
  const fit = candidates.filter(({ name }) => !faults.has(name))
  return { measurements: await runRounds(fit, load, connections, settings), faults }
}

/** Returns the ratio of one candidate's figure to another's, round by round. */
export function relate(
  { measurements }: Comparison,
  name: string,
  base: string,
  figure: (turn: Measurement) => number = ({ cpu }) => cpu,
): Spread {
  return compare((measurements.get(name) ?? []).map(figure), (measurements.get(base) ?? []).map(figure))
}

/** Returns the median of a figure of one candidate. */
export function findMedian(
  { measurements }: Comparison,
  name: string,
  figure: (turn: Measurement) => number,
): number {
  return summarise((measurements.get(name) ?? []).map(figure)).median
}

/** Returns the table of a comparison, with ratios to one candidate; failed candidates are listed with their error. */
export function tabulate(
  comparison: Comparison,
  base: string,
  { subjects }: RunningContenders,
): Pick<Table, 'columns' | 'rows'> {
  const memory = (name: string) => {
    const pid = subjects.find(({ contender }) => contender.name === name)?.pid
    return pid === undefined ? Number.NaN : readMemory(pid)
  }
  const rows = [...comparison.measurements].map(([name, measurements]) => {
    const median = (figure: (turn: Measurement) => number) => summarise(measurements.map(figure)).median
    return [
      name,
      writeNumber(median(({ cpu }) => cpu)),
      writeSpread(relate(comparison, name, base)),
      median(({ rate }) => rate).toFixed(0),
      writeNumber(median(({ p50 }) => p50)),
      writeNumber(median(({ p99 }) => p99)),
      String(measurements.reduce((sum, { errors }) => sum + errors, 0)),
      writeNumber(memory(name) / 2 ** 20),
    ]
  })
  const failed = [...comparison.faults].map(([name, fault]) => [`${name}: ${fault}`, ...Array(7).fill('–')])
  const columns = ['', 'CPU µs a request', `÷ ${base}`, 'requests/s', 'p50 ms', 'p99 ms', 'errors', 'RSS MB']
  return { columns, rows: [...rows, ...failed] }
}
