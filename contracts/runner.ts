import { type Finding, NotTested } from './context.ts'
import type { Target } from './target.ts'
import type { TestCase } from './test-cases.ts'

/** What became of one requirement on one operation, server and target. */
export interface Result {
  readonly target: string
  readonly requirement: string
  readonly operation: string
  readonly surface: TestCase['surface']
  readonly server: string
  /** `follows`: the upstream itself does not meet the requirement, or another one has reported the same members. */
  readonly outcome: 'pass' | 'fail' | 'not tested' | 'follows'
  /** Findings of a failure. */
  readonly findings: readonly Finding[]
  /** Why it is not tested, or what it follows from. */
  readonly reason?: string
  /** Milliseconds that it took. */
  readonly duration: number
}

/** Runs the test cases of one target. */
export interface Runner {
  run(testCase: TestCase): Promise<Result>
}

/**
 * Creates the runner of a target. A failure of the upstream is reported once: what it fails on the gateway's servers
 * in the same requirement follows from it. So the upstream's test cases come first, as `listTestCases` lists them.
 */
export function createRunner(target: Pick<Target, 'name'>): Runner {
  const failed = new Set<string>()
  const reported = new Set<string>()
  return {
    async run(testCase) {
      const { requirement, operation, surface, server, obstacle } = testCase
      const facts = { target: target.name, requirement: requirement.id, operation, surface, server }
      const nothing = { ...facts, findings: [], duration: 0 }
      if (obstacle !== undefined) return { ...nothing, outcome: 'not tested', reason: obstacle }
      const cause = `${requirement.id} ${operation}`
      if (failed.has(cause))
        return { ...nothing, outcome: 'follows', reason: 'Cal.com itself does not meet the requirement' }
      const start = performance.now()
      const outcome = await testCase.run().catch((error: unknown) => {
        if (error instanceof NotTested) return error.message
        throw error
      })
      const duration = Math.round(performance.now() - start)
      if (typeof outcome === 'string') return { ...nothing, outcome: 'not tested', reason: outcome, duration }
      if (surface === 'upstream' && outcome.length > 0) failed.add(cause)
      const isNew = (finding: Finding) => !isRecorded(requirement) || !reported.has(nameMember(finding))
      const findings = outcome.filter(isNew)
      for (const finding of outcome) reported.add(nameMember(finding))
      if (outcome.length > 0 && findings.length === 0)
        return { ...nothing, outcome: 'follows', reason: 'each member is reported already', duration }
      return { ...facts, findings, duration, outcome: findings.length === 0 ? 'pass' : 'fail' }
    },
  }
}

/** Returns whether a requirement looks at every response of the run, and so meets again what others have met. */
function isRecorded({ id }: TestCase['requirement']): boolean {
  return id.endsWith('.recorded')
}

/** Names a member of an operation on a server, wherever in the response it is. */
function nameMember({ operation, server, field }: Finding): string {
  return `${operation} ${server} ${field
    .replaceAll(/\[\d+\]/g, '')
    .split('.')
    .at(-1)}`
}

/** Names what no target could test: `requirement · operation · server`. */
export function findUntested(results: readonly Result[]): string[] {
  const name = ({ requirement, operation, server }: Result) => `${requirement} · ${operation} · ${server}`
  const tested = new Set(results.filter(({ outcome }) => outcome !== 'not tested').map(name))
  return [...new Set(results.map(name))].filter((one) => !tested.has(one))
}
