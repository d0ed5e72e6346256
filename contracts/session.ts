import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { removeCreatedUsers } from './cleanup.ts'
import type { Finding } from './context.ts'
import type { RunOptions } from './options.ts'
import { renderCtrf } from './reports/ctrf.ts'
import { renderAnnotation } from './reports/github.ts'
import { groupReasons, renderHtml } from './reports/html.ts'
import { renderJunit } from './reports/junit.ts'
import type { Requirements } from './requirements.ts'
import { createRunner, type Result } from './runner.ts'
import type { Target } from './target.ts'
import { describeFinding, listTestCases, type TestCase } from './test-cases.ts'

/** Calls that a test case may make of a client, where its requirement does not say more. */
const usualCalls = 100

/** How a run reports and how it ends. */
export interface Session {
  readonly options: RunOptions
  /** Aborted by Ctrl-C: the test case that runs is the last one. */
  readonly signal: AbortSignal
  /** Selects test cases besides `options.only`; all of them by default. */
  readonly select?: (testCase: TestCase) => boolean
  /** One line for a finding. */
  readonly describe?: (finding: Finding) => string
  /** Looks at the target before it is cleaned up; returns how many failures it has printed. */
  readonly inspect?: (target: Target) => Promise<number>
}

/**
 * Tests one target that is opened for it, prints each failure as it happens, removes what it has created, writes the
 * reports and returns the exit code.
 */
export async function testTarget(
  open: () => Promise<Target>,
  requirements: Requirements,
  { options, signal, select = () => true, describe = describeFinding, inspect }: Session,
): Promise<number> {
  const start = Date.now()
  const results: Result[] = []
  for (const file of Object.values(options.files)) if (file) mkdirSync(dirname(file), { recursive: true })
  await using target = await open()
  const runner = createRunner(target)
  const testCases = listTestCases(target, requirements)
    .filter(({ title }) => options.only.test(title))
    .filter(select)
  for (const [index, testCase] of testCases.entries()) {
    if (signal.aborted) break
    if (testCase.obstacle === undefined) await keepPace(target, testCase)
    showProgress(`${index + 1} of ${testCases.length} ${testCase.title}`)
    const result = await runner.run(testCase)
    results.push(result)
    if (result.outcome === 'fail') {
      showProgress('')
      for (const finding of result.findings) {
        console.log(describe(finding))
        if (options.annotates) console.log(renderAnnotation(finding))
      }
    }
  }
  showProgress('')
  const further = signal.aborted ? 0 : ((await inspect?.(target)) ?? 0)
  const left = await removeCreatedUsers(target, requirements.operations)
  for (const { clientId, userId } of left) console.log(`left behind: user ${userId} of client ${clientId}`)
  const { json, junit, html, ctrf } = options.files
  if (json) writeFileSync(json, JSON.stringify(results))
  if (junit) writeFileSync(junit, renderJunit(results))
  if (html) writeFileSync(html, renderHtml(requirements, results))
  if (ctrf) writeFileSync(ctrf, renderCtrf(results, start, Date.now()))
  return summarize(results, options, signal.aborted) || Number(further > 0)
}

function summarize(results: readonly Result[], { strict }: RunOptions, interrupted: boolean): number {
  const count = (outcome: Result['outcome']) => results.filter((one) => one.outcome === outcome).length
  for (const [reason, times] of groupReasons(results)) console.log(`not tested, ${times}: ${reason}`)
  const follow = count('follows') > 0 ? `, ${count('follows')} follow from other failures` : ''
  const numbers = `${count('pass')} passed, ${count('fail')} failed, ${count('not tested')} not tested${follow}`
  console.log(interrupted ? `Interrupted: ${numbers}` : numbers)
  if (interrupted) return 130
  if (count('fail') > 0 || (strict && count('not tested') > 0)) return 1
  return count('pass') > 0 ? 0 : 2
}

/** One line on a terminal that the next one replaces; nothing elsewhere. */
function showProgress(line: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001B[K${line.slice(0, process.stderr.columns - 1)}`)
}

/** Waits for Cal.com's throttle before it refuses calls, so that the throttle is no finding. */
async function keepPace({ servers, upstream, clientId }: Target, { requirement }: TestCase): Promise<void> {
  const reserve = Number(requirement.values.calls ?? usualCalls)
  for (const { budgets } of [servers.rest, ...(upstream ? [upstream] : [])]) {
    const { remaining, reset } = budgets.get(clientId) ?? { remaining: reserve, reset: 0 }
    if (remaining >= reserve) continue
    console.error(`Waiting ${reset} s for the throttle of the upstream`)
    await setTimeout((reset + 1) * 1000)
    budgets.delete(clientId)
  }
}
