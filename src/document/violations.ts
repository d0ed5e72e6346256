import type { ErrorObject } from 'ajv'
import type { Violation } from '../errors/gateway-error.ts'
import { asRecord, isObject } from './json.ts'
import { splitPointer } from './json-pointer.ts'
import type { JsonSchema } from './json-schema.ts'
import { isUnwritable } from './large-integers.ts'
import { foldName } from './path-template.ts'
import { describeGot, describeRule, findMeantAlternative } from './rule-description.ts'
import { quoteName } from './single-line.ts'
import { follow, listSameValue } from './value-shape.ts'

/** The most violations that one response lists; a reader corrects no more at a time. */
export const mostViolations = 20

/** Errors that are read in full: each element of a list may have some by each alternative of its schema. */
const mostErrors = 10_000

/**
 * Turns Ajv's errors (made with `allErrors` and `verbose`) into one violation a place, in reading order. The second
 * argument is the whole schema, whose `$defs` its references lead into.
 */
export function toViolations(errors: readonly ErrorObject[], root: unknown = {}): Violation[] {
  const places = new Map<string, Violation>()
  const told = withoutChoices(readFirst(errors), asRecord(root))
  for (const error of told) {
    if (error.keyword === 'propertyNames') continue
    const violation = toViolation(error, asRecord(root))
    const known = places.get(violation.location)
    if (!known || saysMore(violation, known)) places.set(violation.location, violation)
    if (places.size === mostViolations) break
  }
  return [...places.values()]
}

/** Reads the first errors, and the choices that these may be wrong by, which Ajv tells after all that their alternatives say. */
function readFirst(errors: readonly ErrorObject[]): ErrorObject[] {
  const place = errors[mostErrors - 1]?.instancePath ?? ''
  return errors.filter(
    (error, at) => at < mostErrors || (choices.has(error.keyword) && isWithin(place, error.instancePath)),
  )
}

/**
 * Leaves out what is wrong by the single alternatives of a choice, which the choice itself tells; where the value says
 * which alternative is meant, what is wrong by that one is told instead.
 */
function withoutChoices(errors: readonly ErrorObject[], root: JsonSchema): ErrorObject[] {
  const left = new Set<ErrorObject>()
  for (let at = errors.length - 1; at >= 0; at -= 1) {
    const choice = errors[at]
    if (!choice || left.has(choice) || !choices.has(choice.keyword)) continue
    const alternatives = listParts(choice.schema, root)
    const inner: ErrorObject[] = []
    // Ajv tells what is wrong by the alternatives just before the choice.
    for (let before = at - 1; before >= 0; before -= 1) {
      const error = errors[before]
      if (!error || !isWithin(error.instancePath, choice.instancePath)) break
      if (isPartOf(error, alternatives)) inner.push(error)
    }
    const meant = listParts(findMeantAlternative(choice, root), root)
    const own = inner.filter((error) => isPartOf(error, meant))
    for (const error of own.length > 0 ? [choice, ...inner] : inner) left.add(error)
    for (const error of own) left.delete(error)
  }
  return errors.filter((error) => !left.has(error))
}

/** Paths within schemas begin anew where a reference leads, so that only the schema itself tells where an error is from. */
function isPartOf({ parentSchema }: ErrorObject, parts: ReadonlySet<unknown>): boolean {
  return parts.has(parentSchema)
}

const listed = new WeakMap<object, ReadonlySet<unknown>>()

/** Lists a schema and all that it is made of, references followed. */
function listParts(schema: unknown, root: JsonSchema): ReadonlySet<unknown> {
  if (typeof schema !== 'object' || schema === null) return new Set()
  const known = listed.get(schema)
  if (known) return known
  const parts = new Set<unknown>()
  const open: unknown[] = [schema]
  while (open.length > 0) {
    const part = open.pop()
    if (typeof part !== 'object' || part === null || parts.has(part)) continue
    parts.add(part)
    const { $ref, ...members } = asRecord(part)
    open.push(...Object.values(members), typeof $ref === 'string' ? follow($ref, root) : undefined)
  }
  listed.set(schema, parts)
  return parts
}

const choices = new Set(['oneOf', 'anyOf', 'contains'])

function isWithin(path: string, outer: string): boolean {
  return path.startsWith(outer) && (path.length === outer.length || path[outer.length] === '/')
}

/** Choices say more than a type, and the words of a format more than a pattern. */
function saysMore({ rule }: Violation, known: Violation): boolean {
  return rule === 'enum' || (rule === 'format' && known.rule === 'pattern')
}

function toViolation(error: ErrorObject, root: JsonSchema): Violation {
  const place = toLocation(error.instancePath)
  const { keyword: rule, propertyName } = error
  const {
    missingProperty,
    additionalProperty,
    unevaluatedProperty = additionalProperty,
  } = asRecord(error.params)
  if (typeof missingProperty === 'string')
    return { location: joinLocation(place, missingProperty), rule, message: 'is required' }
  if (typeof unevaluatedProperty === 'string') return refuseMember(unevaluatedProperty, error, root, place)
  if (propertyName !== undefined)
    return {
      location: joinLocation(place, propertyName),
      rule,
      message: `its name ${describeRule(error, root)}`,
    }
  return { location: place, rule, message: `${describeRule(error, root)}${describeGot(error, root)}` }
}

/** What is not evaluated is known to none of the schemas of its object, and an additional member not to its own. */
function refuseMember(
  name: string,
  { keyword, parentSchema }: ErrorObject,
  root: JsonSchema,
  place: string,
): Violation {
  const schemas =
    keyword === 'unevaluatedProperties' ? listSameValue(parentSchema, root) : [asRecord(parentSchema)]
  const known = new Set(schemas.flatMap(({ properties }) => Object.keys(asRecord(properties))))
  const violation = refuseName(name, [...known], place)
  const hasPatterns = schemas.some(({ patternProperties }) => patternProperties !== undefined)
  return known.size === 0 && hasPatterns ? { ...violation, message: 'is not known here' } : violation
}

/** Makes the violation of a name that nothing bears at a place, with the one that was probably meant. */
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
  return splitPointer(pointer).reduce((place, segment) => joinLocation(place, segment), '')
}

/** Writes the location of a part of a place: `path.userId`, `query["a b"]`, `body.tags[0]`. */
export function joinLocation(place: string, segment: string): string {
  const isPlain = /^[\w-]{1,64}$/.test(segment)
  if (place === '') return isPlain ? segment : quoteName(segment)
  if (/^\d{1,16}$/.test(segment)) return `${place}[${segment}]`
  return isPlain ? `${place}.${segment}` : `${place}[${quoteName(segment)}]`
}

/** Lists the numbers that have no spelling but in JSON: JavaScript would round them, and they are no whole ones. */
export function findUnwritableNumbers(values: Readonly<Record<string, unknown>>): Violation[] {
  const violations: Violation[] = []
  const visit = (value: unknown, ...place: string[]) => {
    if (isUnwritable(value))
      violations.push({
        location: place.reduce(joinLocation, ''),
        rule: 'number',
        message:
          'has more digits than can be sent here: 21 of whole numbers, 15 of others; with fewer it is another number',
      })
    else if (Array.isArray(value))
      for (const [index, one] of value.entries()) visit(one, ...place, `${index}`)
    else if (isObject(value)) for (const name in value) visit(value[name], ...place, name)
  }
  visit(values)
  return violations.slice(0, mostViolations)
}
