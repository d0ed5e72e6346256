/** An object of a document as JSON has it. */
export type Part = Readonly<Record<string, unknown>>

/** Gives an object of JSON, an empty one for anything else. */
export function asPart(value: unknown): Part {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
}

/** Gives a list of JSON, an empty one for anything else. */
export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** Follows the `$ref`s of a part; undefined where they lead nowhere in this document. */
export type Resolve = (part: unknown) => unknown

/** Prepares the following of references within a document (RFC 6901). */
export function createResolve(document: Part): Resolve {
  return (part) => {
    let here = part
    for (let hops = 0; hops < 32; hops += 1) {
      const { $ref } = asPart(here)
      if (typeof $ref !== 'string') return here
      if (!$ref.startsWith('#/')) return undefined
      let target: unknown = document
      for (const name of $ref.slice(2).split('/')) {
        const key = decode(name).replaceAll('~1', '/').replaceAll('~0', '~')
        target = Array.isArray(target) ? target[Number(key)] : asPart(target)[key]
      }
      here = target
    }
    return undefined
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Lists the types that a schema names; empty where it names none that JSON has. */
export function listTypes({ type, nullable }: Part): string[] {
  const known = ['string', 'number', 'integer', 'boolean', 'array', 'object', 'null', 'file']
  const named = [type ?? []].flat().map(String)
  const types = named.filter((one) => known.includes(one))
  return types.length > 0 && types.length === named.length && nullable === true ? [...types, 'null'] : types
}

/** Returns whether a value satisfies a schema of OpenAPI 2.0, 3.0 or 3.1: enough of JSON Schema for what is generated. */
export function satisfies(value: unknown, schema: unknown, resolve: Resolve, depth = 0): boolean {
  if (schema === false) return false
  const part = asPart(resolve(schema))
  if (depth > 40) return true
  const check = (one: unknown, inner: unknown) => satisfies(one, inner, resolve, depth + 1)
  const isNull = value === null && part.nullable === true
  if (isNull) return true
  const count = (choices: unknown) => asList(choices).filter((one) => check(value, one)).length
  return (
    hasType(value, part) &&
    (!Array.isArray(part.enum) || part.enum.length === 0 || part.enum.some((one) => isSame(one, value))) &&
    (part.const === undefined || isSame(part.const, value)) &&
    asList(part.allOf).every((one) => check(value, one)) &&
    (asList(part.anyOf).length === 0 || count(part.anyOf) > 0) &&
    (asList(part.oneOf).length === 0 || count(part.oneOf) === 1) &&
    (part.not === undefined || !check(value, part.not)) &&
    (typeof value !== 'string' || isText(value, part)) &&
    (typeof value !== 'number' || isNumber(value, part)) &&
    (!Array.isArray(value) || isListed(value, part, check)) &&
    (typeof value !== 'object' ||
      value === null ||
      Array.isArray(value) ||
      hasMembers(asPart(value), part, check))
  )
}

type Check = (value: unknown, schema: unknown) => boolean

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}

function hasType(value: unknown, part: Part): boolean {
  const types = listTypes(part)
  if (types.length === 0) return true
  if (value === null) return types.includes('null')
  if (Array.isArray(value)) return types.includes('array')
  if (typeof value === 'number')
    return types.includes('number') || (types.includes('integer') && Number.isInteger(value))
  if (typeof value === 'string') return types.includes('string') || types.includes('file')
  return types.includes(typeof value)
}

/** Compiles a pattern; undefined for one that is no regular expression of JavaScript. */
export function toExpression(pattern: unknown): RegExp | undefined {
  if (typeof pattern !== 'string') return undefined
  for (const flags of ['u', ''])
    try {
      return new RegExp(pattern, flags)
    } catch {}
  return undefined
}

function isText(value: string, { minLength, maxLength, pattern }: Part): boolean {
  const { length } = [...value]
  return (
    length >= toNumber(minLength, 0) &&
    length <= toNumber(maxLength, Number.POSITIVE_INFINITY) &&
    (toExpression(pattern)?.test(value) ?? true)
  )
}

/** Returns the number that a keyword has; another value where it has none. */
export function toNumber(value: unknown, other: number): number {
  return typeof value === 'number' ? value : other
}

function isNumber(value: number, part: Part): boolean {
  const { low, high, isOpenLow, isOpenHigh } = findRange(part)
  const multiple = toNumber(part.multipleOf, 0)
  return (
    (isOpenLow ? value > low : value >= low) &&
    (isOpenHigh ? value < high : value <= high) &&
    (multiple <= 0 || Number.isInteger(Number((value / multiple).toFixed(9))))
  )
}

/** Finds the range of a number; `exclusiveMinimum` is a boolean until OpenAPI 3.0 and a bound from 3.1 on. */
export function findRange({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: Part) {
  const low = Math.max(
    toNumber(minimum, Number.NEGATIVE_INFINITY),
    toNumber(exclusiveMinimum, Number.NEGATIVE_INFINITY),
  )
  const high = Math.min(
    toNumber(maximum, Number.POSITIVE_INFINITY),
    toNumber(exclusiveMaximum, Number.POSITIVE_INFINITY),
  )
  return {
    low,
    high,
    isOpenLow: exclusiveMinimum === true || exclusiveMinimum === low,
    isOpenHigh: exclusiveMaximum === true || exclusiveMaximum === high,
  }
}

function isListed(value: readonly unknown[], part: Part, check: Check): boolean {
  const { items, minItems, maxItems, uniqueItems } = part
  return (
    value.length >= toNumber(minItems, 0) &&
    value.length <= toNumber(maxItems, Number.POSITIVE_INFINITY) &&
    (uniqueItems !== true || new Set(value.map((one) => JSON.stringify(one))).size === value.length) &&
    (Array.isArray(items) || items === undefined || value.every((one) => check(one, items)))
  )
}

function hasMembers(value: Part, part: Part, check: Check): boolean {
  const properties = asPart(part.properties)
  const names = Object.keys(value)
  const patterns = Object.entries(asPart(part.patternProperties))
  const { additionalProperties } = part
  return (
    names.length >= toNumber(part.minProperties, 0) &&
    names.length <= toNumber(part.maxProperties, Number.POSITIVE_INFINITY) &&
    // What the API alone sets need not be in a request.
    asList(part.required).every(
      (name) => names.includes(String(name)) || asPart(properties[String(name)]).readOnly === true,
    ) &&
    names.every((name) => {
      const matching = patterns.filter(([pattern]) => toExpression(pattern)?.test(name))
      if (Object.hasOwn(properties, name) && !check(value[name], properties[name])) return false
      if (!matching.every(([, one]) => check(value[name], one))) return false
      return (
        Object.hasOwn(properties, name) ||
        matching.length > 0 ||
        additionalProperties === undefined ||
        check(value[name], additionalProperties)
      )
    })
  )
}
