import { byHand, firstSdk, keepSchemas, mcpUse, secondSdk } from '../contenders.ts'
import { type Era, requestMcp } from '../requests.ts'
import type { Measurement } from '../rounds.ts'
import {
  type Comparison,
  compareCandidates,
  findMedian,
  relate,
  startContenders,
  tabulate,
} from './comparison.ts'
import { type Bench, type Section, type Target, writeSpread } from './section.ts'

/** Connections of the comparison. */
const connections = 16

const eras: readonly Era[] = ['2025-11-25', '2026-07-28']
const methods = ['tools/call', 'tools/list'] as const
const withKeptSchemas = [keepSchemas(firstSdk), keepSchemas(secondSdk)]
const expected = { 'tools/call': 'ada+cm9demo', 'tools/list': 'inputSchema' } as const

const readRate = ({ rate }: Measurement) => rate

/** Measures the MCP servers: listing the tools and reading one user, in both eras. */
export async function measureMcp(bench: Bench): Promise<Section> {
  const { gateway } = bench
  await using running = await startContenders(
    [byHand, firstSdk, secondSdk, ...withKeptSchemas, mcpUse, gateway],
    bench,
  )
  const sections: Section[] = []
  for (const era of eras)
    for (const method of bench.settings.onlyExtremes ? methods.slice(0, 1) : methods) {
      const candidates = running.subjects.map(({ contender, mcpPort, pid }) => ({
        name: contender.name,
        port: mcpPort,
        pid,
        request: requestMcp(contender, era, method),
        expected: expected[method],
      }))
      const comparison = await compareCandidates(candidates, bench, connections)
      const title = `MCP ${era}: ${method}`
      const note = describeKeptSchemas(comparison, gateway.name)
      const bars = [byHand, gateway, secondSdk, firstSdk, ...withKeptSchemas, mcpUse]
        .filter(({ name }) => comparison.measurements.has(name))
        .map(({ name }) => ({ name, value: findMedian(comparison, name, ({ cpu }) => cpu) }))
      sections.push({
        tables: [{ title, note, ...tabulate(comparison, byHand.name, running) }],
        targets: method === 'tools/call' ? setTargets(comparison, era, gateway.name) : [],
        charts: method === 'tools/call' ? [{ title: `${title}, CPU µs a call`, bars }] : [],
      })
    }
  return {
    tables: sections.flatMap(({ tables }) => tables),
    targets: sections.flatMap(({ targets }) => targets),
    charts: sections.flatMap(({ charts = [] }) => charts),
  }
}

/** Describes the ratios to the examples with kept schemas, for which there is no target. */
function describeKeptSchemas(comparison: Comparison, gateway: string): string {
  const ratios = withKeptSchemas
    .filter(({ name }) => comparison.measurements.has(name))
    .map(({ name }) => `${writeSpread(relate(comparison, gateway, name, readRate))} of ${name}`)
  return `${connections} connections. Calls a second of calgate ÷ calls a second of the examples, changed so that they create the schemas of their tools once: ${ratios.join(', ')}.`
}

function setTargets(comparison: Comparison, era: Era, gateway: string): Target[] {
  const isFirst = era === '2025-11-25'
  const calls = (base: string) => relate(comparison, gateway, base, readRate)
  return [
    {
      what: `MCP tools/call, CPU a call ÷ by hand, ${era}`,
      must: 1.6,
      aim: 1.25,
      direction: 'at most',
      measured: relate(comparison, gateway, byHand.name),
    },
    {
      what: `MCP tools/call, calls a second ÷ the SDK's own stateless example, ${era}`,
      must: 5,
      aim: 8,
      direction: 'at least',
      measured: calls(isFirst ? firstSdk.name : secondSdk.name),
    },
    {
      what: `MCP tools/call, calls a second ÷ mcp-use, ${era}`,
      must: 10,
      aim: 20,
      direction: 'at least',
      measured: calls(mcpUse.name),
    },
  ]
}
