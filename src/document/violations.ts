import type { ErrorObject } from 'ajv'
import type { Violation } from '../errors/gateway-error.ts'
import { formats } from './formats.ts'
import { asRecord, quoteName } from './json.ts'
import { foldName } from './path-template.ts'

/** The most violations that one response lists; a reader corrects no more at a time. */
export const mostViolations = 20

/** What the bounds of a size count. */
const units = {
  minLength: 'characters',
  maxLength: 'characters',
  minItems: 'elements',
  maxItems: 'elements',
  minProperties: 'keys',
  maxProperties: 'keys',
}

/** Turns Ajv's errors (made with `allErrors` and `verbose`) into one violation a place, in reading order. */
export function toViolations(errors: readonly ErrorObject[]): Violation[] {
  const places = new Map<string, Violation>()
  const choices = errors.filter(isChoice).map((error) => `${error.schemaPath}/`)
  for (const error of errors) {
    if (error.keyword === 'propertyNames' || choices.some((path) => error.schemaPath.startsWith(path)))
      continue
    const violation = toViolation(error)
    const known = places.get(violation.location)
    if (!known || saysMore(violation, known)) places.set(violation.location, violation)
    if (places.size === mostViolations) break
  }
  return [...places.values()]
}

/** Choices say more than a type, and the words of a format more than a pattern. */
function saysMore({ rule }: Violation, known: Violation): boolean {
  return rule === 'enum' || (rule === 'format' && known.rule === 'pattern')
}

function isChoice(error: ErrorObject): boolean {
  return error.keyword === 'oneOf' || error.keyword === 'anyOf'
}

function toViolation(error: ErrorObject): Violation {
  const place = toLocation(error.instancePath)
  const { keyword: rule, propertyName } = error
  const { missingProperty, additionalProperty } = asRecord(error.params)
  if (typeof missingProperty === 'string')
    return { location: joinLocation(place, missingProperty), rule, message: 'is required' }
  if (typeof additionalProperty === 'string')
    return refuseName(
      additionalProperty,
      Object.keys(asRecord(asRecord(error.parentSchema).properties)),
      place,
    )
  if (propertyName !== undefined)
    return { location: joinLocation(place, propertyName), rule, message: `its name ${describeRule(error)}` }
  return { location: place, rule, message: `${describeRule(error)}${describeGot(error)}` }
}

/** The violation of a name that nothing bears at a place, with the one that was probably meant. */
export function refuseName(name: string, known: readonly string[], place = ''): Violation {
  const meant = known.find((candidate) => foldName(candidate) === foldName(name))
  const advice = meant ? `did you mean ${meant}?` : `known are ${known.join(', ')}`
  return {
    location: joinLocation(place, name),
    rule: 'additionalProperties',
    message: `is not known here; ${known.length === 0 ? 'nothing is taken here' : advice}`,
  }
}

function toLocation(pointer: string): string {
  return pointer
    .split('/')
    .slice(1)
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce((place, segment) => joinLocation(place, segment), '')
}

/** Writes the location of a part of a place: `path.userId`, `query["a b"]`, `body.tags[0]`. */
export function joinLocation(place: string, segment: string): string {
  const isPlain = /^[\w-]{1,64}$/.test(segment)
  if (place === '') return isPlain ? segment : quoteName(segment)
  if (/^\d{1,16}$/.test(segment)) return `${place}[${segment}]`
  return isPlain ? `${place}.${segment}` : `${place}[${quoteName(segment)}]`
}

function describeRule({ keyword, params, schema, parentSchema, message }: ErrorObject): string {
  const choices: readonly unknown[] = Array.isArray(schema) ? schema : []
  const { limit } = asRecord(params)
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
    case 'minItems':
    case 'minProperties':
      return limit === 1 ? 'must not be empty' : `must have at least ${limit} ${units[keyword]}`
    case 'maxLength':
    case 'maxItems':
    case 'maxProperties':
      return `must have at most ${limit} ${units[keyword]}`
    default:
      return message ?? `breaks the rule ${keyword}`
  }
}

function describeFormat(name: string): string {
  const known = Object.entries(formats).find(([candidate]) => candidate === name)
  return known ? known[1].means : `in the format ${name}`
}

function describeType(schema: unknown): string {
  const { type = 'value', minimum, maximum, maxLength } = asRecord(schema)
  const [first = '', ...rest] = [type]
    .flat()
    .map((name) => (name === 'null' ? 'null' : `${/^[aeio]/.test(`${name}`) ? 'an' : 'a'} ${name}`))
  const length = maxLength === undefined ? '' : ` of at most ${maxLength} characters`
  return [`${first}${describeRange(minimum, maximum)}${length}`, ...rest].join(' or ')
}

function describeRange(minimum: unknown, maximum: unknown): string {
  if (minimum === undefined) return maximum === undefined ? '' : ` of at most ${maximum}`
  return maximum === undefined ? ` of at least ${minimum}` : ` from ${minimum} to ${maximum}`
}

/** Numbers, booleans and null are shown; a string may be a secret or an address, so only its kind is. */
function describeGot({ keyword, data, schema, parentSchema, instancePath }: ErrorObject): string {
  if (asRecord(parentSchema).format === 'password') return ''
  if (!['enum', 'type', 'minimum', 'maximum', 'oneOf', 'anyOf'].includes(keyword)) return ''
  if (data === null || typeof data === 'number' || typeof data === 'boolean') return ` (got ${data})`
  if (Array.isArray(data)) return ' (got an array)'
  const meant = keyword === 'enum' && typeof data === 'string' ? findMeant(schema, data) : undefined
  if (meant !== undefined) return `; did you mean ${meant}?`
  if (typeof data === 'object') return ' (got an object)'
  // JSON has numbers beside strings; everything else of a request is a text.
  const isText = !instancePath.startsWith('/body')
  return isText && isLooseNumber(data, parentSchema) ? looseNumber : ' (got a string)'
}

const looseNumber = ' (got a string; a number is taken in its shortest spelling, such as 12 or 1.5)'

/** True for a text in the place of a number, which other readers would take for one: `1.50`, `1e3`, `0x10`, ` 1`. */
function isLooseNumber(data: unknown, schema: unknown): boolean {
  const isNumber = [asRecord(schema).type].flat().some((type) => type === 'number' || type === 'integer')
  if (!isNumber || typeof data !== 'string' || data.trim() === '') return false
  // Digits alone are in their shortest spelling, and too many.
  return Number.isFinite(Number(data)) && String(Number(data)) !== data && !/^-?[1-9]\d*$/.test(data)
}

/** The allowed text that a text is but for its case. */
function findMeant(schema: unknown, text: string): unknown {
  const choices: readonly unknown[] = Array.isArray(schema) ? schema : []
  return choices.find((one) => typeof one === 'string' && one.toLowerCase() === text.toLowerCase())
}
