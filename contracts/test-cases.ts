import { checks } from './checks/catalogue.ts'
import { type Context, type Finding, NotTested } from './context.ts'
import { listDifferences } from './differences.ts'
import { observeLifecycle } from './lifecycle.ts'
import { findObstacle } from './obstacles.ts'
import type { Requirement, Requirements, Surface } from './requirements.ts'
import type { ServerClient } from './server-client.ts'
import type { Target } from './target.ts'
import { prepareArguments } from './valid-arguments.ts'

/** One requirement on one operation and one server. */
export interface TestCase {
  readonly requirement: Requirement
  /** Name of the operation, or `gateway`. */
  readonly operation: string
  readonly surface: Surface
  readonly server: string
  /** `requirement · operation · server`. */
  readonly title: string
  /** True when the recorder responds in the upstream's place, whatever the upstream is. */
  readonly isCanned: boolean
  /** Why this target cannot be tested by it. */
  readonly obstacle: string | undefined
  /** Returns the findings; none when the requirement is met. Throws `NotTested`. */
  run(): Promise<readonly Finding[]>
}

/** Lists every test case of a target, in the order of the requirements, the upstream before the gateway. */
export function listTestCases(target: Target, requirements: Requirements): TestCase[] {
  const makeArguments = prepareArguments(target, requirements.operations)
  return requirements.requirements.flatMap((requirement) => {
    const [first] = requirements.operations
    const wanted = requirement.operations.length > 0 ? requirement.operations : [first]
    return wanted
      .filter((operation) => operation !== undefined)
      .flatMap((operation) =>
        listServers(target, requirement.surfaces).map(({ surface, server }): TestCase => {
          const name = requirement.operations.length > 0 ? operation.name : 'gateway'
          const facts = { requirement, operation: name, surface, server: server?.name ?? 'Cal.com' }
          const scope = { requirements, requirement, operation, target, makeArguments }
          return {
            ...facts,
            title: `${requirement.id} · ${name} · ${facts.server}`,
            isCanned: target.recorder !== undefined && isCanned(requirement, surface),
            obstacle: findObstacle(target, requirement, operation, server),
            run: () => runCheck(scope, facts, server),
          }
        }),
      )
  })
}

function isCanned({ needs }: Requirement, surface: Surface): boolean {
  return surface !== 'upstream' && !needs.includes('memory') && !needs.includes('told')
}

type Scope = Pick<Context, 'requirements' | 'requirement' | 'operation' | 'target' | 'makeArguments'>
type Facts = Pick<Finding, 'operation' | 'surface' | 'server'>

async function runCheck(scope: Scope, facts: Facts, server: ServerClient | undefined): Promise<Finding[]> {
  const { requirement, target, requirements, operation } = scope
  const check = checks[requirement.id]
  if (!check || !server) throw new TypeError(`nothing checks ${requirement.id}`)
  const findings: Finding[] = []
  const { id, rule } = requirement
  const { operation: name, surface } = facts
  const fail = (field: string, message: string) => {
    const about = { requirement: id, operation: name, surface, server: facts.server }
    findings.push({ ...about, target: target.name, field, rule, message })
  }
  const expectEqual = (field: string, actual: unknown, expected: unknown) => {
    const differences = listDifferences(field, actual, expected)
    for (const { place, message } of differences) fail(place, message)
    return differences.length === 0
  }
  const observe = () => {
    const known =
      target.lifecycles.get(server.name) ?? observeLifecycle(target, server, requirements.operations)
    target.lifecycles.set(server.name, known)
    return known
  }
  const canned = isCanned(requirement, surface)
  const callValid = async () => {
    const isLive = target.remembers && target.writes && !(target.recorder && canned)
    const step = isLive ? (await observe()).steps.get(operation.name) : undefined
    return step?.result ?? server.call(operation, await scope.makeArguments(operation))
  }
  const { recorder } = target
  if (recorder) Object.assign(recorder, { canned, prefer: undefined, script: undefined })
  try {
    await check({ ...scope, server, callValid, observe, expectEqual, fail })
  } catch (error) {
    if (error instanceof NotTested && findings.length === 0) throw error
    if (!(error instanceof NotTested)) fail('', String(error))
  }
  if (recorder) Object.assign(recorder, { canned: false, prefer: undefined, script: undefined })
  return findings
}

/** Runs all test cases of a target that `select` keeps, one after the other. */
export async function collectFindings(
  target: Target,
  requirements: Requirements,
  select: (testCase: TestCase) => boolean = () => true,
): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const testCase of listTestCases(target, requirements))
    if (testCase.obstacle === undefined && select(testCase))
      findings.push(
        ...(await testCase.run().catch((error: unknown) => {
          if (error instanceof NotTested) return []
          throw error
        })),
      )
  return findings
}

/** Describes a finding in one line: what broke, on which surface, in which field, by which rule. */
export function describeFinding(finding: Finding): string {
  const { requirement, operation, server, field, rule, message } = finding
  return `✗ ${operation} · ${server} · ${field || 'call'} · ${requirement}: ${message}. ${rule}`
}

function listServers(target: Target, surfaces: readonly Surface[]) {
  const { servers, upstream } = target
  const all = [
    { surface: 'upstream' as const, server: upstream },
    { surface: 'rest' as const, server: servers.rest },
    ...servers.mcp.map((server) => ({ surface: 'mcp' as const, server })),
  ]
  return all.filter(({ surface }) => surfaces.includes(surface))
}
