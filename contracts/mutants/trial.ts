import { describeFinding, listTrials, type Trial } from '../judge.ts'
import type { Requirements } from '../requirements.ts'
import type { Target } from '../target.ts'
import type { Mutant } from './mutant.ts'

/** Groups of requirements in which a class of mutants shows first. */
const telling = {
  answers: ['answers'],
  document: ['arguments', 'body', 'exposure'],
  behaviour: ['request', 'answers', 'exposure'],
}

/**
 * Judges a mutant by the suite and stops at the first red line. Only the operations it belongs to are judged, and
 * the gateway as a whole; an allowed one only by what looks at answers, since it is nothing but an answer.
 */
export async function judgeMutant(
  mutant: Mutant,
  target: Target,
  requirements: Requirements,
): Promise<string | undefined> {
  const facts = new Map(requirements.operations.map(({ name, operation }) => [name, operation]))
  const concerned = listTrials(target, requirements).filter(
    ({ obstacle, operation, requirement }) =>
      obstacle === undefined &&
      (mutant.operations.includes(facts.get(operation) ?? '') || operation === 'gateway') &&
      (!mutant.allowed || mutant.class !== 'answers' || requirement.group === 'answers'),
  )
  const weighed = concerned.map((trial) => ({ trial, weight: weigh(trial, mutant) }))
  for (const { trial } of weighed.sort((a, b) => a.weight - b.weight)) {
    const [finding] = await trial.run()
    if (finding) return describeFinding(finding)
  }
  return undefined
}

/** Small for the trials that are likely to notice, and for the door that answers fastest. */
function weigh({ requirement, surface, operation }: Trial, mutant: Mutant): number {
  const named = requirement.argument?.split('.').at(-1)
  const wanted = named !== undefined && mutant.name.split(/[ :]/).includes(named)
  const group = telling[mutant.class].indexOf(requirement.group)
  if (requirement.id === 'document.answers' && mutant.class === 'document') return -20
  const door = { upstream: 0, rest: 1, mcp: 2 }[surface]
  return (
    (wanted ? -10 : 0) +
    (group < 0 ? telling[mutant.class].length : group) +
    (operation === 'gateway' ? 0 : 0.1) +
    // Trials by many cases at once are slow.
    (requirement.id.startsWith('arguments.') ? 5 : 0) +
    door * 10
  )
}
