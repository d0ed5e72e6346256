import type { ErrorObject } from 'ajv'
import type { Violation } from '../errors.ts'
import { formats } from './formats.ts'
import { quoteName } from './json.ts'
import type { JsonSchema } from './schema.ts'

/** The most violations one answer lists; a reader corrects no more at a time. */
const most = 20

/** Turns Ajv's errors (made with `allErrors` and `verbose`) into one violation a place, in reading order. */
export function toViolations(errors: readonly ErrorObject[]): Violation[] {
  const places = new Map<string, Violation>()
  const choices = errors.filter(isChoice).map((error) => `${error.schemaPath}/`)
  for (const error of errors) {
    if (error.keyword === 'propertyNames' || choices.some((path) => error.schemaPath.startsWith(path)))
      continue
    const violation = toViolation(error)
    if (!places.has(violation.location) || violation.rule === 'enum')
      places.set(violation.location, violation)
    if (places.size === most) break
  }
  return [...places.values()]
}

function isChoice(error: ErrorObject): boolean {
  return error.keyword === 'oneOf' || error.keyword === 'anyOf'
}

function toViolation(error: ErrorObject): Violation {
  const place = toLocation(error.instancePath)
  const { keyword: rule, params } = error
  if (rule === 'required')
    return { location: join(place, params.missingProperty), rule, message: 'is required' }
  if (rule === 'additionalProperties') {
    const message = describeUnknown(
      params.additionalProperty,
      Object.keys(error.parentSchema?.properties ?? {}),
    )
    return { location: join(place, params.additionalProperty), rule, message }
  }
  if (error.propertyName !== undefined)
    return { location: join(place, error.propertyName), rule, message: `its name ${describeRule(error)}` }
  return { location: place, rule, message: `${describeRule(error)}${describeGot(error)}` }
}

function toLocation(pointer: string): string {
  return pointer
    .split('/')
    .slice(1)
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce((place, segment) => join(place, segment), '')
}

function join(place: string, segment: string): string {
  if (place === '') return segment
  if (/^\d+$/.test(segment)) return `${place}[${segment}]`
  return /^[\w-]{1,64}$/.test(segment) ? `${place}.${segment}` : `${place}[${quoteName(segment)}]`
}

function describeUnknown(name: string, known: readonly string[]): string {
  if (known.length === 0) return 'is not known here; nothing is taken here'
  const fold = (text: string) => text.toLowerCase().replaceAll(/[^a-z0-9]/g, '')
  const meant = known.find((candidate) => fold(candidate) === fold(name))
  return meant
    ? `is not known here; did you mean ${meant}?`
    : `is not known here; known are ${known.join(', ')}`
}

function describeRule({ keyword, params, schema, parentSchema, message }: ErrorObject): string {
  const choices: readonly unknown[] = Array.isArray(schema) ? schema : []
  switch (keyword) {
    case 'enum':
      return `must be one of ${choices.filter((choice) => choice !== null).join(', ')}`
    case 'type':
    case 'minimum':
    case 'maximum':
      return `must be ${describeType(parentSchema)}`
    case 'oneOf':
    case 'anyOf':
      return `must be ${choices.map(describeType).join(' or ')}`
    case 'format':
      return `must be ${describeFormat(String(schema))}`
    case 'pattern':
      return `must match ${schema}`
    case 'minLength':
      return params.limit === 1 ? 'must not be empty' : `must have at least ${params.limit} characters`
    case 'maxLength':
      return `must have at most ${params.limit} characters`
    case 'minItems':
      return `must have at least ${params.limit} elements`
    case 'maxItems':
      return `must have at most ${params.limit} elements`
    case 'minProperties':
      return `must have at least ${params.limit} keys`
    case 'maxProperties':
      return `must have at most ${params.limit} keys`
    default:
      return message ?? `breaks the rule ${keyword}`
  }
}

function describeFormat(name: string): string {
  const known = Object.entries(formats).find(([candidate]) => candidate === name)
  return known ? known[1].means : `in the format ${name}`
}

function describeType(schema: unknown): string {
  const { type = 'value', minimum, maximum, maxLength }: JsonSchema = { ...Object(schema) }
  const names = [type]
    .flat()
    .map((name) => (name === 'null' ? 'null' : `${/^[aeio]/.test(`${name}`) ? 'an' : 'a'} ${name}`))
  const range = minimum !== undefined && maximum !== undefined ? ` from ${minimum} to ${maximum}` : ''
  const length = maxLength === undefined ? '' : ` of at most ${maxLength} characters`
  const [first = '', ...rest] = names
  return [`${first}${range}${length}`, ...rest].join(' or ')
}

/** Numbers, booleans and null are shown; a string may be a secret or an address, so only its kind is. */
function describeGot({ keyword, data }: ErrorObject): string {
  if (!['enum', 'type', 'minimum', 'maximum', 'oneOf', 'anyOf'].includes(keyword)) return ''
  if (data === null || typeof data === 'number' || typeof data === 'boolean') return ` (got ${data})`
  if (Array.isArray(data)) return ' (got an array)'
  return typeof data === 'object' ? ' (got an object)' : ' (got a string)'
}
