import { type Finding, listTrials, type Trial } from './judge.ts'
import type { Requirements } from './requirements.ts'
import type { Target } from './target.ts'

/** What became of one requirement on one operation, door and target. */
export interface Result {
  readonly target: string
  readonly requirement: string
  readonly operation: string
  readonly surface: Trial['surface']
  readonly door: string
  readonly outcome: 'pass' | 'fail' | 'known gap' | 'not judged'
  /** Departures of a failure or a gap, or why it is not judged. */
  readonly findings: readonly Finding[]
  readonly reason?: string
}

/** Runs a trial; a known gap that is none any more fails. */
export async function tryOut(trial: Trial, target: Pick<Target, 'name'>): Promise<Result> {
  const { requirement, operation, surface, door, obstacle } = trial
  const facts = { target: target.name, requirement: requirement.id, operation, surface, door }
  if (obstacle !== undefined) return { ...facts, outcome: 'not judged', findings: [], reason: obstacle }
  const findings = await trial.run()
  if (requirement.gap?.surface !== surface)
    return { ...facts, outcome: findings.length === 0 ? 'pass' : 'fail', findings }
  if (findings.length > 0) return { ...facts, outcome: 'known gap', findings, reason: requirement.gap.reason }
  const message = 'the gap is closed; take it out of requirements.yaml'
  const stale = { ...facts, field: 'gap', rule: requirement.rule, message }
  return { ...facts, outcome: 'fail', findings: [stale] }
}

/** Tries a target by all trials that `select` keeps, one after the other; `pace` may hold the next one back. */
export async function tryAll(
  target: Target,
  requirements: Requirements,
  select: (trial: Trial) => boolean = () => true,
  pace: (target: Target) => Promise<void> = async () => {},
): Promise<Result[]> {
  const results: Result[] = []
  for (const trial of listTrials(target, requirements).filter(select)) {
    if (trial.obstacle === undefined) await pace(target)
    results.push(await tryOut(trial, target))
  }
  return results
}

/** Names what no target could judge: `requirement · operation · door`. */
export function findUnjudged(results: readonly Result[]): string[] {
  const name = ({ requirement, operation, door }: Result) => `${requirement} · ${operation} · ${door}`
  const judged = new Set(results.filter(({ outcome }) => outcome !== 'not judged').map(name))
  return [...new Set(results.map(name))].filter((one) => !judged.has(one))
}
