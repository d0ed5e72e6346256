import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readDocument } from '../../src/document/document.ts'
import { bareProxy, type Contender } from '../contenders.ts'
import { readMemory } from '../process-usage.ts'
import { compare, type Spread, summarise } from '../statistics.ts'
import { lists } from '../upstream.ts'
import { widenDocument } from '../wide-document.ts'
import {
  compareCandidates,
  findMedian,
  listRestCandidates,
  type RunningContenders,
  relate,
  startContenders,
} from './comparison.ts'
import { timeStarts } from './process.ts'
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

const operations = [7, 400, 1600] as const

/** Bounds of the ratio of starts to one with the fewest operations. */
const startTargets = { 400: 2, 1600: 4 } as const

/** Measures the cost of a request, the start and the memory by number of operations in the description that is served. */
export async function measureOperations(bench: Bench): Promise<Section> {
  const contenders = operations.map((count) => widen(bench, count))
  const base = `${operations[0]} operations`
  const times = await timeStarts(contenders, bench)
  const relateStarts = (name: string) => compare(times.get(name) ?? [], times.get(base) ?? [])
  await using running = await startContenders(contenders, bench)
  const comparison = await compareCandidates(listRestCandidates(running), bench, 32)
  const rows = running.subjects.map(({ contender: { name }, pid }) => [
    [name, comparison.faults.get(name) ?? []].flat().join(': '),
    writeNumber(findMedian(comparison, name, ({ cpu }) => cpu)),
    writeSpread(relate(comparison, name, base)),
    writeNumber(summarise(times.get(name) ?? []).median),
    writeSpread(relateStarts(name)),
    writeNumber(readMemory(pid) / 2 ** 20),
  ])
  const note =
    'The shipped operations, copied under other paths, as one OpenAPI document that `calgate serve` reads.'
  const columns = ['', 'CPU µs a request', `÷ ${base}`, 'start ms', `÷ ${base}`, 'RSS MB']
  const atMost = { aim: 1, direction: 'at most' as const }
  const most = '1600 operations'
  return {
    tables: [{ title: 'Operations', note, columns, rows }],
    targets: [
      {
        what: 'cost with 1,600 operations ÷ with 7',
        must: 1.1,
        ...atMost,
        measured: relate(comparison, most, base),
      },
      ...Object.entries(startTargets).map(([count, must]) => ({
        what: `start with ${Number(count).toLocaleString('en')} operations ÷ with 7`,
        must,
        ...atMost,
        measured: relateStarts(`${count} operations`),
      })),
    ],
  }
}

/** Returns the gateway on a description with so many operations; its name is that of the shipped one. */
function widen({ environment: { folder, upstream }, gateway }: Bench, count: number): Contender {
  const own = join(folder, String(count))
  mkdirSync(own)
  const file = join(own, 'cal-com.json')
  writeFileSync(file, JSON.stringify(widenDocument(readDocument(), count)))
  return { ...gateway, name: `${count} operations`, arguments: [file, '--base-url', upstream] }
}
