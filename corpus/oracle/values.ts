import fc from 'fast-check'
import type { Random } from './random.ts'
import {
  asList,
  asPart,
  findRange,
  listTypes,
  type Part,
  type Resolve,
  satisfies,
  toExpression,
  toNumber,
} from './schema.ts'

/** Where a value is to stand: what its texts may hold. */
export interface ValuePlace {
  readonly alphabet: string
}

/** Says that a schema has no value that can be found. */
export const impossible = Symbol('impossible')

/** Finds a value that satisfies a schema, the same one for the same state of `random`, or `impossible`. */
export function findValue(schema: unknown, resolve: Resolve, random: Random, place: ValuePlace): unknown {
  for (let attempt = 0; attempt < 8; attempt += 1) {
    const value = new Generator(resolve, random, place).generate(schema, 0)
    if (value !== impossible && satisfies(value, schema, resolve)) return value
  }
  return impossible
}

/** Gives a schema with everything that its `allOf` says, and one of its choices. */
export function flatten(
  schema: unknown,
  resolve: Resolve,
  choose: (list: readonly unknown[]) => unknown,
  depth = 0,
): Part {
  const { allOf, oneOf, anyOf, ...own } = asPart(resolve(schema))
  if (depth > 8) return own
  const parts = [...asList(allOf)]
  if (asList(oneOf).length > 0) parts.push(choose(asList(oneOf)))
  if (asList(anyOf).length > 0) parts.push(choose(asList(anyOf)))
  return parts.map((one) => flatten(one, resolve, choose, depth + 1)).reduce(mergeTwo, own)
}

function mergeTwo(one: Part, other: Part): Part {
  const shared = Object.keys(asPart(one.properties)).filter((name) =>
    Object.hasOwn(asPart(other.properties), name),
  )
  const properties = {
    ...asPart(one.properties),
    ...asPart(other.properties),
    ...Object.fromEntries(
      shared.map((name) => [name, { allOf: [asPart(one.properties)[name], asPart(other.properties)[name]] }]),
    ),
  }
  const both = Array.isArray(one.enum) && Array.isArray(other.enum)
  const bound = (name: string, pick: (...values: number[]) => number) => {
    const values = [one[name], other[name]].filter((value) => typeof value === 'number')
    return values.length > 0 && { [name]: pick(...values) }
  }
  return {
    ...other,
    ...one,
    ...(Object.keys(properties).length > 0 && { properties }),
    ...(one.required !== undefined || other.required !== undefined
      ? { required: [...asList(one.required), ...asList(other.required)] }
      : {}),
    ...(both && { enum: asList(one.enum).filter((value) => asList(other.enum).includes(value)) }),
    ...bound('minLength', Math.max),
    ...bound('maxLength', Math.min),
    ...bound('minItems', Math.max),
    ...bound('maxItems', Math.min),
  }
}

const longest = 5

class Generator {
  readonly #resolve: Resolve
  readonly #random: Random
  readonly #place: ValuePlace

  constructor(resolve: Resolve, random: Random, place: ValuePlace) {
    this.#resolve = resolve
    this.#random = random
    this.#place = place
  }

  generate(schema: unknown, depth: number): unknown {
    if (schema === false) return impossible
    const part = flatten(schema, this.#resolve, (list) => this.#random.pick(list))
    if (part.const !== undefined) return part.const
    if (asList(part.enum).length > 0) {
      const fitting = asList(part.enum).filter(
        (one) => one !== null && one !== '' && satisfies(one, part, this.#resolve),
      )
      return this.#random.pick(fitting) ?? impossible
    }
    const types = listTypes(part)
    const type = types.find((one) => one !== 'null') ?? types[0] ?? guessType(part)
    if (type === 'integer' || type === 'number') return this.#number(part, type === 'integer')
    if (type === 'boolean') return this.#random.isTrue()
    if (type === 'null') return null
    if (type === 'array') return this.#list(part, depth)
    if (type === 'object') return this.#object(part, depth)
    return this.#text(part)
  }

  #number(part: Part, isInteger: boolean): number | typeof impossible {
    const { low, high, isOpenLow, isOpenHigh } = findRange(part)
    const multiple = toNumber(part.multipleOf, 0)
    const step = multiple > 0 ? multiple : isInteger ? 1 : 0.25
    const from = Number.isFinite(low) ? low : Number.isFinite(high) ? high - 100 * step : 1
    const to = Number.isFinite(high) ? high : from + 1_000 * step
    const first = Math.ceil(from / step) + (isOpenLow && Number.isInteger(from / step) ? 1 : 0)
    const last = Math.floor(to / step) - (isOpenHigh && Number.isInteger(to / step) ? 1 : 0)
    if (last < first) return impossible
    const value = Number((this.#random.between(first, Math.min(last, first + 1_000)) * step).toFixed(9))
    return Number.isSafeInteger(value) || !Number.isInteger(value) ? value : impossible
  }

  #text(part: Part): string | typeof impossible {
    const { format, pattern } = part
    const least = toNumber(part.minLength, 0)
    const most = toNumber(part.maxLength, Number.POSITIVE_INFINITY)
    const expression = toExpression(pattern)
    const known = formats[String(format)]
    if (known) {
      const text = known(this.#random)
      const isRight = text.length >= least && text.length <= most && (expression?.test(text) ?? true)
      return isRight ? text : impossible
    }
    if (expression && expression.source !== '(?:)') return this.#matching(expression, least, most)
    const length = Math.min(Math.max(least, this.#random.between(1, 12)), most)
    return this.#random.text(this.#place.alphabet, length).replaceAll(/^ | $/g, 'x')
  }

  #matching(expression: RegExp, least: number, most: number): string | typeof impossible {
    const seed = this.#random.between(0, 2 ** 30)
    try {
      const texts = fc.sample(fc.stringMatching(expression), { seed, numRuns: 12 })
      return (
        texts.find(
          (text) =>
            text.length >= Math.max(least, 1) &&
            text.length <= most &&
            isWritable(text, this.#place.alphabet),
        ) ?? impossible
      )
    } catch {
      // fast-check does not know every construct of an expression.
      const length = Math.min(Math.max(least, 6), most)
      const texts = ['a1b2c3d4e5f6a7b8c9d0'.repeat(5), 'A1'.repeat(50), '1'.repeat(50), 'abc'.repeat(20)]
      return texts.map((text) => text.slice(0, length)).find((text) => expression.test(text)) ?? impossible
    }
  }

  #list(part: Part, depth: number): unknown {
    const { items, uniqueItems } = part
    const least = Math.max(toNumber(part.minItems, 0), 1)
    const most = Math.min(
      toNumber(part.maxItems, Number.POSITIVE_INFINITY),
      Math.max(least, depth > 3 ? least : 3),
    )
    const length = this.#random.between(least, Math.max(most, least))
    if (depth > longest) return toNumber(part.minItems, 0) > 0 ? impossible : []
    const values: unknown[] = []
    for (let tries = 0; values.length < length && tries < length * 4; tries += 1) {
      const value = this.generate(items ?? {}, depth + 1)
      if (value === impossible) return impossible
      if (uniqueItems !== true || !values.some((one) => JSON.stringify(one) === JSON.stringify(value)))
        values.push(value)
    }
    return values.length >= toNumber(part.minItems, 0) ? values : impossible
  }

  #object(part: Part, depth: number): unknown {
    const properties = Object.entries(asPart(part.properties))
    const required = new Set(asList(part.required).map(String))
    const members: [string, unknown][] = []
    for (const [name, schema] of properties) {
      const own = flatten(schema, this.#resolve, (list) => list[0])
      if (own.readOnly === true || schema === false) continue
      const isNeeded = required.has(name)
      if (!isNeeded && (depth > longest - 1 || !this.#random.isTrue(depth > 2 ? 0.2 : 0.6))) continue
      const value = this.generate(schema, depth + 1)
      if (value === impossible && isNeeded) return impossible
      if (value !== impossible) members.push([name, value])
    }
    const { additionalProperties } = part
    const isMap = properties.length === 0 && additionalProperties !== false
    const missing = [...required].filter((name) => !properties.some(([one]) => one === name))
    for (const name of [...missing, ...(isMap && depth <= longest ? ['someKey'] : [])]) {
      const value = this.generate(
        typeof additionalProperties === 'object' ? additionalProperties : {},
        depth + 1,
      )
      if (value !== impossible) members.push([name, value])
    }
    const most = toNumber(part.maxProperties, Number.POSITIVE_INFINITY)
    const kept = members.filter(([name], index) => required.has(name) || index < most)
    return Object.fromEntries(kept)
  }
}

function guessType({ properties, additionalProperties, items, minimum, maximum }: Part): string {
  if (properties !== undefined || typeof additionalProperties === 'object') return 'object'
  if (items !== undefined) return 'array'
  return minimum !== undefined || maximum !== undefined ? 'integer' : 'string'
}

/** A text of a pattern that its place could not carry is of no use. */
function isWritable(text: string, alphabet: string): boolean {
  return (
    /^[\x20-\x7e]*$/.test(text) && text.trim() === text && (alphabet.includes(' ') || !/[\s,;"\\]/.test(text))
  )
}

const digits = '0123456789'
const hex = '0123456789abcdef'
const letters = 'abcdefghijklmnopqrstuvwxyz'

const formats: Readonly<Record<string, ((random: Random) => string) | undefined>> = {
  date: (random) => `20${random.text(digits, 2)}-0${random.between(1, 9)}-1${random.text(digits, 1)}`,
  'date-time': (random) =>
    `20${random.text(digits, 2)}-0${random.between(1, 9)}-1${random.text(digits, 1)}T1${random.text(digits, 1)}:30:00Z`,
  email: (random) => `${random.text(letters, 6)}@example.org`,
  uri: (random) => `https://example.org/${random.text(letters, 6)}?a=b`,
  url: (random) => `https://example.org/${random.text(letters, 6)}`,
  uuid: (random) =>
    [8, 4, 4, 4, 12]
      .map((length, index) =>
        index === 2
          ? `4${random.text(hex, 3)}`
          : index === 3
            ? `a${random.text(hex, 3)}`
            : random.text(hex, length),
      )
      .join('-'),
  ipv4: (random) => `192.0.2.${random.between(1, 254)}`,
  ipv6: (random) => `2001:db8::${random.text(hex, 4)}`,
  byte: (random) => Buffer.from(random.text(letters, 6)).toString('base64'),
  hostname: (random) => `${random.text(letters, 6)}.example.org`,
  'iana-time-zone': () => 'Europe/Oslo',
  time: () => '10:30:00Z',
  duration: () => 'PT5M',
}
