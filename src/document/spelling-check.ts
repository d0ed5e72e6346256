import type { Violation } from '../errors/gateway-error.ts'
import { writeBody } from './body-writing.ts'
import { writeCookiePairs } from './cookie-writing.ts'
import { listPairs } from './form.ts'
import { isObject, readOwn } from './json.ts'
import type { MediaType } from './media-types.ts'
import type { Operation } from './operations.ts'
import { decodeText } from './parameter-reading.ts'
import { createPathWriter, UnwritableValue, writeHeaderText, writePathText } from './parameter-writing.ts'
import { findPosition, listTexts, type Parameter } from './parameters.ts'
import { createPathPattern, listPathVariables, parseTemplate } from './path-template.ts'
import { createOwnerFinder } from './query-reading.ts'
import { type ParameterValues, type Templated, writePairs, writeWhole } from './request-writing.ts'
import { joinLocation } from './violations.ts'

/** What of an operation says how its values are spelled, and beside what. */
type Spelled = Templated & Pick<Operation, 'security'>

/**
 * Prepares a list of the values that have no spelling in their place: what passed its schema may still not fit into a
 * path.
 */
export function createSpellingCheck(operation: Spelled): (values: ParameterValues) => Violation[] {
  const { path, parameters } = operation
  const checks = parameters.map((parameter) => ({
    name: parameter.name,
    place: findPosition(parameter),
    rule: parameter.style,
    write: prepareWriting(parameter, operation),
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
 * segment, or are read as other values.
 */
function prepareShared(segment: string, parameters: readonly Parameter[]) {
  const names = listPathVariables(segment)
  const [name, ...others] = names
  if (name === undefined || others.length === 0) return []
  const variables = names.map((one) => parameters.find((it) => it.in === 'path' && it.name === one))
  const writePath = createPathWriter(`/${segment}`, parameters)
  const pattern = createPathPattern(`/${segment}`, (one) => listTexts(variables[names.indexOf(one)]))
  const write = (values: ParameterValues['path']) => {
    const [, ...texts] = pattern.exec(writePath(values)) ?? []
    const isRead = variables.every(
      (one, index) =>
        one && decodeText(writePathText(one, values[one.name])) === decodeText(texts[index] ?? ''),
    )
    if (!isRead)
      throw new UnwritableValue(
        `cannot be told from ${others.join(' and ')} in the same segment of the path: the API would read other values`,
      )
  }
  return [{ name, write }]
}

/** Returns whether a segment of a path has several variables, so that the text of one may be read as that of another. */
export function hasSharedSegment(path: string): boolean {
  return path.split('/').some((segment) => listPathVariables(segment).length > 1)
}

const writers = { query: writePairs, querystring: writeWhole, cookie: writeCookiePairs }

function prepareWriting(parameter: Parameter, operation: Spelled): (value: unknown) => void {
  const write = prepareOwnWriting(parameter, operation)
  if (parameter.upstreamHeader === undefined) return write
  return (value) => {
    write(value)
    writeHeaderText(parameter, value)
  }
}

/** Prepares the writing of a parameter in its own place, without the header that it is sent in too. */
function prepareOwnWriting(parameter: Parameter, operation: Spelled): (value: unknown) => void {
  const { in: place, name } = parameter
  if (place === 'header') return (value) => writeHeaderText(parameter, value)
  if (place !== 'path') {
    const write = writers[place]
    const checkNames = createNameCheck(parameter, operation)
    return (value) => {
      checkNames?.(value)
      write(parameter, value)
    }
  }
  const writePath = createPathWriter(findSegment(operation.path, name), [parameter])
  return (value) => writePath({ [name]: value })
}

/**
 * The members of an exploded object stand beside the other parameters and what the gateway adds. None may have the name
 * of one of these, and in a query each must be read as what it is.
 */
function createNameCheck(parameter: Parameter, operation: Spelled): ((value: unknown) => void) | undefined {
  const { in: place, name, style, explode, mediaType } = parameter
  const isWhole = place === 'querystring' && mediaType === 'application/x-www-form-urlencoded'
  if (!isWhole && (!explode || style === 'deepObject' || mediaType !== undefined)) return undefined
  const others = new Set(listOthers(findPosition(parameter), operation))
  const findOwner = place === 'query' ? createOwnerFinder(operation.parameters) : () => ({ name })
  return (value) => {
    const names = isObject(value) ? Object.keys(value) : []
    if (names.some((one) => others.has(one)))
      throw new UnwritableValue('must have no member with the name of another parameter')
    if (names.some((one) => findOwner(one)?.name !== name))
      throw new UnwritableValue('must have no member that the schema does not name')
  }
}

/** Lists the names of parameters, credentials and constants of a place. */
function listOthers(place: string, { path, parameters, security, constantHeaders }: Spelled): string[] {
  const constants =
    place === 'query'
      ? listPairs(parseTemplate(path).query).map(([name]) => name)
      : (constantHeaders?.cookie ?? '').split(/; */).map((pair) => pair.replace(/=.*/s, ''))
  const own = parameters.filter((one) => one.in === place).map(({ name }) => name)
  const credentials = security.flat().filter((one) => one.in === place)
  return [...constants, ...own, ...credentials.map(({ key }) => key)]
}

/** Returns the segment of a path that a variable stands in, without the segment's other variables. */
function findSegment(path: string, name: string): string {
  const segment = path.split('/').find((one) => one.includes(`{${name}}`)) ?? `{${name}}`
  return `/${segment.replaceAll(/\{([^}]+)\}/g, (variable, one: string) => (one === name ? variable : 'x'))}`
}
