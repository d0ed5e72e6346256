import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import manifest from '../package.json' with { type: 'json' }
import { drawChart } from './chart.ts'
import { describeGateway, listParts } from './contenders.ts'
import { writeGatewayKey } from './gateway-key.ts'
import { findLoadGenerator } from './load-generator.ts'
import { assess, composePage, writeTable } from './page.ts'
import { measureLatency } from './sections/latency.ts'
import { measureMcp } from './sections/mcp.ts'
import { measureMemory, measureStarts } from './sections/process.ts'
import { measureRest } from './sections/rest.ts'
import { measureOperations, measureScaling } from './sections/scaling.ts'
import { type Bench, type Section, writeSpread } from './sections/section.ts'
import { readSettings } from './settings.ts'
import { startUpstream } from './upstream.ts'

const isQuick = process.argv.includes('--quick')
const settings = readSettings(process.env, isQuick)
const folder = mkdtempSync(join(tmpdir(), 'calgate-bench-'))

try {
  await measure()
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : error}`)
  process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function measure(): Promise<void> {
  // nginx that root starts runs its workers as another user, who must be able to read the folder.
  chmodSync(folder, 0o755)
  await using upstream = await startUpstream(join(folder, 'upstream'))
  const generator = findLoadGenerator(folder)
  const parts = listParts(writeGatewayKey(folder))
  const bench: Bench = {
    environment: { folder, upstream: upstream.url },
    load: generator.load,
    settings,
    parts,
    gateway: describeGateway(parts),
  }
  const sections: Section[] = []
  const add = <Found extends Section>(section: Found): Found => {
    sections.push(section)
    print(section)
    return section
  }
  const { peak } = add(await measureRest(bench))
  add(await measureMcp(bench))
  add(await measureLatency(bench, peak))
  add(await measureOperations(bench))
  add(await measureScaling(bench))
  add(await measureStarts(bench))
  add(await measureMemory(bench))
  if (isQuick) return
  const docs = new URL('../docs/', import.meta.url)
  const { rounds, seconds, warmUp, longestWarmUp } = settings
  const page = composePage(sections, {
    generator: generator.name,
    rounds,
    seconds,
    warmUp,
    longestWarmUp,
    node: process.version,
    start: manifest.scripts.start,
  })
  writeFileSync(new URL('performance.md', docs), page)
  writeFileSync(new URL('performance.svg', docs), drawChart(sections.flatMap(({ charts = [] }) => charts)))
}

function print({ tables, targets }: Section): void {
  for (const table of tables) console.log(`${writeTable(table)}\n`)
  for (const target of targets)
    console.log(`${assess(target)}: ${target.what} ${writeSpread(target.measured)} (must ${target.must})`)
  console.log('')
}
