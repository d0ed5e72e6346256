import { nameVariable } from '../config/api-variables.ts'
import { asRecord, isObject } from '../document/json.ts'
import type { Description, MergedOperation } from './description.ts'
import type { DescriptionProblem } from './problem.ts'

/**
 * Names the environment variables of the security schemes of a description after the description, for a document that
 * several of them become: two schemes of one name belong to two APIs. A variable that the description names stays.
 */
export function nameVariables(description: Description): Description {
  const components = asRecord(description.document.components)
  if (!isObject(components.securitySchemes)) return description
  const securitySchemes = Object.fromEntries(
    Object.entries(components.securitySchemes).map(([name, part]) => {
      if (!isObject(part)) return [name, part]
      const { 'x-env': given = {} } = part
      if (!isObject(given) || listNamed(given).length > 0) return [name, part]
      return [name, { ...part, 'x-env': { ...given, value: nameVariable(description, name) } }]
    }),
  )
  return {
    ...description,
    document: { ...description.document, components: { ...components, securitySchemes } },
  }
}

/** Finds the environment variables whose secrets go to more than one origin, and warns of each, where it first does. */
export function findSharedCredentials(
  operations: readonly MergedOperation[],
  schemes: Readonly<Record<string, unknown>>,
): DescriptionProblem[] {
  const uses = new Map<string, MergedOperation[]>()
  for (const one of operations) {
    const alternatives = [one.operation.security ?? []].flat().map((part) => Object.keys(asRecord(part)))
    for (const scheme of new Set(alternatives.flat()))
      for (const variable of listVariables(scheme, asRecord(schemes[scheme])['x-env'])) {
        const all = uses.get(variable) ?? []
        all.push(one)
        uses.set(variable, all)
      }
  }
  return [...uses].flatMap(([variable, all]): DescriptionProblem[] => {
    const origins = new Set(
      all.flatMap(({ baseUrl }) => (baseUrl === undefined ? [] : new URL(baseUrl).origin)),
    )
    const [first] = all
    if (origins.size < 2 || !first) return []
    return [
      {
        file: first.description.file,
        ...first.findPosition(),
        message: `the credential ${variable} is sent to several origins: ${[...origins].join(', ')}`,
        expected: 'a credential for each origin, or one that is meant for all of them',
        severity: 'warning',
      },
    ]
  })
}

/** Without a variable of its own, a scheme has one by its name. */
function listVariables(scheme: string, environment: unknown): string[] {
  const named = listNamed(asRecord(environment))
  return named.length > 0 ? named : [scheme]
}

/** Lists the variables that `x-env` names; of a user or a password alone there is none. */
function listNamed({ value, username, password }: Readonly<Record<string, unknown>>): string[] {
  const isBasic = username !== undefined && password !== undefined
  return (isBasic ? [username, password] : [value]).filter((one) => typeof one === 'string')
}
