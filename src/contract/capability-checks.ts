import type { Capability, ConsumedOperation, ExposedOperation, ExposedTool } from './capability-schema.ts'
import type { Finding, Path } from './problem.ts'
import { foldName, foldTemplate, listVariables } from './variables.ts'

/** A consumed operation with its path, by the name a `call` uses. */
type Targets = ReadonlyMap<string, { readonly path: string; readonly operation: ConsumedOperation }>

/**
 * Finds what a well-formed capability still gets wrong: what it names and does not have, or has twice. Calls are
 * followed only when every target that the file has can be trusted to be in there.
 */
export function findCapabilityProblems(capability: Capability, hasTargets = true): Finding[] {
  const targets = new Map<string, { path: string; operation: ConsumedOperation }>()
  const consumed = findConsumedProblems(capability, targets)
  const calls = hasTargets
    ? [...findRestProblems(capability, targets), ...findToolProblems(capability, targets)]
    : []
  return [...consumed, ...calls, ...findUnusedBinds(capability)]
}

function findConsumedProblems(
  { capability }: Capability,
  targets: Map<string, { path: string; operation: ConsumedOperation }>,
): Finding[] {
  const findings: Finding[] = []
  capability.consumes.forEach(({ namespace, resources }, i) => {
    resources.forEach(({ path: template, operations }, j) => {
      operations.forEach((operation, k) => {
        const path = ['capability', 'consumes', i, 'resources', j, 'operations', k]
        const name = `${namespace}.${operation.name}`
        if (targets.has(name))
          findings.push(duplicate([...path, 'name'], `the operation "${operation.name}"`))
        targets.set(name, { path: template, operation })
        findings.push(...findParameterProblems(path, template, operation))
      })
    })
  })
  return findings
}

function findParameterProblems(path: Path, template: string, operation: ConsumedOperation): Finding[] {
  const parameters = operation.inputParameters ?? []
  const declared = parameters.filter((one) => one.in === 'path').map(({ name }) => foldName(name))
  const variables = listVariables(template)
  const undeclared = variables
    .filter((variable) => !declared.includes(foldName(variable)))
    .map((variable) => ({
      path: [...path, 'name'],
      message: `the path variable "{${variable}}" of ${template} is no input parameter of "${operation.name}"`,
      expected: `an input parameter "${variable}" in path`,
    }))
  const superfluous = parameters.flatMap(({ name, in: place }, index) =>
    place === 'path' && !variables.map(foldName).includes(foldName(name))
      ? [
          {
            path: [...path, 'inputParameters', index, 'name'],
            message: `"${name}" is no variable of ${template}`,
            expected: describeNames(variables),
          },
        ]
      : [],
  )
  const names = parameters.map(({ name, in: place }) => `${place} ${name}`)
  const twice = names.flatMap((name, index) =>
    names.indexOf(name) === index
      ? []
      : [duplicate([...path, 'inputParameters', index], `the parameter "${name}"`)],
  )
  return [...undeclared, ...superfluous, ...twice]
}

function findRestProblems({ capability }: Capability, targets: Targets): Finding[] {
  const findings: Finding[] = []
  const routes = new Set<string>()
  capability.exposes.forEach((surface, i) => {
    if (surface.type !== 'rest') return
    surface.resources.forEach(({ path: template, operations }, j) => {
      operations.forEach((operation, k) => {
        const path = ['capability', 'exposes', i, 'resources', j, 'operations', k]
        const route = `${operation.method} ${foldTemplate(template)}`
        if (routes.has(route))
          findings.push(duplicate([...path, 'method'], `the route ${operation.method} ${template}`))
        routes.add(route)
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

function findToolProblems({ capability }: Capability, targets: Targets): Finding[] {
  const findings: Finding[] = []
  const names = new Set<string>()
  capability.exposes.forEach((surface, i) => {
    if (surface.type !== 'mcp') return
    surface.tools.forEach((tool, j) => {
      const path = ['capability', 'exposes', i, 'tools', j]
      if (names.has(tool.name)) findings.push(duplicate([...path, 'name'], `the tool "${tool.name}"`))
      names.add(tool.name)
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
    .filter(({ name, required }) => required === true && !(name in bindings))
    .map(({ name }) => ({
      path: [...path, 'with'],
      message: `the required parameter "${name}" of "${call}" is bound to nothing`,
      expected: `${name}: ${source}.${name}`,
    }))
  return [...strangers, ...missing]
}

/** A variable that nothing uses is worth a word, but no reason to refuse. */
function findUnusedBinds({ binds = [], ...rest }: Capability): Finding[] {
  const text = JSON.stringify(rest)
  return binds.flatMap(({ keys }, index) =>
    Object.keys(keys)
      .filter((name) => !new RegExp(`\\{\\{\\s*(?:[\\w-]+\\.)?${name}\\s*\\}\\}`).test(text))
      .map(
        (name): Finding => ({
          path: ['binds', index, 'keys', name],
          message: `the variable "${name}" is used nowhere`,
          expected: `a use such as {{env.${name}}}`,
          severity: 'warning',
        }),
      ),
  )
}

function duplicate(path: Path, what: string): Finding {
  return { path, message: `${what} stands twice`, expected: 'it once' }
}

function describeNames(names: readonly string[]): string {
  return names.length === 0 ? 'nothing there' : `one of ${names.join(', ')}`
}
