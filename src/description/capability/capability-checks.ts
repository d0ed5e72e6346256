import { asRecord } from '../../document/json.ts'
import { foldName, foldTemplate, listVariables } from '../../document/path-template.ts'
import { describeNames, type Finding, type Path, reportTwice } from '../problem.ts'
import type { Capability, ConsumedOperation } from './capability-schema.ts'
import { findRestProblems, findToolProblems, type Target } from './exposure-checks.ts'

/**
 * Finds what a well-formed capability still gets wrong: what it names and does not have, or has twice. When parts
 * of it had to be left out, `whole` is what the file says with them, and calls are followed only when every target
 * that the file has can be trusted to be in there.
 */
export function findCapabilityProblems(
  capability: Capability,
  whole: unknown = capability,
  hasTargets = true,
): Finding[] {
  const targets = new Map<string, Target>()
  const consumed = findConsumedProblems(capability, targets)
  const calls = hasTargets
    ? [...findRestProblems(capability, targets), ...findToolProblems(capability, targets)]
    : []
  return [...consumed, ...calls, ...findUnusedBinds(capability, whole)]
}

function findConsumedProblems({ capability }: Capability, targets: Map<string, Target>): Finding[] {
  const findings: Finding[] = []
  const names = new Set<string>()
  const routes = new Set<string>()
  capability.consumes.forEach(({ namespace, resources }, i) => {
    resources.forEach(({ path: template, operations }, j) => {
      operations.forEach((operation, k) => {
        const path = ['capability', 'consumes', i, 'resources', j, 'operations', k]
        const route = `${operation.method} ${foldTemplate(template)}`
        if (names.has(operation.name))
          findings.push(reportTwice([...path, 'name'], `the operation "${operation.name}"`))
        else if (routes.has(route))
          findings.push(reportTwice([...path, 'method'], `the operation ${operation.method} ${template}`))
        names.add(operation.name)
        routes.add(route)
        const target = `${namespace}.${operation.name}`
        targets.set(target, { operation, isAmbiguous: targets.has(target) })
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
      : [reportTwice([...path, 'inputParameters', index], `the parameter "${name}"`)],
  )
  return [...undeclared, ...superfluous, ...twice]
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
