import type { Violation } from '../errors/gateway-error.ts'
import type { Operation } from './operations.ts'
import { writeCookiePairs, writeHeaderText } from './parameter-writing.ts'
import { findPlace, type Parameter } from './parameters.ts'
import { parseTemplate } from './path-template.ts'
import { writePath } from './path-writing.ts'
import { UnwritableValue } from './percent-encoding.ts'
import { writePairs, writeQuery } from './query-writing.ts'
import { joinLocation } from './violations.ts'

/** The values of a call's parameters, by their places. */
export interface ParameterValues {
  readonly path: Readonly<Record<string, unknown>>
  readonly query: Readonly<Record<string, unknown>>
  readonly header: Readonly<Record<string, unknown>>
  readonly cookie?: Readonly<Record<string, unknown>>
}

/** Writes path and query of the upstream request. Throws an `UnwritableValue` on values that were not checked. */
export function writeTarget({ path, parameters }: Operation, values: ParameterValues): string {
  const written = writePath(path, parameters, values.path)
  const query = [parseTemplate(path).query, writeQuery(parameters, values.query)].filter(Boolean).join('&')
  return query === '' ? written : `${written}?${query}`
}

/** Writes the headers of the upstream request that are parameters and no credentials, with the one of the cookies. */
export function writeHeaders(
  { parameters }: Operation,
  { header, cookie = {} }: ParameterValues,
): Record<string, string> {
  const headers: Record<string, string> = {}
  const pairs: string[] = []
  for (const parameter of parameters) {
    const { name, in: place, isCredential } = parameter
    if (isCredential) continue
    if (place === 'header' && header[name] !== undefined)
      headers[name.toLowerCase()] = writeHeaderText(parameter, header[name])
    if (place === 'cookie' && cookie[name] !== undefined)
      pairs.push(...writeCookiePairs(parameter, cookie[name]))
  }
  if (pairs.length > 0) headers.cookie = pairs.join('; ')
  return headers
}

/** Lists the values that have no spelling in their place: what passed its schema may still not fit into a path. */
export function findUnwritable(operation: Operation, values: ParameterValues): Violation[] {
  return operation.parameters.flatMap((parameter) => {
    const place = findPlace(parameter)
    const value = values[place]?.[parameter.name]
    if (value === undefined || isSafe(parameter, value)) return []
    try {
      write(operation, parameter, value)
      return []
    } catch (error) {
      if (!(error instanceof UnwritableValue)) throw error
      return [
        { location: joinLocation(place, parameter.name), rule: parameter.style, message: error.message },
      ]
    }
  })
}

/** What needs no look: most values are of this kind. */
function isSafe({ in: place }: Parameter, value: unknown): boolean {
  if (typeof value === 'number' || typeof value === 'boolean') return true
  return typeof value === 'string' && value !== '' && place !== 'cookie' && /^[\w-]+$/.test(value)
}

function write({ path }: Operation, parameter: Parameter, value: unknown): void {
  const { in: place, name } = parameter
  if (place === 'header') writeHeaderText(parameter, value)
  else if (place === 'cookie') writeCookiePairs(parameter, value)
  else if (place === 'query') writePairs(parameter, value)
  else if (place === 'querystring') writeQuery([parameter], { [name]: value })
  else writePath(findSegment(path, name), [parameter], { [name]: value })
}

/** The part of a path that a variable stands in, without the segment's other variables. */
function findSegment(path: string, name: string): string {
  const segment = path.split('/').find((one) => one.includes(`{${name}}`)) ?? `{${name}}`
  return `/${segment.replaceAll(/\{([^}]+)\}/g, (variable, one: string) => (one === name ? variable : 'x'))}`
}
