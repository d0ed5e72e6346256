import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { drawChart } from './chart.ts'
import { describeGateway, listParts } from './contenders.ts'
import { writeGatewayKey } from './gateway-key.ts'
import { findLoadGenerator } from './load-generator.ts'
import { composePage, judge, writeTable } from './page.ts'
import { measureMcp } from './sections/mcp.ts'
import { measurePace } from './sections/pace.ts'
import { measureMemory, measureStarts } from './sections/process.ts'
import { measureRest } from './sections/rest.ts'
import { type Bench, type Section, writeSpread } from './sections/section.ts'
import { measureOperations, measureShapes } from './sections/shapes.ts'
import { readSettings } from './settings.ts'
import { startUpstream } from './upstream.ts'

const inHurry = process.argv.includes('--quick')
const settings = readSettings(process.env, inHurry)
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
  // The workers of an nginx that root starts are somebody else.
  chmodSync(folder, 0o755)
  for (const name of ['upstream', 'proxy']) mkdirSync(join(folder, name))
  await using upstream = await startUpstream(join(folder, 'upstream'))
  const generator = findLoadGenerator(folder)
  const parts = listParts(writeGatewayKey(folder))
  const bench: Bench = {
    stage: { folder, upstream: upstream.url },
    load: generator.load,
    settings,
    parts,
    gateway: describeGateway(parts),
  }
  const sections: Section[] = []
  const take = <Found extends Section>(section: Found): Found => {
    sections.push(section)
    print(section)
    return section
  }
  const { peak } = take(await measureRest(bench))
  take(await measureMcp(bench))
  take(await measurePace(bench, peak))
  take(await measureOperations(bench))
  take(await measureShapes(bench))
  take(await measureStarts(bench))
  take(await measureMemory(bench))
  if (inHurry) return
  const docs = new URL('../docs/', import.meta.url)
  const { rounds, seconds } = settings
  const page = composePage(sections, { generator: generator.name, rounds, seconds, node: process.version })
  writeFileSync(new URL('performance.md', docs), page)
  writeFileSync(new URL('performance.svg', docs), drawChart(sections.flatMap(({ charts = [] }) => charts)))
}

function print({ tables, targets }: Section): void {
  for (const table of tables) console.log(`${writeTable(table)}\n`)
  for (const target of targets)
    console.log(`${judge(target)}: ${target.what} ${writeSpread(target.measured)} (must ${target.must})`)
  console.log('')
}
