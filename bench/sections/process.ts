import { setTimeout as wait } from 'node:timers/promises'
import { bareProxy, type Contender } from '../contenders.ts'
import { readMemory } from '../process-usage.ts'
import { requestRest } from '../requests.ts'
import { compare, summarise } from '../statistics.ts'
import { startSubject } from '../subject.ts'
import { type Bench, type Section, writeNumber, writeSpread } from './section.ts'

/** Times starts of contenders in turn: milliseconds from the command until the last port accepts connections, by name. */
export async function timeStarts(
  contenders: readonly Contender[],
  { environment, settings }: Bench,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const times = new Map(contenders.map(({ name }) => [name, [] as number[]]))
  // The first start of each reads its files from disk; it does not count.
  for (let turn = 0; turn <= settings.starts; turn += 1)
    for (const contender of contenders) {
      const begin = performance.now()
      await using _subject = await startSubject(contender, environment)
      if (turn > 0) times.get(contender.name)?.push(performance.now() - begin)
    }
  return times
}

/** Measures starts. */
export async function measureStarts(bench: Bench): Promise<Section> {
  const times = await timeStarts([bareProxy, bench.gateway], bench)
  const measured = compare(times.get(bench.gateway.name) ?? [], times.get(bareProxy.name) ?? [])
  const rows = [...times].map(([name, all]) => [name, writeSpread(summarise(all))])
  return {
    tables: [
      {
        title: 'Start',
        note: 'Milliseconds from the command until both ports accept connections.',
        columns: ['', 'ms'],
        rows,
      },
    ],
    targets: [
      {
        what: 'start until both ports accept connections ÷ bare http-proxy',
        must: 1.8,
        aim: 1.5,
        direction: 'at most',
        measured,
      },
    ],
  }
}

/** Measures memory before the first request and after many. */
export async function measureMemory(bench: Bench): Promise<Section> {
  const { requests } = bench.settings
  const bare = await watchMemory(bareProxy, bench)
  const own = await watchMemory(bench.gateway, bench)
  const ratio = (one: number, base: number) => summarise([one / base])
  const rows = [
    [bareProxy.name, ...[bare.idle, bare.after].map((one) => writeNumber(one / 2 ** 20))],
    ['calgate', ...[own.idle, own.after].map((one) => writeNumber(one / 2 ** 20))],
  ]
  const target = { aim: 1.2, direction: 'at most' as const }
  return {
    tables: [
      {
        title: 'Memory',
        note: `RSS in MB two seconds after the start, and after ${requests.toLocaleString('en')} requests.`,
        columns: ['', 'idle', 'after'],
        rows,
      },
    ],
    targets: [
      { what: 'RSS idle ÷ bare http-proxy', must: 1.3, ...target, measured: ratio(own.idle, bare.idle) },
      {
        what: `RSS after ${requests.toLocaleString('en')} requests ÷ bare http-proxy`,
        must: 1.6,
        ...target,
        measured: ratio(own.after, bare.after),
      },
    ],
  }
}

async function watchMemory(contender: Contender, { environment, load, settings }: Bench) {
  await using subject = await startSubject(contender, environment)
  await wait(2_000)
  const idle = readMemory(subject.pid)
  const request = requestRest(contender)
  for (let served = 0; served < settings.requests; ) {
    const result = await load(subject.port, request, 32, Math.min(10, settings.requests / 5_000))
    served += result.requests
  }
  return { idle, after: readMemory(subject.pid) }
}
