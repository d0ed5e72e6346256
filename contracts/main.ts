import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { renderMatrix } from './matrix.ts'
import { type Result, runTestCases } from './report.ts'
import { readRequirements } from './requirements.ts'
import type { Target } from './target.ts'
import { chooseTargets } from './targets.ts'
import { describeFinding } from './test-cases.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const page = join(root, 'docs/contract.md')

/** `make contract`: with the mocks everything there is, else what the environment puts in their place. */
async function run(): Promise<number> {
  const { CONTRACT_UPSTREAM, CONTRACT_REST, CONTRACT_MCP } = process.env
  const outside = [CONTRACT_UPSTREAM, CONTRACT_REST, CONTRACT_MCP].some(Boolean)
  return outside ? testOutside() : runAll()
}

/**
 * Tests one upstream or gateway. Each mismatch is a line; `CONTRACT_REPORT` names a file for the results as
 * JSON, `CONTRACT_ONLY` is a regular expression for `requirement · operation · server`.
 */
async function testOutside(): Promise<number> {
  const requirements = readRequirements()
  const only = new RegExp(process.env.CONTRACT_ONLY ?? '')
  const results: Result[] = []
  for (const { open } of chooseTargets(process.env)) {
    await using target = await open()
    results.push(...(await runTestCases(target, requirements, ({ title }) => only.test(title), keepPace)))
  }
  if (process.env.CONTRACT_REPORT) writeFileSync(process.env.CONTRACT_REPORT, JSON.stringify(results))
  const findings = results.filter(({ outcome }) => outcome === 'fail').flatMap((one) => one.findings)
  for (const finding of findings) console.log(describeFinding(finding))
  const count = (outcome: Result['outcome']) => results.filter((one) => one.outcome === outcome).length
  const reasons = new Map<string, number>()
  for (const { reason } of results.filter(({ outcome }) => outcome === 'not tested'))
    if (reason) reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
  for (const [reason, times] of reasons) console.log(`not tested, ${times}: ${reason}`)
  console.log(`${count('pass')} hold, ${count('fail')} broken, ${count('not tested')} not tested`)
  return count('fail') === 0 && count('pass') > 0 ? 0 : 1
}

/** Calls that one testCase may make of a client. */
const reserve = 100

/** Waits for Cal.com's throttle before it closes: a contract is tested at the pace of whom it is with. */
async function keepPace({ servers, clientId }: Target): Promise<void> {
  const { remaining, reset } = servers.rest.budgets.get(clientId) ?? { remaining: reserve, reset: 0 }
  if (remaining >= reserve) return
  console.log(`Waiting ${reset} s for the throttle of the upstream`)
  await setTimeout((reset + 1) * 1000)
  servers.rest.budgets.delete(clientId)
}

/** Dredd, then every test of the contract; the matrix is printed, and written when everything holds. */
function runAll(): number {
  const folder = mkdtempSync(join(tmpdir(), 'contract-'))
  const report = join(folder, 'report.json')
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  try {
    const dredd = start([join(root, 'contracts/rest/run.ts')], {})
    const tests = start([vitest, 'run', '--project', 'contract'], { CONTRACT_REPORT: report })
    if (!existsSync(report)) return tests || 1
    const results: Result[] = JSON.parse(readFileSync(report, 'utf8'))
    const requirements = readRequirements()
    const matrix = renderMatrix(requirements, results)
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
  console.error(
    `contract: ${error instanceof RangeError ? error.message : String(error instanceof Error ? error.stack : error)}`,
  )
  return 1
})
