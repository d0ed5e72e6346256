import type { Violation } from '../errors/gateway-error.ts'
import { describeBody, describeBodyArgument } from './body-schema.ts'
import { CheckLimitError } from './check-limit.ts'
import { holds } from './exact-numbers.ts'
import { isExact } from './json.ts'
import { describeObject, type JsonSchema } from './json-schema.ts'
import { isInexact, replaceInexact, sides } from './large-integers.ts'
import type { MediaType } from './media-types.ts'
import { once } from './once.ts'
import type { Operation } from './operations.ts'
import { findPosition } from './parameters.ts'
import { createCompiler, type SchemaCheck, type SchemaCompiler } from './schema-compiler.ts'
import { checkBodySpelling, createSpellingCheck, hasSharedSegment } from './spelling-check.ts'
import { toViolations } from './violations.ts'

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
    const checks = new Map<MediaType | undefined, SchemaCheck | undefined>()
    const find = (mediaType: MediaType | undefined) => {
      if (!checks.has(mediaType)) checks.set(mediaType, compileInput(operation, mediaType, compile))
      return checks.get(mediaType)
    }
    const prepareSpelling = once(() => createSpellingCheck(operation))
    const isShared = hasSharedSegment(operation.path)
    const hasCookies = operation.parameters.some((one) => one.in === 'cookie')
    const validate: Validator = ({ mediaType: chosen, contentType: _, ...input }) => {
      const mediaType = chosen ?? operation.body?.content[0]
      // A client that wrote bytes has named their type; one that gives them as an argument names it there.
      const check = find(chosen || mediaType?.kind !== 'bytes' ? mediaType : undefined)
      const isJson = mediaType === undefined || mediaType.kind === 'json'
      const isWords = isPlain(input)
      const whole = hasCookies ? { cookie: {}, ...input } : input
      const broken = check
        ? listBroken(check, isWords && isJson ? [whole] : listComparable(whole, isJson))
        : []
      if (broken.length > 0) return broken
      const violations = isWords && !isShared ? [] : prepareSpelling()(input)
      // A body that a client has written is sent as it came, and JSON has a spelling for every value.
      if (chosen || !mediaType || isJson) return violations
      return [...violations, ...checkBodySpelling(mediaType, input.body)]
    }
    return { ...operation, validate }
  })
}

function listBroken(check: SchemaCheck, inputs: readonly CallInput[]): Violation[] {
  try {
    return inputs.every((one) => check(one)) ? [] : toViolations(check.errors ?? [], check.schema)
  } catch (error) {
    if (!(error instanceof CheckLimitError)) throw error
    const location = inputs.some(({ body }) => body !== undefined) ? 'body' : 'query'
    return [{ location, rule: 'schema', message: error.message }]
  }
}

/**
 * Lists what is checked in the place of an input: more than one, where it has whole numbers beyond 2^53. A JSON body has
 * the nearest JavaScript numbers already.
 */
function listComparable(input: CallInput, isJson: boolean): readonly CallInput[] {
  const { body, ...places } = input
  const exact = isJson || body === undefined ? places : input
  if (!holds(exact, isInexact)) return [input]
  return sides.map((side) => ({ ...input, ...replaceInexact(exact, side) }))
}

/** Returns whether all values are exact numbers, truth values and words, which have a spelling in every place; most are. */
function isPlain({ path, query, header, cookie }: CallInput): boolean {
  return !cookie && holdsWords(path) && holdsWords(query) && holdsWords(header)
}

function holdsWords(values: Values): boolean {
  for (const name in values) if (!isWord(values[name])) return false
  return true
}

function isWord(value: unknown): boolean {
  if (typeof value === 'string') return /^[\w-]+$/.test(value)
  if (typeof value === 'number') return isExact(value)
  return typeof value === 'boolean' || value === undefined
}

/** A part that does not compile allows any value, and the others are checked as ever. */
function compileInput(
  operation: Operation,
  mediaType: MediaType | undefined,
  compile: SchemaCompiler,
): SchemaCheck | undefined {
  const whole = compile(describeInput(operation, mediaType, (schema) => schema))
  return whole ?? compile(describeInput(operation, mediaType, (schema) => (compile(schema) ? schema : {})))
}

type Keep = (schema: JsonSchema) => JsonSchema

function describeInput(operation: Operation, mediaType: MediaType | undefined, keep: Keep): JsonSchema {
  const { body } = operation
  const members = {
    path: describePlace(operation, 'path', keep),
    query: describePlace(operation, 'query', keep),
    header: describePlace(operation, 'header', keep),
    cookie: describePlace(operation, 'cookie', keep),
    ...(body && { body: keep(mediaType ? describeBody(mediaType) : describeBodyArgument(body)) }),
  }
  return describeObject(members, body?.required ? ['body'] : [])
}

function describePlace(operation: Operation, place: ReturnType<typeof findPosition>, keep: Keep): JsonSchema {
  const parameters = operation.parameters.filter((parameter) => findPosition(parameter) === place)
  const members = Object.fromEntries(parameters.map(({ name, schema }) => [name, keep(schema)]))
  const required = parameters.filter((one) => one.required && !one.isCredential)
  return describeObject(
    members,
    required.map(({ name }) => name),
  )
}
