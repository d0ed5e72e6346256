import { isFramingHeader } from '../../document/parameters.ts'
import { matchNames } from '../../document/path-template.ts'
import { isCredentialName } from '../../document/security.ts'
import type { Finding, Path } from '../problem.ts'
import type { Capability, InputParameter } from './capability-file.ts'

/** What the parameters of one text come to in each request of an operation. */
export interface Constants {
  /** The path with the constants in the place of their variables. */
  readonly path: string
  /** Pairs of the query. */
  readonly query: readonly string[]
  /** Headers by their names, the cookies among them. */
  readonly headers: Readonly<Record<string, string>>
  /** Media type of the body. */
  readonly contentType?: string
  readonly names: readonly string[]
  /** The parameters that are no constants. */
  readonly others: readonly InputParameter[]
}

/** A variable of a path, as `{name}` or `{{name}}`. */
const pathVariable = /\{\{?([^{}]+)\}?\}/g

/**
 * Puts the constants of an operation where each request has them. A secret is none (see `findConstantProblems`), and a
 * header of the message itself stays a parameter, which is reported for documents of every kind.
 */
export function placeConstants(path: string, parameters: readonly InputParameter[]): Constants {
  const isPlaced = (one: InputParameter) => isConstant(one) && one.in !== 'body' && !isFramingHeader(one)
  const constants = parameters.filter(isPlaced)
  const sent = constants.filter((one) => !isSecret(one))
  const listIn = (place: InputParameter['in']) =>
    sent.flatMap(({ name, in: where, value = '' }) => (where === place ? [{ name, value }] : []))
  const inPath = new Map(listIn('path').map(({ name, value }) => [name, encode(value)]))
  const variables = [...path.matchAll(pathVariable)].map(([, name = '']) => name)
  const names = matchNames(
    [...new Set(variables)],
    parameters.flatMap((one) => (one.in === 'path' ? [one.name] : [])),
  )
  const inHeader = listIn('header').filter(({ value }) => isHeaderText(value))
  const cookie = listIn('cookie')
    .filter(({ value }) => isHeaderText(value))
    .map(({ name, value }) => `${name}=${value}`)
  const isType = ({ name }: { readonly name: string }) => /^content-type$/i.test(name)
  const [contentType] = inHeader.filter(isType).map(({ value }) => value.trim())
  return {
    path: path.replaceAll(
      pathVariable,
      (spelled, variable: string) => inPath.get(names.get(variable) ?? '') ?? spelled,
    ),
    query: listIn('query').map(({ name, value }) => `${encode(name)}=${encode(value)}`),
    headers: {
      ...Object.fromEntries(inHeader.filter((one) => !isType(one)).map(({ name, value }) => [name, value])),
      ...(cookie.length > 0 && { Cookie: cookie.join('; ') }),
    },
    ...(contentType && { contentType }),
    names: constants.map(({ name }) => name),
    others: parameters.filter((one) => !isPlaced(one)),
  }
}

function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed())
}

/** Returns whether a parameter is always sent with one text. */
function isConstant({ value }: InputParameter): boolean {
  return value !== undefined && !value.includes('{{')
}

/** A variable of the path has nowhere else to come from. */
function isSecret({ name, in: place }: InputParameter): boolean {
  return place !== 'path' && place !== 'body' && isCredentialName(name)
}

/** Returns whether a text can be the value of a header (RFC 9110 §5.5). */
function isHeaderText(value: string): boolean {
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(value)
}

/**
 * Finds the constants that are not sent: a text that no header can have, a body, which clients give, and a credential
 * that stands in the file itself, as `findAuthenticationProblems` does.
 */
export function findConstantProblems({ capability }: Capability): Finding[] {
  return capability.consumes.flatMap((api, i) => {
    const place = ['capability', 'consumes', i]
    return [
      ...findUnsent(api.inputParameters, place),
      ...api.resources.flatMap((resource, j) => [
        ...findUnsent(resource.inputParameters, [...place, 'resources', j]),
        ...resource.operations.flatMap(({ inputParameters }, k) =>
          findUnsent(inputParameters, [...place, 'resources', j, 'operations', k]),
        ),
      ]),
    ]
  })
}

function findUnsent(parameters: readonly InputParameter[] = [], place: Path): Finding[] {
  return parameters.flatMap((one, index): Finding[] => {
    const path = [...place, 'inputParameters', index, 'value']
    if (!isConstant(one)) return []
    if (isSecret(one)) {
      const message = `the value of "${one.name}" is no variable, and is not sent`
      return [{ path, message, expected: '{{env.NAME}}', severity: 'warning' }]
    }
    if ((one.in === 'header' || one.in === 'cookie') && !isHeaderText(one.value ?? '')) {
      const message = `the value of "${one.name}" has a character that no header can have, and is not sent`
      return [{ path, message, expected: 'a text of ASCII', severity: 'warning' }]
    }
    if (one.in !== 'body') return []
    const message = `the value of the body "${one.name}" is not sent`
    return [{ path, message, expected: 'no value: clients give the body', severity: 'warning' }]
  })
}
