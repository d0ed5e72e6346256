import { fileURLToPath } from 'node:url'
import { bareProxy, type Contender } from '../contenders.ts'
import { readMemory } from '../process-usage.ts'
import type { Spread } from '../statistics.ts'
import { lists } from '../upstream.ts'
import {
  compareCandidates,
  findMedian,
  listRestCandidates,
  type RunningContenders,
  relate,
  startContenders,
} from './comparison.ts'
import { type Bench, type Section, writeNumber, writeSpread } from './section.ts'

const bySize = Object.entries(lists).toSorted(([, one], [, other]) => one - other)

/** Bounds of the ratio for large responses, by the label of their row. */
const sizeTargets: Readonly<Record<string, { readonly must: number; readonly aim: number }>> = {
  '100 kB': { must: 1.6, aim: 1.2 },
  '1024 kB': { must: 2, aim: 1.5 },
}

/** Measures the cost by number of connections and by size of the response. */
export async function measureScaling(bench: Bench): Promise<Section> {
  await using running = await startContenders([bareProxy, bench.gateway], bench)
  const connections = await measureAll(bench, running, 'Connections', [1, 32, 256], (count) => ({
    rest: '/4711',
    label: String(count),
    connections: count,
  }))
  const sizes = await measureAll(bench, running, 'Size of the response', bySize, ([limit, size]) => ({
    rest: `?limit=${limit}`,
    label: `${writeNumber(size / 1024)} kB`,
    connections: 32,
  }))
  const targets = sizes.ratios.flatMap(({ label, measured }) => {
    const bounds = sizeTargets[label]
    return bounds === undefined
      ? []
      : [
          {
            what: `response of ${label} ÷ bare http-proxy`,
            ...bounds,
            direction: 'at most' as const,
            measured,
          },
        ]
  })
  return { tables: [connections.table, sizes.table], targets }
}

async function measureAll<Value>(
  bench: Bench,
  running: RunningContenders,
  title: string,
  values: readonly Value[],
  describe: (value: Value) => { readonly rest: string; readonly label: string; readonly connections: number },
) {
  const rows: string[][] = []
  const ratios: { readonly label: string; readonly measured: Spread }[] = []
  const taken = bench.settings.onlyExtremes ? [values[0], values.at(-1)] : values
  for (const value of taken) {
    if (value === undefined) continue
    const { rest, label, connections } = describe(value)
    const comparison = await compareCandidates(listRestCandidates(running, rest), bench, connections)
    const median = (name: string) => writeNumber(findMedian(comparison, name, ({ cpu }) => cpu))
    const measured = relate(comparison, bench.gateway.name, bareProxy.name)
    ratios.push({ label, measured })
    rows.push([label, median(bareProxy.name), median(bench.gateway.name), writeSpread(measured)])
  }
  const note = 'CPU µs a request, all parts on.'
  const columns = [title.toLowerCase(), bareProxy.name, 'calgate', 'ratio']
  return { table: { title, note, columns, rows }, ratios }
}

const operations = [7, 40, 400] as const

/** Measures the cost of a request by number of operations in the document. */
export async function measureOperations(bench: Bench): Promise<Section> {
  const program = fileURLToPath(new URL('../contenders/calgate-wide.ts', import.meta.url))
  const widen = (count: number): Contender => ({
    ...bench.gateway,
    name: `${count} operations`,
    program,
    env: { ...bench.gateway.env, OPERATIONS: String(count) },
  })
  await using running = await startContenders(operations.map(widen), bench)
  const comparison = await compareCandidates(listRestCandidates(running), bench, 32)
  const base = `${operations[0]} operations`
  const rows = running.subjects.map(({ contender: { name }, pid }) => [
    name,
    writeNumber(findMedian(comparison, name, ({ cpu }) => cpu)),
    writeSpread(relate(comparison, name, base)),
    writeNumber(readMemory(pid) / 2 ** 20),
  ])
  const note = 'The shipped operations, copied under other paths.'
  return {
    tables: [{ title: 'Operations', note, columns: ['', 'CPU µs a request', `÷ ${base}`, 'RSS MB'], rows }],
    targets: [
      {
        what: 'cost with 400 operations ÷ with 7',
        must: 1.15,
        aim: 1,
        direction: 'at most',
        measured: relate(comparison, '400 operations', base),
      },
    ],
  }
}
