import { fileURLToPath } from 'node:url'
import { bareProxy, type Contender } from '../contenders.ts'
import { readMemory } from '../process-usage.ts'
import { requestRest } from '../requests.ts'
import { lists } from '../upstream.ts'
import { type Bench, type Section, writeNumber, writeSpread } from './section.ts'
import { type Cast, compareInTurn, findMedian, relate, startCast } from './turns.ts'

const bySize = Object.entries(lists).toSorted(([, one], [, other]) => one - other)

/** Measures what changes with connections, with the size of the answer and with the size of the document. */
export async function measureShapes(bench: Bench): Promise<Section> {
  await using cast = await startCast([bareProxy, bench.gateway], bench)
  const connections = await measureAll(bench, cast, 'Connections', [1, 32, 256], (count) => ({
    rest: '/4711',
    label: String(count),
    connections: count,
  }))
  const sizes = await measureAll(bench, cast, 'Size of the answer', bySize, ([limit, size]) => ({
    rest: `?limit=${limit}`,
    label: `${writeNumber(size / 1024)} kB`,
    connections: 32,
  }))
  return { tables: [connections, sizes], targets: [] }
}

async function measureAll<Value>(
  bench: Bench,
  { subjects }: Cast,
  title: string,
  values: readonly Value[],
  describe: (value: Value) => { readonly rest: string; readonly label: string; readonly connections: number },
) {
  const rows: string[][] = []
  const taken = bench.settings.onlyExtremes ? [values[0], values.at(-1)] : values
  for (const value of taken) {
    if (value === undefined) continue
    const { rest, label, connections } = describe(value)
    const trials = subjects.map(({ contender, port, pid }) => ({
      name: contender.name,
      port,
      pid,
      request: requestRest(contender, rest),
      expected: '4711',
    }))
    const comparison = await compareInTurn(trials, bench, connections)
    const median = (name: string) => writeNumber(findMedian(comparison, name, ({ cpu }) => cpu))
    const ratio = writeSpread(relate(comparison, bench.gateway.name, bareProxy.name))
    rows.push([label, median(bareProxy.name), median(bench.gateway.name), ratio])
  }
  const note = 'CPU µs a request, everything on.'
  return { title, note, columns: [title.toLowerCase(), bareProxy.name, 'calgate', 'ratio'], rows }
}

const operations = [7, 40, 400] as const

/** Measures what a document with more operations costs each request. */
export async function measureOperations(bench: Bench): Promise<Section> {
  const program = fileURLToPath(new URL('../contenders/calgate-wide.ts', import.meta.url))
  const widen = (count: number): Contender => ({
    ...bench.gateway,
    name: `${count} operations`,
    program,
    env: { ...bench.gateway.env, OPERATIONS: String(count) },
  })
  await using cast = await startCast(operations.map(widen), bench)
  const trials = cast.subjects.map(({ contender, port, pid }) => ({
    name: contender.name,
    port,
    pid,
    request: requestRest(contender),
    expected: '4711',
  }))
  const comparison = await compareInTurn(trials, bench, 32)
  const base = `${operations[0]} operations`
  const rows = cast.subjects.map(({ contender: { name }, pid }) => [
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
