import type { ErrorObject } from 'ajv'
import { asRecord } from '../document/json.ts'
import { splitPointer } from '../document/json-pointer.ts'
import { describeNames, type Finding, type Path } from './problem.ts'

/** What a YAML author calls the types of JSON. */
const types = new Map([
  ['object', 'a map'],
  ['array', 'a list'],
  ['string', 'a text'],
  ['integer', 'a whole number'],
  ['boolean', 'true or false'],
])

/**
 * Options of Ajv for the form of a source file. A test checks its schema against the metaschema, which takes longer to
 * compile than the schema.
 */
export const formOptions = { allErrors: true, verbose: true, meta: false, validateSchema: false }

/**
 * Turns Ajv's errors (made with `formOptions`) about the form of a source file into findings. `describe` says
 * what a value is; where it may be a secret, without repeating it.
 */
export function toFindings(
  errors: readonly ErrorObject[],
  describe: (value: unknown) => string = describeValue,
): Finding[] {
  return errors
    .filter(({ keyword }) => keyword !== 'if')
    .map((error) => {
      const path = splitPointer(error.instancePath).map(toPathPart)
      const { missingProperty } = asRecord(error.params)
      return typeof missingProperty === 'string'
        ? {
            path: [...path, missingProperty],
            message: `the key "${missingProperty}" is missing`,
            expected: 'the key with a value',
          }
        : {
            path,
            message: `${describePlace(path)} is ${describe(error.data)}`,
            expected: describeRule(error),
          }
    })
}

function toPathPart(name: string): string | number {
  return /^\d+$/.test(name) ? Number(name) : name
}

/** Names the type of a value, without repeating it. */
export function describeType(value: unknown): string {
  if (value === undefined) return 'not set'
  if (value === null) return 'empty'
  if (Array.isArray(value)) return 'a list'
  return { string: 'a text', number: 'a number', boolean: 'true or false' }[typeof value as string] ?? 'a map'
}

function describePlace(path: Path): string {
  return path.length === 0 ? 'the file' : path.join('.')
}

function describeValue(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list'
  return typeof value === 'object' && value !== null ? 'a map' : JSON.stringify(value)
}

function describeRule({ keyword, params, schema, message }: ErrorObject): string {
  const { allowedValues, allowedValue } = asRecord(params)
  switch (keyword) {
    case 'type':
      return [schema]
        .flat()
        .map((name) => types.get(String(name)) ?? String(name))
        .join(' or ')
    case 'enum':
    case 'const':
      return describeNames([allowedValues ?? allowedValue].flat().map(String))
    case 'pattern':
      return `a text that matches ${schema}`
    case 'minLength':
      return 'a text that is not empty'
    case 'minItems':
      return 'a list that is not empty'
    default:
      return (message ?? keyword).replace(/^must be/, 'a value')
  }
}
