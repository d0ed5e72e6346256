import { Ajv } from 'ajv'
import { asRecord } from '../../document/json.ts'
import { once } from '../../document/once.ts'
import { formOptions, toFindings } from '../form-problems.ts'
import { type DescriptionProblem, type Finding, type Path, type Position, toProblem } from '../problem.ts'
import { readSource } from '../source.ts'
import { findCapabilityProblems } from './capability-checks.ts'
import type { Capability } from './capability-file.ts'
import { capabilitySchema } from './capability-schema.ts'
import { findUnsupported } from './unsupported.ts'

/** What reading a capability came to; without a capability there is at least one error among the problems. */
export interface CapabilityReading {
  readonly capability?: Capability
  readonly problems: readonly DescriptionProblem[]
  /** Position of a place of the file. */
  readonly positionOf: (path: Path) => Position
}

const compileCheck = once(() => new Ajv(formOptions).compile<Capability>(capabilitySchema))

/**
 * Reads and checks a capability; reports every problem with its line instead of stopping at the first. Parts that are
 * not supported are cut out of the capability and reported.
 */
export function readCapability(text: string, file: string): CapabilityReading {
  const { value, problems: malformations, positionOf } = readSource(text, file)
  if (malformations.length > 0) return { problems: malformations, positionOf }
  const unsupported = findUnsupported(value)
  const omitted = unsupported.filter(({ severity }) => severity === 'omission')
  const check = compileCheck()
  const isFormed = check(value)
  const mistakes = toFindings(check.errors ?? []).filter(
    ({ path }) => !omitted.some((one) => isWithin(path, one.path.slice(0, -1))),
  )
  const rest = isFormed && omitted.length === 0 ? value : cutOut(value, [...omitted, ...mistakes])
  // What was cut out of the consumed side would look like a target that does not exist.
  const hasTargets = [...omitted, ...mistakes].every(({ path }) => path[1] !== 'consumes')
  const findings = rest ? findCapabilityProblems(rest, { whole: value, hasTargets, positionOf }) : []
  const problems = [...unsupported, ...mistakes, ...findings]
    .map((one) => toProblem(one, file, positionOf))
    .sort((a, b) => a.line - b.line)
  const isRefused = problems.some(({ severity }) => severity === 'error')
  return { ...(rest && !isRefused && { capability: rest }), problems, positionOf }
}

function isWithin(path: Path, outer: Path): boolean {
  return outer.every((segment, index) => segment === path[index])
}

/**
 * Takes the parts that hold a mistake of form out of a capability, so that the rest can be checked. Elements of lists
 * leave holes, which keeps the indexes, and with them the lines, of their neighbours. Gives nothing when what is
 * consumed and exposed cannot be told apart from the mistake.
 */
function cutOut(value: unknown, mistakes: readonly Finding[]): Capability | undefined {
  const rest = { ...asRecord(structuredClone(value)) }
  for (const { path } of mistakes) {
    const [member = ''] = path
    const element = findElement(rest, path)
    if (element) delete element.list[element.index]
    else if (member === '' || member === 'capability') return undefined
    else delete rest[member]
  }
  const sound: unknown = rest
  // Ajv would not take the holes; whatever it found wrong has been left out.
  return sound as Capability
}

/** Finds the deepest list on a path; an operation is cut out whole, since one without a parameter would look wrong. */
function findElement(value: unknown, path: Path): { list: unknown[]; index: number } | undefined {
  let place = value
  let found: { list: unknown[]; index: number } | undefined
  for (const [depth, segment] of path.entries()) {
    if (Array.isArray(place) && path[depth - 1] !== 'inputParameters')
      found = { list: place, index: Number(segment) }
    place = asRecord(place)[segment]
  }
  return found
}
