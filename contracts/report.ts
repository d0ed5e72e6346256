import type { Finding } from './context.ts'
import type { Requirements } from './requirements.ts'
import type { Target } from './target.ts'
import { listTestCases, type TestCase } from './test-cases.ts'

/** What became of one requirement on one operation, server and target. */
export interface Result {
  readonly target: string
  readonly requirement: string
  readonly operation: string
  readonly surface: TestCase['surface']
  readonly server: string
  readonly outcome: 'pass' | 'fail' | 'known gap' | 'not tested'
  /** Mismatches of a failure or a gap, or why it is not tested. */
  readonly findings: readonly Finding[]
  readonly reason?: string
}

/** Runs a testCase; a known gap that is none any more fails. */
export async function runTestCase(testCase: TestCase, target: Pick<Target, 'name'>): Promise<Result> {
  const { requirement, operation, surface, server, obstacle } = testCase
  const facts = { target: target.name, requirement: requirement.id, operation, surface, server }
  if (obstacle !== undefined) return { ...facts, outcome: 'not tested', findings: [], reason: obstacle }
  const findings = await testCase.run()
  if (requirement.gap?.surface !== surface)
    return { ...facts, outcome: findings.length === 0 ? 'pass' : 'fail', findings }
  if (findings.length > 0) return { ...facts, outcome: 'known gap', findings, reason: requirement.gap.reason }
  const message = 'the gap is closed; take it out of requirements.yaml'
  const stale = { ...facts, field: 'gap', rule: requirement.rule, message }
  return { ...facts, outcome: 'fail', findings: [stale] }
}

/** Tries a target by all testCases that `select` keeps, one after the other; `pace` may hold the next one back. */
export async function runTestCases(
  target: Target,
  requirements: Requirements,
  select: (testCase: TestCase) => boolean = () => true,
  pace: (target: Target) => Promise<void> = async () => {},
): Promise<Result[]> {
  const results: Result[] = []
  for (const testCase of listTestCases(target, requirements).filter(select)) {
    if (testCase.obstacle === undefined) await pace(target)
    results.push(await runTestCase(testCase, target))
  }
  return results
}

/** Names what no target could test: `requirement · operation · server`. */
export function findUntested(results: readonly Result[]): string[] {
  const name = ({ requirement, operation, server }: Result) => `${requirement} · ${operation} · ${server}`
  const tested = new Set(results.filter(({ outcome }) => outcome !== 'not tested').map(name))
  return [...new Set(results.map(name))].filter((one) => !tested.has(one))
}
