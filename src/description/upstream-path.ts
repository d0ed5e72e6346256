import { decodeText } from '../document/parameter-reading.ts'
import { listPathVariables, matchNames, splitPathKey } from '../document/path-template.ts'

/** A parameter as far as its place in the path matters. */
export interface PlacedParameter {
  readonly name: string
  readonly in: string
  readonly required?: boolean
}

/** The path of an operation as a key of `paths`, and its parameters as that key needs them. */
export interface UpstreamPath<Parameter> {
  readonly key: string
  readonly parameters: readonly (Parameter | ImpliedParameter)[]
  /** Path variables that no parameter declares; they are among the parameters. */
  readonly undeclared: readonly string[]
}

/** A parameter that only the path tells of: a required text. */
export interface ImpliedParameter {
  readonly name: string
  readonly in: 'path' | 'query'
  readonly required: true
}

/**
 * Turns a path as a description spells it into a key of `paths`. `{{name}}` is `{name}`; variables take the names of
 * the parameters that declare them, and one that nothing declares is a required text; blanks and what else cannot
 * stand in a path are encoded; a variable of the query is a query parameter; the fragment becomes the key's label.
 */
export function readUpstreamPath<Parameter extends PlacedParameter>(
  spelled: string,
  declared: readonly Parameter[],
  constants: readonly string[] = [],
): UpstreamPath<Parameter> {
  const { path, query, label } = splitPathKey(spelled.replaceAll('{{', '{').replaceAll('}}', '}'))
  const inPath = declared.filter((one) => one.in === 'path')
  const variables = [...new Set(listPathVariables(path))]
  const elsewhere = listPathVariables(`${query}#${label}`)
  const names = matchNames(
    [...new Set([...variables, ...elsewhere])],
    inPath.map(({ name }) => name),
  )
  const find = (variable: string) => inPath.find(({ name }) => name === names.get(variable))
  const parts = query.split('&').filter((part) => part !== '')
  const moved = parts.flatMap((part): (Parameter | ImpliedParameter)[] => {
    const [, name, variable] = /^([^=]+)=\{([^}]+)\}$/.exec(part) ?? []
    if (name === undefined || variable === undefined) return []
    return [{ ...find(variable), name: decodeText(name), in: 'query', required: true }]
  })
  const kept = [...parts.filter((part) => !/=\{[^}]+\}$/.test(part)), ...constants]
  const undeclared = variables.filter((variable) => !find(variable))
  const implied = undeclared.map((name): ImpliedParameter => ({ name, in: 'path', required: true }))
  const isOf = (list: readonly string[], name: string) =>
    list.some((variable) => names.get(variable) === name)
  const staying = declared.filter(
    ({ in: place, name }) => place !== 'path' || isOf(variables, name) || !isOf(elsewhere, name),
  )
  return {
    key: [
      encodePath(
        path.replaceAll(/\{([^}]+)\}/g, (_, variable: string) => `{${find(variable)?.name ?? variable}}`),
      ),
      kept.length > 0 ? `?${kept.map(encodeText).join('&')}` : '',
      label === '' ? '' : `#${label}`,
    ].join(''),
    parameters: [...staying, ...implied, ...moved],
    undeclared,
  }
}

/** Encodes what cannot stand in a path (RFC 3986 §3.3); variables and what is encoded already stay. */
export function encodePath(path: string): string {
  return path.replaceAll(/\{[^}]*\}|[^{]+|\{/g, (part) => (/^\{.*\}$/s.test(part) ? part : encodeText(part)))
}

function encodeText(text: string): string {
  return encodeURI(text.toWellFormed()).replaceAll(/%25([0-9A-Fa-f]{2})/g, '%$1')
}
