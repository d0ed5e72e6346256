import { isDeepStrictEqual } from 'node:util'
import { provers } from './cases/provers.ts'
import type { Door } from './door.ts'
import type { OperationFacts, Requirement, Requirements, Surface } from './requirements.ts'
import { prepareArguments } from './subject.ts'
import type { SoundArguments, Target } from './target.ts'
import { showValue } from './values.ts'

/** One way in which a target departs from a requirement. */
export interface Finding {
  readonly target: string
  readonly requirement: string
  /** Name of the operation, or `gateway`. */
  readonly operation: string
  readonly surface: Surface
  /** `REST`, `MCP 2025-11-25`, `Cal.com`. */
  readonly door: string
  /** The argument, or the member of the answer (`error.understood` puts the error's name before it). */
  readonly field: string
  /** The sentence of the requirement. */
  readonly rule: string
  readonly message: string
}

/** What a prover works with. */
export interface Scene {
  readonly requirements: Requirements
  readonly requirement: Requirement
  /** The operation; for what the gateway as a whole promises, the first one. */
  readonly operation: OperationFacts
  /** The door under judgement; on the surface `upstream`, the way straight to it. */
  readonly door: Door
  readonly target: Target
  readonly sound: SoundArguments
  /** Notes a departure unless both are deeply equal; tells whether they are. */
  check(field: string, actual: unknown, expected: unknown): boolean
  /** Notes a departure. */
  fail(field: string, message: string): void
}

/** Judges one requirement on one operation and one door, by what it notes in the scene. */
export type Prover = (scene: Scene) => Promise<void>

/** One requirement on one operation and one door. */
export interface Trial {
  readonly requirement: Requirement
  /** Name of the operation, or `gateway`. */
  readonly operation: string
  readonly surface: Surface
  readonly door: string
  /** `requirement · operation · door`. */
  readonly title: string
  /** Why this target cannot be judged by it. */
  readonly obstacle: string | undefined
  /** Departures; none when the requirement holds. */
  run(): Promise<readonly Finding[]>
}

/** Lists every trial of a target, in the order of the requirements. */
export function listTrials(target: Target, requirements: Requirements): Trial[] {
  const sound = prepareArguments(target, requirements.operations)
  return requirements.requirements.flatMap((requirement) => {
    const [first] = requirements.operations
    const wanted = requirement.operations.length > 0 ? requirement.operations : [first]
    return wanted
      .filter((operation) => operation !== undefined)
      .flatMap((operation) =>
        findDoors(target, requirement.surfaces).map(({ surface, door }) => {
          const name = requirement.operations.length > 0 ? operation.name : 'gateway'
          const facts = { requirement, operation: name, surface, door: door?.name ?? 'Cal.com' }
          return {
            ...facts,
            title: `${requirement.id} · ${name} · ${facts.door}`,
            obstacle: findObstacle(target, requirement, operation, door),
            run: async () => {
              const findings: Finding[] = []
              const fail = (field: string, message: string) => {
                const { id, rule } = requirement
                findings.push({ ...facts, target: target.name, requirement: id, field, rule, message })
              }
              const check = (field: string, actual: unknown, expected: unknown) => {
                const holds = isDeepStrictEqual(actual, expected)
                if (!holds) fail(field, `expected ${showValue(expected)}, got ${showValue(actual)}`)
                return holds
              }
              const prover = provers[requirement.id]
              if (!prover || !door) throw new TypeError(`nothing proves ${requirement.id}`)
              const scene = { requirements, requirement, operation, door, target, sound, check, fail }
              await prover(scene).catch((error: unknown) => fail('', String(error)))
              if (target.recorder) Object.assign(target.recorder, { prefer: undefined, script: undefined })
              return findings
            },
          }
        }),
      )
  })
}

/** Judges a target by all trials that `select` keeps, one after the other; gaps are departures here too. */
export async function judge(
  target: Target,
  requirements: Requirements,
  select: (trial: Trial) => boolean = () => true,
): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const trial of listTrials(target, requirements))
    if (trial.obstacle === undefined && select(trial)) findings.push(...(await trial.run()))
  return findings
}

/** A departure in one line: what broke, on which surface, in which field, by which rule. */
export function describeFinding(finding: Finding): string {
  const { requirement, operation, door, field, rule, message } = finding
  return `✗ ${operation} · ${door} · ${field || 'call'} · ${requirement}: ${message}. ${rule}`
}

function findDoors(target: Target, surfaces: readonly Surface[]) {
  const { doors, upstream } = target
  const all = [
    { surface: 'rest' as const, door: doors.rest },
    ...doors.mcp.map((door) => ({ surface: 'mcp' as const, door })),
    { surface: 'upstream' as const, door: upstream && { ...upstream, name: 'Cal.com' } },
  ]
  return all.filter(({ surface }) => surfaces.includes(surface))
}

function findObstacle(
  target: Target,
  { needs, stateful }: Requirement,
  { name }: OperationFacts,
  door: Door | undefined,
): string | undefined {
  if (!door) return 'the upstream cannot be asked'
  if (stateful && !target.remembers) return 'the upstream remembers nothing'
  if (!target.writes && (stateful || !['list', 'get'].includes(name))) return 'nothing may be changed'
  if (needs.includes('sight') && !target.recorder) return 'what goes up cannot be seen'
  if (needs.includes('told') && !target.tellable) return 'the upstream gives no answer on demand'
  if (needs.includes('build') && !target.build) return 'it is configured already'
  return undefined
}
