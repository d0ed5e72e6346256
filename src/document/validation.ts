import type { ValidateFunction } from 'ajv'
import type { Violation } from '../errors/gateway-error.ts'
import { describeBody } from './body-schema.ts'
import { describeObject, type JsonSchema } from './json-schema.ts'
import type { MediaType } from './media-types.ts'
import type { Operation } from './operations.ts'
import { createPathWriter, UnwritableValue, writeCookiePairs, writeHeaderText } from './parameter-writing.ts'
import { findPlace, type Parameter } from './parameters.ts'
import { listVariables } from './path-template.ts'
import { type ParameterValues, type Templated, writePairs, writeWhole } from './request-writing.ts'
import { createCompiler, type SchemaCompiler } from './schema-compiler.ts'
import { joinLocation, toViolations } from './violations.ts'

type Values = Readonly<Record<string, unknown>>

/** The arguments of one call, by their place in the upstream request and as typed values. */
export interface CallInput {
  readonly path: Values
  readonly query: Values
  readonly header: Values
  readonly cookie?: Values
  /** Absent when the call carries no body. */
  readonly body?: unknown
  /** What the body is written in; the first of the operation's media types where nobody chose. */
  readonly mediaType?: MediaType
  /** `Content-Type` as the client sent it, with the parameters that its bytes need. */
  readonly contentType?: string | undefined
}

/** Lists every violation of the contract in a call; an empty list means the call may go upstream. */
export type Validator = (input: CallInput) => Violation[]

/** An operation together with the one check that both servers ask before a call goes upstream. */
export interface CheckedOperation extends Operation {
  readonly validate: Validator
}

/** True for the parameter that carries a credential; whether a call needs it depends on what else it has. */
export function isCredential(parameter: Parameter): boolean {
  return parameter.isCredential === true
}

/** Called once for each reason why a schema does not compile, which is then taken to allow any value. */
export type SchemaReport = (operation: string, reason: string) => void

/**
 * Gives each operation one check, for both servers, so that they cannot disagree. It is compiled by the first call.
 * Nothing is coerced, removed or filled in. A missing credential is not a violation here: that is for the credentials.
 */
export function compileOperations(
  operations: readonly Operation[],
  report: SchemaReport = () => {},
): CheckedOperation[] {
  return operations.map((operation) => {
    const reasons = new Set<string>()
    const compile = createCompiler((reason) => {
      // The input as a whole fails by the same reason as its part.
      if (!reasons.has(reason)) report(operation.id, reason)
      reasons.add(reason)
    })
    const checks = new Map<MediaType | undefined, ValidateFunction | undefined>()
    const find = (mediaType: MediaType | undefined) => {
      if (!checks.has(mediaType)) checks.set(mediaType, compileInput(operation, mediaType, compile))
      return checks.get(mediaType)
    }
    const checkSpelling = createSpellingCheck(operation)
    const hasCookies = operation.parameters.some((one) => one.in === 'cookie')
    const validate: Validator = ({ mediaType = operation.body?.content[0], contentType: _, ...input }) => {
      const check = find(mediaType)
      return !check || check(hasCookies ? { cookie: {}, ...input } : input)
        ? checkSpelling(input)
        : toViolations(check.errors ?? [])
    }
    return { ...operation, validate }
  })
}

/** A part that does not compile allows any value, and the others are checked as ever. */
function compileInput(
  operation: Operation,
  mediaType: MediaType | undefined,
  compile: SchemaCompiler,
): ValidateFunction | undefined {
  const whole = compile(describeInput(operation, mediaType, (schema) => schema))
  return whole ?? compile(describeInput(operation, mediaType, (schema) => (compile(schema) ? schema : {})))
}

type Keep = (schema: JsonSchema) => JsonSchema

function describeInput(operation: Operation, mediaType: MediaType | undefined, keep: Keep): JsonSchema {
  const members = {
    path: describePlace(operation, 'path', keep),
    query: describePlace(operation, 'query', keep),
    header: describePlace(operation, 'header', keep),
    cookie: describePlace(operation, 'cookie', keep),
    ...(mediaType && { body: keep(describeBody(mediaType)) }),
  }
  return describeObject(members, operation.body?.required ? ['body'] : [])
}

function describePlace(operation: Operation, place: ReturnType<typeof findPlace>, keep: Keep): JsonSchema {
  const parameters = operation.parameters.filter((parameter) => findPlace(parameter) === place)
  const members = Object.fromEntries(parameters.map(({ name, schema }) => [name, keep(schema)]))
  const required = parameters.filter((one) => one.required && !isCredential(one))
  return describeObject(
    members,
    required.map(({ name }) => name),
  )
}

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
    place: findPlace(parameter),
    rule: parameter.style,
    write: prepareWriting(path, parameter),
  }))
  const shared = path.split('/').flatMap((segment) => prepareShared(segment, parameters))
  return (values) => {
    const violations = checks.flatMap(({ name, place, rule, write }) => {
      const value = values[place]?.[name]
      if (value === undefined || isSafe(place, value)) return []
      return tryWriting(() => write(value), joinLocation(place, name), rule)
    })
    if (violations.length > 0) return violations
    return shared.flatMap(({ name, write }) =>
      tryWriting(() => write(values.path), joinLocation('path', name), 'simple'),
    )
  }
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

/** The writing of a segment with several variables: each by itself may fit where all together are a dot segment. */
function prepareShared(segment: string, parameters: readonly Parameter[]) {
  const [name, ...others] = listVariables(segment)
  return name === undefined || others.length === 0
    ? []
    : [{ name, write: createPathWriter(`/${segment}`, parameters) }]
}

/** What needs no look: most values are of this kind. */
function isSafe(place: string, value: unknown): boolean {
  if (typeof value === 'number' || typeof value === 'boolean') return true
  return typeof value === 'string' && value !== '' && place !== 'cookie' && /^[\w-]+$/.test(value)
}

function prepareWriting(path: string, parameter: Parameter): (value: unknown) => unknown {
  const { in: place, name } = parameter
  if (place === 'header') return (value) => writeHeaderText(parameter, value)
  if (place === 'cookie') return (value) => writeCookiePairs(parameter, value)
  if (place === 'query') return (value) => writePairs(parameter, value)
  if (place === 'querystring') return (value) => writeWhole(parameter, value)
  const writePath = createPathWriter(findSegment(path, name), [parameter])
  return (value) => writePath({ [name]: value })
}

/** The part of a path that a variable stands in, without the segment's other variables. */
function findSegment(path: string, name: string): string {
  const segment = path.split('/').find((one) => one.includes(`{${name}}`)) ?? `{${name}}`
  return `/${segment.replaceAll(/\{([^}]+)\}/g, (variable, one: string) => (one === name ? variable : 'x'))}`
}
