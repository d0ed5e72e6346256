import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type RunOptions, readOptions, usage } from './options.ts'
import { renderMatrix } from './reports/matrix.ts'
import { readRequirements } from './requirements.ts'
import type { Result } from './runner.ts'
import { testTarget } from './session.ts'
import { chooseTargets } from './targets.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const page = join(root, 'docs/contract.md')

/** `npm run contract`: with the mocks everything there is, else what the environment puts in their place. */
async function run(): Promise<number> {
  const { CONTRACT_UPSTREAM, CONTRACT_REST, CONTRACT_MCP } = process.env
  const { help, ...options } = readOptions(process.argv.slice(2), process.env)
  if (help) {
    console.log(usage)
    return 0
  }
  const isOutside = [CONTRACT_UPSTREAM, CONTRACT_REST, CONTRACT_MCP].some(Boolean)
  return isOutside ? testOutside(options) : runAll()
}

async function testOutside(options: RunOptions): Promise<number> {
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      console.error('Stopping: what was created is deleted first.')
      stop.abort()
    })
  const [choice] = chooseTargets(process.env)
  if (!choice) return 2
  return testTarget(choice.open, readRequirements(), { options, signal: stop.signal })
}

/** Dredd, then every test of the contract; the matrix is printed, and written when everything passes. */
function runAll(): number {
  const folder = mkdtempSync(join(tmpdir(), 'contract-'))
  const report = join(folder, 'report.json')
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  try {
    const dredd = start([join(root, 'contracts/rest/run.ts')], {})
    const tests = start([vitest, 'run', '--project', 'contract'], { CONTRACT_REPORT: report })
    if (!existsSync(report)) return tests || 1
    const results: Result[] = JSON.parse(readFileSync(report, 'utf8'))
    const matrix = renderMatrix(readRequirements(), results)
    console.log(matrix.slice(0, matrix.indexOf('## ')).trimEnd())
    if (tests === 0) writeFileSync(page, matrix)
    return dredd || tests
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function start(command: readonly string[], environment: Readonly<Record<string, string>>): number {
  const env = { ...process.env, ...environment }
  return spawnSync(process.execPath, command, { cwd: root, env, stdio: 'inherit' }).status ?? 1
}

process.exitCode = await run().catch((error: unknown) => {
  console.error(error instanceof RangeError ? error.message : error)
  return 2
})
