import type { ErrorObject } from 'ajv'
import { formats, numberFormats } from './formats.ts'
import { asList, asRecord, asText, isObject, readOwn } from './json.ts'
import { dereference, isSecret, type JsonSchema } from './json-schema.ts'
import { isInexact } from './large-integers.ts'
import { shorten } from './single-line.ts'
import { readShape } from './value-shape.ts'

/** What the bounds of a size count. */
const units = {
  minLength: 'characters',
  maxLength: 'characters',
  minItems: 'elements',
  maxItems: 'elements',
  minProperties: 'keys',
  maxProperties: 'keys',
}

/** Says what a rule asks for: `must be one of 12, 24`. References lead into the `$defs` of the root. */
export function describeRule(
  { keyword, params, schema, parentSchema, message }: ErrorObject,
  root: JsonSchema,
): string {
  const choices = asList(schema)
  const { limit, passingSchemas } = asRecord(params)
  switch (keyword) {
    case 'enum':
      return `must be ${describeChoices(schema)}`
    case 'type':
    case 'minimum':
    case 'maximum':
      return `must be ${describeType(parentSchema)}`
    case 'oneOf':
    case 'anyOf':
      return Array.isArray(passingSchemas)
        ? `must fit only one of: ${listAlternatives(choices, root)}`
        : `must be ${listAlternatives(choices, root)}`
    case 'const':
      return `must be ${describeConstant(schema, parentSchema)}`
    case 'contains':
      return `must contain ${describeAlternative(schema, root)}`
    case 'uniqueItems':
      return 'must have no two equal elements'
    case 'not':
      return isObject(schema) && Object.keys(schema).length === 0
        ? 'is not allowed here'
        : `must not be ${describeAlternative(schema, root)}`
    case 'false schema':
      return 'is not allowed here'
    case 'format':
      return `must be ${describeFormat(schema)}`
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

/** Alternatives of a choice that are told; a reader compares no more. */
const mostAlternatives = 8

function listAlternatives(choices: readonly unknown[], root: JsonSchema): string {
  const described = [...new Set(choices.map((one) => describeAlternative(one, root)))]
  const more = described.length - mostAlternatives
  return [...described.slice(0, mostAlternatives), ...(more > 0 ? [`one of ${more} more`] : [])].join(' or ')
}

/** Says what an alternative asks for, by its title or the name that the document gives it, and by what it requires. */
function describeAlternative(alternative: unknown, root: JsonSchema): string {
  const schema = dereference(alternative, root)
  const { type, format, title, properties, required } = schema
  const { $ref } = asRecord(alternative)
  const name = typeof title === 'string' ? title : asText($ref).replace(/^.*\//, '')
  if (schema.const !== undefined) return describeConstant(schema.const, schema)
  if (schema.enum !== undefined) return describeChoices(schema.enum)
  const inner = asList(schema.oneOf ?? schema.anyOf)
  if (inner.length > 0 && type === undefined && properties === undefined)
    return inner.map((one) => describeAlternative(one, {})).join(' or ')
  if (type === undefined && properties === undefined && required === undefined)
    return name === '' ? 'a value of another form' : name
  if (type === 'string' && typeof format === 'string' && format !== 'password') return describeFormat(format)
  if (type !== undefined && type !== 'object') return describeType(schema)
  const constants = listConstants(schema, root)
  const others = asList(required).filter((one) => !constants.some(([key]) => key === one))
  const members = [
    ...constants.map(([key, value]) => `${key} ${quoteConstant(value)}`),
    ...others.map(String),
  ]
  const what = name === '' ? 'an object' : `an object (${name})`
  return members.length === 0 ? what : `${what} with ${members.slice(0, mostAlternatives).join(', ')}`
}

/** Lists the members of a schema that can have one value alone, by which alternatives are told apart. */
function listConstants(schema: JsonSchema, root: JsonSchema): [string, unknown][] {
  return Object.entries(asRecord(schema.properties)).flatMap(([name, part]): [string, unknown][] => {
    const member = dereference(part, root)
    const [only, ...more] = member.const === undefined ? asList(member.enum) : [member.const]
    return only === undefined || more.length > 0 ? [] : [[name, only]]
  })
}

/**
 * Finds the alternative that a value means: the one whose constants, such as a `kind`, are all those of the value.
 * Undefined where there is none such, or more than one.
 */
export function findMeantAlternative({ keyword, schema, data }: ErrorObject, root: JsonSchema): unknown {
  if (keyword === 'contains' || !isObject(data)) return undefined
  const meant = asList(schema).filter((alternative) => {
    const constants = listConstants(dereference(alternative, root), root)
    return constants.length > 0 && constants.every(([name, value]) => readOwn(data, name) === value)
  })
  return meant.length === 1 ? meant[0] : undefined
}

/** Lists the allowed values but null. An object of the document may have a `toString` that is no function. */
function describeChoices(values: unknown): string {
  const told = asList(values).filter((one) => one !== null)
  return `one of ${told.map((one) => (typeof one === 'object' ? quoteConstant(one) : one)).join(', ')}`
}

/** Quotes a constant of the document, which everybody may read, but where it stands for a secret. */
function describeConstant(value: unknown, schema: unknown): string {
  return isSecret(asRecord(schema)) ? 'the one value of the document' : quoteConstant(value)
}

function quoteConstant(value: unknown): string {
  return shorten(JSON.stringify(value), longestConstant)
}

/** Characters of a constant that are told. */
const longestConstant = 80

function describeFormat(name: unknown): string {
  const known = Object.entries({ ...formats, ...numberFormats }).find(([candidate]) => candidate === name)
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

/** Says what came in the place of what a rule asks for. Numbers, booleans and null are shown; a string may be a secret or an address, so only its kind is. */
export function describeGot(error: ErrorObject, root: JsonSchema): string {
  const { keyword, data, schema, parentSchema, instancePath } = error
  if (isSecret(asRecord(parentSchema))) return ''
  if (!['enum', 'const', 'type', 'minimum', 'maximum', 'oneOf', 'anyOf'].includes(keyword)) return ''
  // What came has other digits.
  if (isInexact(data)) return ''
  if (data === null || typeof data === 'number' || typeof data === 'boolean') return ` (got ${data})`
  if (Array.isArray(data)) return ' (got an array)'
  const meant = keyword === 'enum' && typeof data === 'string' ? findMeant(schema, data) : undefined
  if (meant !== undefined) return `; did you mean ${meant}?`
  if (typeof data !== 'string') return ' (got an object)'
  const { types } = readShape(parentSchema, root)
  const has = (...some: readonly string[]) => some.some((one) => types.has(one))
  if (/^\s*[[{]/.test(data) && has('object', 'array') && !has('string'))
    return ' (got JSON in a string; give the value itself)'
  // JSON has numbers beside strings; everything else of a request is a text.
  const isText = !instancePath.startsWith('/body')
  if (!isText || !has('number', 'integer')) return ' (got a string)'
  if (/^-?[1-9]\d{21,}$/.test(data)) return ' (got more than 21 digits)'
  return isLooseNumber(data) ? looseNumber : ' (got a string)'
}

const looseNumber = ' (got a string; a number is taken in its shortest spelling, such as 12 or 1.5)'

/**
 * Returns whether other readers would take a text for the number that its place asks for: `1.50`, `1e3`, `0x10`, ` 1`.
 */
function isLooseNumber(text: string): boolean {
  const isNumber = text.trim() !== '' && Number.isFinite(Number(text))
  return isNumber && String(Number(text)) !== text && !/^-?[1-9]\d*$/.test(text)
}

/** Finds the allowed text that a text is but for its case. */
function findMeant(schema: unknown, text: string): unknown {
  return asList(schema).find((one) => typeof one === 'string' && one.toLowerCase() === text.toLowerCase())
}
