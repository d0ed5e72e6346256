import { Ajv } from 'ajv'
import type { Violation } from '../errors/gateway-error.ts'
import { annotations, formats } from './formats.ts'
import type { JsonSchema } from './json-schema.ts'
import type { Operation } from './operations.ts'
import { findPlace, type Parameter } from './parameters.ts'
import { findUnwritable } from './request-writing.ts'
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
}

/** Lists every violation of the contract in a call; an empty list means the call may go upstream. */
export type Validator = (input: CallInput) => Violation[]

/** An operation together with the one check that both surfaces ask before a call goes upstream. */
export interface CheckedOperation extends Operation {
  readonly validate: Validator
}

/** True for the parameter that carries a credential; whether a call needs it depends on what else it has. */
export function isCredential(parameter: Parameter): boolean {
  return parameter.isCredential === true
}

/**
 * Compiles one validator an operation, for both surfaces, so that they cannot disagree. Nothing is coerced,
 * removed or filled in. A missing credential is not a violation here: that is for the credentials.
 */
export function compileOperations(operations: readonly Operation[]): CheckedOperation[] {
  const ajv = new Ajv({ allErrors: true, verbose: true, strictTypes: false, strictRequired: false })
  for (const [name, { check }] of Object.entries(formats)) ajv.addFormat(name, check)
  for (const name of annotations) ajv.addFormat(name, true)
  return operations.map((operation) => {
    const check = ajv.compile(describeInput(operation))
    const hasCookies = operation.parameters.some((one) => one.in === 'cookie')
    const validate: Validator = (input) =>
      check(hasCookies ? { cookie: {}, ...input } : input)
        ? findUnwritable(operation, input)
        : toViolations(check.errors ?? [])
    return { ...operation, validate }
  })
}

function describeInput(operation: Operation): JsonSchema {
  return {
    type: 'object',
    properties: {
      path: describePlace(operation, 'path'),
      query: describePlace(operation, 'query'),
      header: describePlace(operation, 'header'),
      cookie: describePlace(operation, 'cookie'),
      ...(operation.body ? { body: operation.body.schema } : {}),
    },
    required: operation.body?.required ? ['body'] : [],
    additionalProperties: false,
  }
}

function describePlace(operation: Operation, place: ReturnType<typeof findPlace>): JsonSchema {
  const parameters = operation.parameters.filter((parameter) => findPlace(parameter) === place)
  return {
    type: 'object',
    properties: Object.fromEntries(parameters.map(({ name, schema }) => [name, schema])),
    required: parameters.filter((one) => one.required && !isCredential(one)).map(({ name }) => name),
    additionalProperties: false,
  }
}
