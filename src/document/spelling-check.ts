import type { Violation } from '../errors/gateway-error.ts'
import { writeBody } from './body-writing.ts'
import { writeCookiePairs } from './cookie-writing.ts'
import { isObject, readOwn } from './json.ts'
import type { MediaType } from './media-types.ts'
import { createPathWriter, UnwritableValue, writeHeaderText } from './parameter-writing.ts'
import { findPosition, type Parameter } from './parameters.ts'
import { listVariables } from './path-template.ts'
import { type ParameterValues, type Templated, writePairs, writeWhole } from './request-writing.ts'
import { joinLocation } from './violations.ts'

/**
 * Prepares a list of the values that have no spelling in their place: what passed its schema may still not fit into a
 * path.
 */
export function createSpellingCheck({
  path,
  parameters,
}: Templated): (values: ParameterValues) => Violation[] {
  const checks = parameters.map((parameter) => ({
    name: parameter.name,
    place: findPosition(parameter),
    rule: parameter.style,
    write: prepareWriting(path, parameter, parameters),
  }))
  const shared = path.split('/').flatMap((segment) => prepareShared(segment, parameters))
  return (values) => {
    const violations = checks.flatMap(({ name, place, rule, write }) => {
      const value = readOwn(values[place], name)
      if (value === undefined) return []
      return tryWriting(() => write(value), joinLocation(place, name), rule)
    })
    if (violations.length > 0) return violations
    return shared.flatMap(({ name, write }) =>
      tryWriting(() => write(values.path), joinLocation('path', name), 'simple'),
    )
  }
}

/** Lists what a body that is written here, and is no JSON, has no spelling for. */
export function checkBodySpelling(mediaType: MediaType, body: unknown): Violation[] {
  if (body === undefined) return []
  return tryWriting(() => writeBody(mediaType, body), 'body', mediaType.kind)
}

function tryWriting(write: () => unknown, location: string, rule: string): Violation[] {
  try {
    write()
    return []
  } catch (error) {
    if (!(error instanceof UnwritableValue)) throw error
    return [{ location, rule, message: error.message }]
  }
}

/**
 * Prepares the writing of a segment with several variables: each by itself may fit where all together are a dot
 * segment.
 */
function prepareShared(segment: string, parameters: readonly Parameter[]) {
  const [name, ...others] = listVariables(segment)
  return name === undefined || others.length === 0
    ? []
    : [{ name, write: createPathWriter(`/${segment}`, parameters) }]
}

function prepareWriting(
  path: string,
  parameter: Parameter,
  all: readonly Parameter[],
): (value: unknown) => unknown {
  const { in: place, name } = parameter
  if (place === 'header') return (value) => writeHeaderText(parameter, value)
  if (place === 'cookie' || place === 'query') {
    const write = place === 'query' ? writePairs : writeCookiePairs
    const checkNames = createNameCheck(parameter, all)
    return (value) => {
      checkNames?.(value)
      write(parameter, value)
    }
  }
  if (place === 'querystring') return (value) => writeWhole(parameter, value)
  const writePath = createPathWriter(findSegment(path, name), [parameter])
  return (value) => writePath({ [name]: value })
}

/** The members of an exploded object stand beside the other parameters, credentials among them, and are none of these. */
function createNameCheck(
  { in: place, style, explode, mediaType }: Parameter,
  all: readonly Parameter[],
): ((value: unknown) => void) | undefined {
  if (!explode || style === 'deepObject' || mediaType !== undefined) return undefined
  const names = new Set(all.filter((one) => one.in === place).map(({ name }) => name))
  return (value) => {
    if (isObject(value) && Object.keys(value).some((name) => names.has(name)))
      throw new UnwritableValue('must have no member with the name of a parameter')
  }
}

/** Returns the segment of a path that a variable stands in, without the segment's other variables. */
function findSegment(path: string, name: string): string {
  const segment = path.split('/').find((one) => one.includes(`{${name}}`)) ?? `{${name}}`
  return `/${segment.replaceAll(/\{([^}]+)\}/g, (variable, one: string) => (one === name ? variable : 'x'))}`
}
