import { describe, expect, it } from 'vitest'
import { drawChart } from '../../bench/chart.ts'
import { describeGateway } from '../../bench/contenders.ts'
import { summariseProfile } from '../../bench/cpu-profile.ts'
import { parseAutocannon, parseWrk } from '../../bench/load-generator.ts'
import { assess, composePage, writeTable } from '../../bench/page.ts'
import { parseCpu, parseMemory, readCpu, readMemory } from '../../bench/process-usage.ts'
import { writeNumber, writeSpread } from '../../bench/sections/section.ts'
import { readSettings } from '../../bench/settings.ts'
import { compare, summarise } from '../../bench/statistics.ts'
import { widenDocument } from '../../bench/wide-document.ts'
import manifest from '../../package.json' with { type: 'json' }
import { readDocument } from '../../src/document/document.ts'
import { readOperations } from '../../src/document/operations.ts'

describe('what a process used', () => {
  it('is its user and system time, whatever its name holds', () => {
    expect(parseCpu('7 (a ) b) S 1 7 7 0 -1 4194560 1 0 0 0 12 34 0 0 20 0 1')).toBe(460_000)
  })

  it('is its resident memory in bytes', () => {
    expect(parseMemory('VmPeak:\t 900 kB\nVmRSS:\t     512 kB\n')).toBe(524_288)
  })

  it.runIf(process.platform === 'linux')('can be read of this process', () => {
    expect(readCpu(process.pid)).toBeGreaterThan(0)
    expect(readMemory(process.pid)).toBeGreaterThan(1_000_000)
  })
})

describe('measurements', () => {
  it('are summarised by the median, the least and the greatest value', () => {
    expect(summarise([5, 1, 3])).toEqual({ median: 3, least: 1, most: 5 })
    expect(summarise([1, 2, 3, 10]).median).toBe(2.5)
  })

  it('are compared round by round', () => {
    expect(compare([10, 40], [10, 20])).toEqual({ median: 1.5, least: 1, most: 2 })
  })

  it.each([
    ['at most', { least: 0.5, most: 0.9 }, 'met, aim reached'],
    ['at most', { least: 0.5, most: 1 }, 'met, aim reached'],
    ['at most', { least: 0.5, most: 1.1 }, 'met'],
    ['at most', { least: 1.05, most: 1.2 }, 'met'],
    ['at most', { least: 0.5, most: 1.3 }, 'not decided'],
    ['at most', { least: 1.25, most: 1.3 }, '**missed**'],
    ['at least', { least: 2, most: 9 }, 'met, aim reached'],
    ['at least', { least: 1.3, most: 9 }, 'met'],
    ['at least', { least: 1.1, most: 9 }, 'not decided'],
    ['at least', { least: 0.5, most: 1.1 }, '**missed**'],
  ] as const)('with the bound %s and a spread of %j are %s', (direction, spread, result) => {
    const bounds = direction === 'at most' ? { must: 1.2, aim: 1 } : { must: 1.2, aim: 2 }
    const measured = { median: (spread.least + spread.most) / 2, ...spread }
    expect(assess({ ...bounds, direction, measured })).toBe(result)
  })

  it('that are missing decide nothing', () => {
    expect(assess({ must: 1, aim: 0.5, direction: 'at most', measured: summarise([]) })).toBe('not decided')
  })

  it('are written with three digits', () => {
    expect([0.04567, 1.2345, 12.345, 1234.5, Number.NaN].map(writeNumber)).toEqual([
      '0.046',
      '1.23',
      '12.3',
      '1235',
      '–',
    ])
    expect(writeSpread({ median: 1, least: 0.9, most: 1.2 })).toBe('1.00 (0.900–1.20)')
    expect(writeSpread(summarise([]))).toBe('–')
  })
})

describe('load generators', () => {
  it('report requests, seconds and latencies', () => {
    const read = { requests: 1000, seconds: 2, p50: 0.5, p99: 1.5, errors: 3 }
    expect(parseWrk('Running\nresult 1000 2000000 500.000000 1500.000000 3\n')).toEqual(read)
    const json = {
      requests: { total: 1000 },
      duration: 2,
      latency: { p50: 0.5, p99: 1.5 },
      errors: 1,
      non2xx: 2,
    }
    expect(parseAutocannon(JSON.stringify(json))).toEqual(read)
  })

  it('without a result are noticed', () => {
    expect(() => parseWrk('unable to connect')).toThrow('wrk printed no result')
  })
})

describe('a profile', () => {
  const frame = (functionName: string, url: string) => ({ functionName, url, lineNumber: 9 })
  const nodes = [
    { id: 1, callFrame: frame('(idle)', '') },
    { id: 2, callFrame: frame('send', 'file:///somewhere/src/rest/body.ts') },
    { id: 3, callFrame: frame('parse', 'file:///somewhere/node_modules/@a/b/lib/c.js') },
  ]

  it('tells the time of functions and modules at its end, without idle time', () => {
    const profile = { nodes, samples: [3, 2, 1, 3, 2], timeDeltas: [100, 1, 2, 3, 4] }
    const { functions, modules } = summariseProfile(profile, 10)
    expect(functions).toEqual([
      ['send src/rest/body.ts:10', 5],
      ['parse @a/b/lib/c.js:10', 3],
    ])
    expect(modules.map(([name]) => name)).toEqual(['src/rest', '@a/b'])
  })
})

describe('the page', () => {
  it('writes tables that a pipe does not break, and the chart a text that a bracket does not', () => {
    expect(writeTable({ title: 'T', note: 'n', columns: ['', 'b'], rows: [['x|y', '1']] })).toContain(
      '| x\\|y | 1 |',
    )
    expect(drawChart([{ title: 'a < b', bars: [{ name: 'calgate', value: 2 }] }])).toContain('a &lt; b')
  })

  it('lists each target with what was measured', () => {
    const measured = { median: 0.9, least: 0.8, most: 1 }
    const targets = [{ what: 'W', must: 1, aim: 0.5, direction: 'at most' as const, measured }]
    const page = composePage([{ tables: [], targets }], {
      generator: 'wrk',
      rounds: 5,
      seconds: 3,
      warmUp: 1000,
      longestWarmUp: 5,
      node: 'v24',
      start: 'node src/main.ts start',
    })
    expect(page).toContain('| W | ≤ 1.00 | ≤ 0.500 | 0.900 (0.800–1.00) | met |')
  })
})

describe('settings', () => {
  it('come from the environment, where it holds numbers', () => {
    const read = readSettings({ BENCH_ROUNDS: '9', BENCH_SECONDS: 'long', BENCH_REQUESTS: '-1' }, false)
    expect(read).toMatchObject({ rounds: 9, seconds: 3, requests: 1_000_000 })
    expect(readSettings({}, true).rounds).toBeLessThan(5)
  })
})

describe('a wide document', () => {
  it.each([7, 40, 1600])('has %i operations, each with names of its own', (count) => {
    const operations = readOperations(widenDocument(readDocument(), count))
    expect(operations).toHaveLength(count)
    for (const name of [
      operations.map(({ id }) => id),
      operations.map(({ tool }) => tool?.name),
      operations.map(({ method, restPath }) => `${method} ${restPath}`),
    ])
      expect(new Set(name).size).toBe(count)
  })
})

describe('the gateway under test', () => {
  it('runs as `npm start` starts it', () => {
    const { env, options, command } = describeGateway([])
    const variables = Object.entries(env ?? {}).map(([name, value]) => `${name}=${value}`)
    const words = [...variables, 'exec', 'node', ...(options ?? []), 'bin/calgate.js', command]
    expect(words.join(' ')).toBe(manifest.scripts.start)
  })
})
