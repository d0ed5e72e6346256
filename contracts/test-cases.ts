import { isDeepStrictEqual } from 'node:util'
import { checks } from './checks/catalogue.ts'
import type { Finding } from './context.ts'
import type { OperationFacts, Requirement, Requirements, Surface } from './requirements.ts'
import type { ServerClient } from './server-client.ts'
import type { Target } from './target.ts'
import { prepareArguments } from './valid-arguments.ts'
import { showValue } from './values.ts'

/** One requirement on one operation and one server. */
export interface TestCase {
  readonly requirement: Requirement
  /** Name of the operation, or `gateway`. */
  readonly operation: string
  readonly surface: Surface
  readonly server: string
  /** `requirement · operation · server`. */
  readonly title: string
  /** Why this target cannot be tested by it. */
  readonly obstacle: string | undefined
  /** Returns the findings; none when the requirement is met. */
  run(): Promise<readonly Finding[]>
}

/** Lists every test case of a target, in the order of the requirements. */
export function listTestCases(target: Target, requirements: Requirements): TestCase[] {
  const makeArguments = prepareArguments(target, requirements.operations)
  return requirements.requirements.flatMap((requirement) => {
    const [first] = requirements.operations
    const wanted = requirement.operations.length > 0 ? requirement.operations : [first]
    return wanted
      .filter((operation) => operation !== undefined)
      .flatMap((operation) =>
        findServers(target, requirement.surfaces).map(({ surface, server }) => {
          const name = requirement.operations.length > 0 ? operation.name : 'gateway'
          const facts = { requirement, operation: name, surface, server: server?.name ?? 'Cal.com' }
          return {
            ...facts,
            title: `${requirement.id} · ${name} · ${facts.server}`,
            obstacle: findObstacle(target, requirement, operation, server),
            run: async () => {
              const findings: Finding[] = []
              const fail = (field: string, message: string) => {
                const { id, rule } = requirement
                findings.push({ ...facts, target: target.name, requirement: id, field, rule, message })
              }
              const expectEqual = (field: string, actual: unknown, expected: unknown) => {
                const holds = isDeepStrictEqual(actual, expected)
                if (!holds) fail(field, `expected ${showValue(expected)}, got ${showValue(actual)}`)
                return holds
              }
              const check = checks[requirement.id]
              if (!check || !server) throw new TypeError(`nothing checks ${requirement.id}`)
              const scope = { requirements, requirement, operation, server, target, makeArguments }
              await check({ ...scope, expectEqual, fail }).catch((error: unknown) => fail('', String(error)))
              if (target.recorder) Object.assign(target.recorder, { prefer: undefined, script: undefined })
              return findings
            },
          }
        }),
      )
  })
}

/** Runs all test cases of a target that `select` keeps, one after the other; a known gap is a finding here too. */
export async function collectFindings(
  target: Target,
  requirements: Requirements,
  select: (testCase: TestCase) => boolean = () => true,
): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const testCase of listTestCases(target, requirements))
    if (testCase.obstacle === undefined && select(testCase)) findings.push(...(await testCase.run()))
  return findings
}

/** A finding in one line: what broke, on which surface, in which field, by which rule. */
export function describeFinding(finding: Finding): string {
  const { requirement, operation, server, field, rule, message } = finding
  return `✗ ${operation} · ${server} · ${field || 'call'} · ${requirement}: ${message}. ${rule}`
}

function findServers(target: Target, surfaces: readonly Surface[]) {
  const { servers, upstream } = target
  const all = [
    { surface: 'rest' as const, server: servers.rest },
    ...servers.mcp.map((server) => ({ surface: 'mcp' as const, server })),
    { surface: 'upstream' as const, server: upstream && { ...upstream, name: 'Cal.com' } },
  ]
  return all.filter(({ surface }) => surfaces.includes(surface))
}

function findObstacle(
  target: Target,
  { needs, stateful }: Requirement,
  { name }: OperationFacts,
  server: ServerClient | undefined,
): string | undefined {
  if (!server) return 'the upstream cannot be asked'
  if (stateful && !target.remembers) return 'the upstream remembers nothing'
  if (!target.writes && (stateful || !['list', 'get'].includes(name))) return 'nothing may be changed'
  if (needs.includes('sight') && !target.recorder) return 'upstream requests cannot be seen'
  if (needs.includes('told') && !target.tellable) return 'the upstream gives no response on demand'
  if (needs.includes('build') && !target.build) return 'it is configured already'
  return undefined
}
