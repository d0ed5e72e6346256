import { Ajv, type ErrorObject } from 'ajv'
import { type Document, isNode, LineCounter, parseDocument } from 'yaml'
import { findCapabilityProblems } from './capability-checks.ts'
import type { Capability } from './capability-schema.ts'
import { capabilitySchema } from './capability-schema.ts'
import type { Finding, Path, Problem } from './problem.ts'

/** What reading a capability came to; without a capability there is at least one error among the problems. */
export interface CapabilityReading {
  readonly capability?: Capability
  readonly problems: readonly Problem[]
}

/** Reads and checks a capability; reports every problem with its line instead of stopping at the first. */
export function readCapability(text: string, file: string): CapabilityReading {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines })
  const toProblem = ({ path, message, expected, severity = 'error' }: Finding): Problem => ({
    file,
    line: lines.linePos(findOffset(document, path)).line,
    message,
    expected,
    severity,
  })
  const syntax = document.errors.map((error): Problem => {
    const message = error.message.split('\n')[0] ?? error.code
    return {
      file,
      line: lines.linePos(error.pos[0]).line,
      message,
      expected: 'well-formed YAML',
      severity: 'error',
    }
  })
  if (syntax.length > 0) return { problems: syntax }

  const check = new Ajv({ allErrors: true, verbose: true }).compile<Capability>(capabilitySchema)
  const value: unknown = document.toJS()
  if (check(value)) {
    const problems = findCapabilityProblems(value).map(toProblem)
    return problems.some(({ severity }) => severity === 'error')
      ? { problems }
      : { capability: value, problems }
  }
  const mistakes = [...mistakesOf(check.errors ?? [])]
  const rest = cutOut(value, mistakes)
  // What was cut out of the consumed side would look like a target that does not exist.
  const hasTargets = mistakes.every(({ path }) => path[1] !== 'consumes')
  const findings = rest ? findCapabilityProblems(rest, hasTargets) : []
  return { problems: [...mistakes, ...findings].map(toProblem).sort((a, b) => a.line - b.line) }
}

/**
 * Takes the list elements that hold a mistake of form out of a capability, so that the rest can be checked. They
 * leave holes, which keeps the indexes, and with them the lines, of their neighbours. Gives nothing when a mistake
 * stands outside of every list.
 */
function cutOut(value: unknown, mistakes: readonly Finding[]): Capability | undefined {
  for (const { path } of mistakes) {
    const depth = path.findLastIndex((segment) => typeof segment === 'number')
    const list = path
      .slice(0, Math.max(depth, 0))
      .reduce<unknown>((place, name) => (place === undefined ? place : Object(place)[name]), value)
    if (depth < 0) return undefined
    if (Array.isArray(list)) delete list[Number(path[depth])]
  }
  // Ajv would not take the holes; whatever it found wrong is gone.
  return value as Capability
}

/** Offset of the deepest node on the path that exists, so that a missing key points at its parent. */
function findOffset(document: Document, path: Path): number {
  for (let length = path.length; length >= 0; length -= 1) {
    const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true)
    if (isNode(node) && node.range) return node.range[0]
  }
  return 0
}

function mistakesOf(errors: readonly ErrorObject[]): Finding[] {
  return errors
    .filter(({ keyword }) => keyword !== 'if')
    .map(({ instancePath, keyword, params, message = '', data }) => {
      const path = instancePath.split('/').slice(1).map(readSegment)
      if (keyword === 'required')
        return {
          path,
          message: `the key "${params.missingProperty}" is missing`,
          expected: 'the key with a value',
        }
      const allowed = params.allowedValues ?? params.allowedValue
      const expected = allowed === undefined ? message : `one of ${[allowed].flat().join(', ')}`
      return { path, message: `${describePlace(path)} is ${describeValue(data)}`, expected }
    })
}

function readSegment(segment: string): string | number {
  return /^\d+$/.test(segment) ? Number(segment) : segment.replaceAll('~1', '/').replaceAll('~0', '~')
}

function describePlace(path: Path): string {
  return path.length === 0 ? 'the file' : path.join('.')
}

function describeValue(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' && value !== null ? 'a map' : JSON.stringify(value)
}
