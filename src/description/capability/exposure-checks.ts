import { foldName, foldTemplate, listVariables } from '../../document/path-template.ts'
import { describeNames, type Finding, type Path, reportTwice } from '../problem.ts'
import type { Capability, ConsumedOperation, ExposedOperation, ExposedTool } from './capability-schema.ts'

/** A consumed operation that a `call` can name. */
export interface Target {
  readonly operation: ConsumedOperation
  /** True when another operation bears the same name, so that nobody can say which one is called. */
  readonly isAmbiguous: boolean
}

type Targets = ReadonlyMap<string, Target>

/** Finds what is wrong with the REST surface: its routes, their variables, and the operations they call. */
export function findRestProblems({ capability }: Capability, targets: Targets): Finding[] {
  const findings: Finding[] = []
  const routes = new Set<string>()
  const calls = new Set<string>()
  capability.exposes.forEach((surface, i) => {
    if (surface.type !== 'rest') return
    surface.resources.forEach(({ path: template, operations }, j) => {
      operations.forEach((operation, k) => {
        const path = ['capability', 'exposes', i, 'resources', j, 'operations', k]
        const route = `${operation.method} ${foldTemplate(template)}`
        if (routes.has(route))
          findings.push(reportTwice([...path, 'method'], `the route ${operation.method} ${template}`))
        else if (calls.has(operation.call) && !targets.get(operation.call)?.isAmbiguous)
          findings.push(reportTwice([...path, 'call'], `a REST operation that calls "${operation.call}"`))
        routes.add(route)
        calls.add(operation.call)
        findings.push(...findCallProblems(path, operation, 'rest', targets))
        findings.push(...findUnboundVariables(path, template, operation))
        const target = targets.get(operation.call)
        if (target && target.operation.method !== operation.method)
          findings.push({
            path: [...path, 'method'],
            message: `${operation.method} calls an operation that is ${target.operation.method}`,
            expected: target.operation.method,
          })
      })
    })
  })
  return findings
}

/** Variables match ignoring case and separators: `{clientid}` is bound by `rest.clientId`. */
function findUnboundVariables(path: Path, template: string, operation: ExposedOperation): Finding[] {
  const bound = Object.values(operation.with ?? {}).map((source) => foldName(source.replace(/^rest\./, '')))
  return listVariables(template)
    .filter((variable) => !bound.includes(foldName(variable)))
    .map((variable) => ({
      path: 'with' in operation ? [...path, 'with'] : path,
      message: `the path variable "{${variable}}" of ${template} is bound to nothing`,
      expected: `a binding to rest.${variable}`,
    }))
}

/** Finds what is wrong with the MCP surface: its tools and the operations they call. */
export function findToolProblems({ capability }: Capability, targets: Targets): Finding[] {
  const findings: Finding[] = []
  const names = new Set<string>()
  const calls = new Set<string>()
  capability.exposes.forEach((surface, i) => {
    if (surface.type !== 'mcp') return
    surface.tools.forEach((tool, j) => {
      const path = ['capability', 'exposes', i, 'tools', j]
      if (names.has(tool.name)) findings.push(reportTwice([...path, 'name'], `the tool "${tool.name}"`))
      else if (calls.has(tool.call) && !targets.get(tool.call)?.isAmbiguous)
        findings.push(reportTwice([...path, 'call'], `a tool that calls "${tool.call}"`))
      names.add(tool.name)
      calls.add(tool.call)
      findings.push(...findCallProblems(path, tool, 'tools', targets))
    })
  })
  return findings
}

/** What REST operations and tools have in common: a target, and a binding for each of its parameters. */
function findCallProblems(
  path: Path,
  { call, with: bindings = {} }: ExposedOperation | ExposedTool,
  source: 'rest' | 'tools',
  targets: Targets,
): Finding[] {
  const target = targets.get(call)
  if (!target)
    return [
      {
        path: [...path, 'call'],
        message: `the call target "${call}" does not exist`,
        expected: describeNames([...targets.keys()]),
      },
    ]
  const parameters = target.operation.inputParameters ?? []
  const known = parameters.map(({ name }) => name)
  const strangers = Object.entries(bindings).flatMap(([name, value]): Finding[] => {
    const place = [...path, 'with', name]
    if (!known.includes(name))
      return [
        { path: place, message: `"${name}" is no parameter of "${call}"`, expected: describeNames(known) },
      ]
    return value.startsWith(`${source}.`)
      ? []
      : [{ path: place, message: `"${value}" is no ${source} argument`, expected: `${source}.NAME` }]
  })
  const missing = parameters
    .filter(({ name, required }) => required === true && !Object.hasOwn(bindings, name))
    .map(({ name }) => ({
      path: [...path, 'with'],
      message: `the required parameter "${name}" of "${call}" is bound to nothing`,
      expected: `${name}: ${source}.${name}`,
    }))
  return [...strangers, ...missing]
}
