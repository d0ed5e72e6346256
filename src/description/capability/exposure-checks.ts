import { matchVariables } from '../../document/path-template.ts'
import { describeNames, type Finding, type Position, reportTwice } from '../problem.ts'
import type { ExposedOperation, ExposedTool } from './capability-file.ts'
import {
  type Exposure,
  type Exposures,
  findShadowed,
  listBindable,
  type Route,
  readBindings,
} from './exposures.ts'

/** The names a `call` can have; nothing when parts of the consumed side had to be cut out. */
export type CallNames = readonly string[] | undefined

/** Finds what is wrong with the REST surfaces: routes, their variables, and the operations that they call. */
export function findRestProblems(
  { routes }: Exposures,
  names: CallNames,
  positionOf: FindPosition,
): Finding[] {
  const shadowed = findShadowed(routes).map(({ route, earlier, isEqual }): Finding => {
    const { method, path } = route.exposed
    const name = `${method} ${path}`
    const other = `that of line ${positionOf([...earlier.place, 'method']).line}`
    return {
      path: [...route.place, 'method'],
      ...(isEqual
        ? { message: `the route ${name} stands twice and is served once, as ${other}`, expected: 'it once' }
        : {
            message: `the route ${name} is left out: it is ${other}, which sends another request`,
            expected: 'a path of its own',
          }),
      severity: isEqual ? 'warning' : 'omission',
    }
  })
  const others = routes.flatMap((route): Finding[] => {
    const { exposed, place, target } = route
    return [
      ...findCallProblems(route, 'rest', names),
      ...findUnboundVariables(route),
      ...(target && target.method !== exposed.method
        ? [
            {
              path: [...place, 'method'],
              message: `${exposed.method} calls an operation that is ${target.method}`,
              expected: target.method,
            },
          ]
        : []),
    ]
  })
  return [...shadowed, ...others]
}

/** Finds a place in the file. */
type FindPosition = (path: Finding['path']) => Position

/** Variables match ignoring case and separators (`{clientid}` is bound by `rest.clientId`), and then by position. */
function findUnboundVariables(route: Exposure<Route>): Finding[] {
  const { exposed, place, target } = route
  if (!target) return []
  const inPath = target.parameters.filter((one) => one.in === 'path').map(({ name }) => name)
  const sources = readBindings(route).flatMap(({ parameter, source }) =>
    source !== undefined && inPath.includes(parameter) ? [source] : [],
  )
  const { unmatched } = matchVariables(exposed.path, sources)
  return unmatched.map((variable) => ({
    path: exposed.with === undefined ? place : [...place, 'with'],
    message: `the path variable "{${variable}}" of ${exposed.path} is bound to nothing`,
    expected: `a binding to rest.${variable}`,
  }))
}

/** Finds what is wrong with the MCP surfaces: tools and the operations that they call. */
export function findToolProblems({ tools }: Exposures, names: CallNames): Finding[] {
  const seen = new Set<string>()
  return tools.flatMap((tool) => {
    const { exposed, place } = tool
    const twice = seen.has(exposed.name)
    seen.add(exposed.name)
    return [
      ...(twice ? [reportTwice([...place, 'name'], `the tool "${exposed.name}"`)] : []),
      ...findCallProblems(tool, 'tools', names),
    ]
  })
}

/** Finds what REST operations and tools can both get wrong: the target, and a binding for each of its parameters. */
function findCallProblems(
  exposure: Exposure<ExposedOperation | ExposedTool>,
  kind: 'rest' | 'tools',
  names: CallNames,
): Finding[] {
  const { exposed, place, target, sources } = exposure
  const { call, with: bindings } = exposed
  if (!target)
    return names
      ? [
          {
            path: [...place, 'call'],
            message: `the call target "${call}" does not exist`,
            expected: describeNames(names),
          },
        ]
      : []
  const parameters = listBindable(target)
  const known = parameters.map(({ name }) => name)
  const bound = readBindings(exposure)
  const strangers = Object.keys(bindings ?? {}).flatMap((name): Finding[] => {
    const path = [...place, 'with', name]
    if (target.constants.names.includes(name)) {
      const message = `"${name}" of "${call}" has a constant value, and is not bound`
      return [{ path, message, expected: 'no binding, or no value', severity: 'warning' }]
    }
    if (!known.includes(name))
      return [{ path, message: `"${name}" is no parameter of "${call}"`, expected: describeNames(known) }]
    return bound.find(({ parameter }) => parameter === name)?.source === undefined
      ? [{ path, message: `"${bindings?.[name]}" is no ${kind} argument`, expected: `${sources[0]}.NAME` }]
      : []
  })
  const missing = parameters
    .filter(
      ({ name, required, value }) =>
        required === true && value === undefined && !bound.some((one) => one.parameter === name),
    )
    .map(({ name }) => ({
      path: [...place, 'with'],
      message: `the required parameter "${name}" of "${call}" is bound to nothing`,
      expected: `${name}: ${kind}.${name}`,
    }))
  return [...strangers, ...missing]
}
