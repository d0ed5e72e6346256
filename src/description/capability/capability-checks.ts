import { asRecord } from '../../document/json.ts'
import type { Finding, Path, Position } from '../problem.ts'
import { findAuthenticationProblems } from './authentication.ts'
import type { Capability } from './capability-file.ts'
import { findConstantProblems } from './constants.ts'
import { type Consumed, findConsumedProblems, listConsumed, toRequestShape } from './consumed-operations.ts'
import { findRestProblems, findToolProblems } from './exposure-checks.ts'
import { resolveExposures } from './exposures.ts'

/** What checking needs to know of the file besides what was read of it. */
export interface CheckedFile {
  /** Everything the file says, with the parts that had to be cut out. */
  readonly whole: unknown
  /** False when the consumed side has lost parts, so that the target of a call may be among them. */
  readonly hasTargets: boolean
  readonly positionOf: (path: Path) => Position
}

/** Finds what a well-formed capability still gets wrong: what it names and does not have, or has twice. */
export function findCapabilityProblems(capability: Capability, file: CheckedFile): Finding[] {
  const consumed = listConsumed(capability)
  const names = file.hasTargets
    ? [...new Set(consumed.map(({ api, name }) => `${api.namespace}.${name}`))]
    : undefined
  const exposures = resolveExposures(capability, consumed)
  return [
    ...findConsumedProblems(capability),
    ...findConstantProblems(capability),
    ...findEqualRequests(consumed, file),
    ...findAuthenticationProblems(capability),
    ...findRestProblems(exposures, names, file.positionOf),
    ...findToolProblems(exposures, names),
    ...findUnusedBinds(capability, file.whole),
  ]
}

/** Two operations with equal requests are both served, each with its own tool; it is a word worth, as one may be wrong. */
function findEqualRequests(consumed: readonly Consumed[], { positionOf }: CheckedFile): Finding[] {
  const first = new Map<string, Consumed>()
  return consumed.flatMap((one): Finding[] => {
    const shape = toRequestShape(one)
    const earlier = first.get(shape)
    if (!earlier) first.set(shape, one)
    if (!earlier) return []
    const { line } = positionOf([...earlier.place, 'method'])
    const message = `${one.method} ${one.key} sends the same request as the operation of line ${line}`
    return [{ path: [...one.place, 'method'], message, expected: 'it once', severity: 'warning' }]
  })
}

/** A variable that nothing uses is worth a word, but no reason to refuse. */
function findUnusedBinds({ binds = [] }: Capability, whole: unknown): Finding[] {
  const { binds: _binds, ...rest } = asRecord(whole)
  const uses = [...JSON.stringify(rest).matchAll(/\{\{\s*([^{}\s]+)\s*\}\}/g)].map(([, use = '']) => use)
  return binds.flatMap(({ keys }, index) =>
    Object.keys(keys)
      .filter((name) => !uses.some((use) => use === name || use.endsWith(`.${name}`)))
      .map(
        (name): Finding => ({
          path: ['binds', index, 'keys', name],
          message: `the variable "${name}" is used nowhere in this file`,
          expected: `a use such as {{env.${name}}}`,
          severity: 'warning',
        }),
      ),
  )
}
