import type { Contender } from '../contenders.ts'
import { findFault } from '../requests.ts'
import { type Candidate, runRounds, type Turn } from '../rounds.ts'
import { compare, type Spread, summarise } from '../statistics.ts'
import type { Subject } from '../subject.ts'
import { startSubject } from '../subject.ts'
import { type Bench, type Table, writeNumber, writeSpread } from './section.ts'

/** Contenders that run; disposing of them ends them all. */
export interface Cast extends AsyncDisposable {
  readonly subjects: readonly Subject[]
}

/** Starts contenders one after the other, so that none slows another's start. */
export async function startCast(contenders: readonly Contender[], { stage }: Bench): Promise<Cast> {
  const subjects: Subject[] = []
  for (const contender of contenders) subjects.push(await startSubject(contender, stage))
  return {
    subjects,
    async [Symbol.asyncDispose]() {
      for (const subject of subjects) await subject[Symbol.asyncDispose]()
    },
  }
}

/** A candidate and what its answer must hold to be the one that is measured. */
export interface Trial extends Candidate {
  readonly expected: string
}

/** What a comparison found: the turns of each that answered as it should, and what the others said. */
export interface Comparison {
  readonly turns: ReadonlyMap<string, readonly Turn[]>
  readonly faults: ReadonlyMap<string, string>
}

/** Checks each candidate's answer once, then loads in turn those that passed. */
export async function compareInTurn(
  trials: readonly Trial[],
  { load, settings }: Bench,
  connections: number,
): Promise<Comparison> {
  const faults = new Map<string, string>()
  for (const { name, port, request, expected } of trials) {
    const fault = await findFault(port, request, expected)
    if (fault !== '') faults.set(name, fault)
  }
  const fit = trials.filter(({ name }) => !faults.has(name))
  return { turns: await runRounds(fit, load, connections, settings), faults }
}

/** The ratio of one candidate's figure to another's, round by round. */
export function relate(
  { turns }: Comparison,
  name: string,
  base: string,
  figure: (turn: Turn) => number = ({ cpu }) => cpu,
): Spread {
  return compare((turns.get(name) ?? []).map(figure), (turns.get(base) ?? []).map(figure))
}

/** The median of a figure of one candidate. */
export function findMedian({ turns }: Comparison, name: string, figure: (turn: Turn) => number): number {
  return summarise((turns.get(name) ?? []).map(figure)).median
}

/** The table of a comparison, with ratios to one candidate; those that failed say why. */
export function tabulate(
  comparison: Comparison,
  base: string,
  memory: (name: string) => number,
): Pick<Table, 'columns' | 'rows'> {
  const rows = [...comparison.turns].map(([name, turns]) => {
    const median = (figure: (turn: Turn) => number) => summarise(turns.map(figure)).median
    return [
      name,
      writeNumber(median(({ cpu }) => cpu)),
      writeSpread(relate(comparison, name, base)),
      median(({ rate }) => rate).toFixed(0),
      writeNumber(median(({ p50 }) => p50)),
      writeNumber(median(({ p99 }) => p99)),
      String(turns.reduce((sum, { errors }) => sum + errors, 0)),
      writeNumber(memory(name) / 2 ** 20),
    ]
  })
  const failed = [...comparison.faults].map(([name, fault]) => [`${name}: ${fault}`, ...Array(7).fill('–')])
  const columns = ['', 'CPU µs a request', `÷ ${base}`, 'requests/s', 'p50 ms', 'p99 ms', 'errors', 'RSS MB']
  return { columns, rows: [...rows, ...failed] }
}
