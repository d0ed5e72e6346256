import { identifyParameter } from '../../document/parameters.ts'
import { listPathVariables, matchNames, splitPathKey } from '../../document/path-template.ts'
import { eraseNames } from '../identity.ts'
import { describeNames, type Finding, type Path, reportTwice } from '../problem.ts'
import { readUpstreamPath } from '../upstream-path.ts'
import type { Capability, ConsumedApi, InputParameter } from './capability-file.ts'
import { type Constants, placeConstants } from './constants.ts'
import { listBinds, readVariable } from './variables.ts'

/** A consumed operation with everything that its capability says of it in different places. */
export interface Consumed {
  readonly api: ConsumedApi
  readonly name: string
  readonly method: string
  /** The key of `paths` it stands under, see `splitPathKey`. */
  readonly key: string
  readonly description?: string
  /** Every parameter outside the body, those of path variables that nothing declares included. */
  readonly parameters: readonly InputParameter[]
  /** Path variables that nothing in the file declares; they are among the parameters. */
  readonly undeclared: readonly string[]
  readonly body?: InputParameter
  readonly constants: Constants
  /** Parameters whose values come from variables of the environment. */
  readonly configured: readonly InputParameter[]
  /** Where the operation stands in the file. */
  readonly place: Path
}

/** Lists the consumed operations of a capability in their order; holes in its lists are passed over. */
export function listConsumed({ binds, capability }: Capability): Consumed[] {
  const variables = listBinds(binds)
  return capability.consumes.flatMap((api, i) =>
    api.resources.flatMap(({ path, inputParameters = [], operations }, j) =>
      operations.flatMap((operation, k) => {
        const { name, method, description } = operation
        const all = override([
          ...(api.inputParameters ?? []),
          ...inputParameters,
          ...(operation.inputParameters ?? []),
        ])
        const isConfigured = ({ value = '' }: InputParameter) => readVariable(value, variables) !== undefined
        const constants = placeConstants(path, all)
        const { key, parameters, undeclared } = readUpstreamPath(
          constants.path,
          constants.others.filter((one) => one.in !== 'body' && !isConfigured(one)),
          constants.query,
        )
        const body = all.find((one) => one.in === 'body')
        return {
          ...{ api, name, method, key, parameters, undeclared, constants },
          configured: all.filter(isConfigured),
          ...(description !== undefined && { description }),
          ...(body && { body }),
          place: ['capability', 'consumes', i, 'resources', j, 'operations', k],
        }
      }),
    ),
  )
}

/** What stands deeper in the file wins. */
function override(parameters: readonly InputParameter[]): InputParameter[] {
  return [...new Map(parameters.map((one) => [identifyParameter(one), one])).values()]
}

/** Finds what is wrong with the parameters of the consumed operations. */
export function findConsumedProblems({ capability }: Capability): Finding[] {
  return capability.consumes.flatMap((api, i) =>
    api.resources.flatMap(({ path: template, operations }, j) =>
      operations.flatMap(({ inputParameters = [] }, k) => {
        const place: Path = ['capability', 'consumes', i, 'resources', j, 'operations', k, 'inputParameters']
        const variables = listPathVariables(template).map((name) => name.replaceAll(/[{}]/g, ''))
        const inPath = inputParameters.flatMap((one) => (one.in === 'path' ? [one.name] : []))
        const known = new Set(matchNames([...new Set(variables)], inPath).values())
        const names = inputParameters.map(identifyParameter)
        return [
          ...inputParameters.flatMap(({ name, in: where }, index) =>
            where === 'path' && !known.has(name)
              ? [
                  {
                    path: [...place, index, 'name'],
                    message: `"${name}" is no variable of ${template}`,
                    expected: describeNames(variables),
                  },
                ]
              : [],
          ),
          ...names.flatMap((name, index) =>
            names.indexOf(name) === index ? [] : [reportTwice([...place, index], `the parameter "${name}"`)],
          ),
          ...findBodyProblems(inputParameters, place),
        ]
      }),
    ),
  )
}

function findBodyProblems(parameters: readonly InputParameter[], place: Path): Finding[] {
  const bodies = parameters.flatMap((one, index) => (one.in === 'body' ? [index] : []))
  return bodies.slice(1).map((index) => ({
    path: [...place, index, 'in'],
    message: 'a second parameter in the body',
    expected: 'one parameter that is the whole body',
  }))
}

/** Writes the shape of a request, which is the same for two operations that send equal requests. */
export function toRequestShape({ api, method, key, constants }: Consumed): string {
  const { path, query } = splitPathKey(key)
  const shape = eraseNames(path)
  return [api.baseUri ?? '', method, shape, query, JSON.stringify(constants.headers)].join(' ')
}
