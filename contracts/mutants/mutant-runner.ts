import type { Requirements } from '../requirements.ts'
import type { Target } from '../target.ts'
import { describeFinding, listTestCases, type TestCase } from '../test-cases.ts'
import type { Mutant } from './mutant.ts'

/** Groups of requirements in which a class of mutants shows first. */
const telling: Readonly<Partial<Record<Mutant['class'], readonly string[]>>> = {
  responses: ['responses'],
  document: ['arguments', 'body', 'exposure'],
  behaviour: ['request', 'responses', 'exposure'],
}

/**
 * Tests a mutant by the suite and stops at the first red line. Only the operations it belongs to are tested, and
 * the gateway as a whole; an allowed one only by what looks at responses, since it is nothing but a response.
 */
export async function testMutant(
  mutant: Mutant,
  target: Target,
  requirements: Requirements,
): Promise<string | undefined> {
  const facts = new Map(requirements.operations.map(({ name, operation }) => [name, operation]))
  const concerned = listTestCases(target, requirements).filter(
    ({ obstacle, operation, requirement }) =>
      obstacle === undefined &&
      (mutant.operations.includes(facts.get(operation) ?? '') || operation === 'gateway') &&
      (!mutant.allowed || mutant.class !== 'responses' || requirement.group === 'responses'),
  )
  const weighed = concerned.map((testCase) => ({ testCase, weight: weigh(testCase, mutant) }))
  for (const { testCase } of weighed.sort((a, b) => a.weight - b.weight)) {
    const [finding] = await testCase.run()
    if (finding) return describeFinding(finding)
  }
  return undefined
}

/** Small for the test cases that are likely to notice, and for the server that responds fastest. */
function weigh({ requirement, surface, operation }: TestCase, mutant: Mutant): number {
  const named = requirement.argument?.split('.').at(-1)
  const wanted = named !== undefined && mutant.name.split(/[ :]/).includes(named)
  const groups = telling[mutant.class] ?? []
  const group = groups.indexOf(requirement.group)
  if (requirement.id === 'document.responses' && mutant.class === 'document') return -20
  const server = { upstream: 0, rest: 1, mcp: 2 }[surface]
  return (
    (wanted ? -10 : 0) +
    (group < 0 ? groups.length : group) +
    (operation === 'gateway' ? 0 : 0.1) +
    // Test cases that make many calls are slow.
    (requirement.id.startsWith('arguments.') ? 5 : 0) +
    server * 10
  )
}
