import type { Violation } from '../errors/gateway-error.ts'
import { readContent } from './content-reading.ts'
import { nestsTooDeep, readDeepObject } from './deep-object.ts'
import { define, listPairs, type Pair, readForm } from './form.ts'
import { isJsonType } from './json.ts'
import { dereference } from './json-schema.ts'
import { decodeQueryText, isDecodable, readJoined, readText } from './parameter-reading.ts'
import type { Parameter } from './parameters.ts'
import { mayBePlain, readMember, readShape, type ValueShape } from './value-shape.ts'
import { joinLocation, mostViolations } from './violations.ts'

/** A query read as the values of its parameters; what belongs to none stays in under its own name, to be refused. */
export interface QueryInput {
  readonly values: Readonly<Record<string, unknown>>
  readonly violations: readonly Violation[]
}

/** Reads the raw text of a query, without the question mark. */
export type QueryReader = (raw: string) => QueryInput

/** Takes its pairs out of a query; undefined where it has none. */
interface PairReader {
  readonly name: string
  readonly takes: (name: string) => boolean
  /** True where a name may stand more than once. */
  readonly repeats: boolean
  /** Adds the names of lists whose indices cannot be read to `misnumbered`. */
  readonly read: (pairs: readonly Pair[], misnumbered: Set<string>) => unknown
}

/**
 * Prepares the reading of a query by the parameters of an operation, in every style that a query can have. Violations are
 * located in the given place: the styled members of a form are read as a query, too.
 */
export function createQueryReader(
  parameters: readonly Parameter[],
  place: 'query' | 'body' = 'query',
): QueryReader {
  const whole = parameters.find((one) => one.in === 'querystring')
  if (whole) return createWholeReader(whole)
  const find = createOwnerFinder(parameters)
  return (raw) => {
    if (raw === '') return nothing
    const taken = new Map<PairReader, Pair[]>()
    const values: Record<string, unknown> = {}
    const repeated = new Set<string>()
    const seen = new Set<string>()
    const unreadable = new Set<string>()
    const tooDeep = new Set<string>()
    const misnumbered = new Set<string>()
    for (const pair of listPairs(raw)) {
      const [name, text] = pair
      const reader = find(name)
      if (seen.has(name) && !reader?.repeats) repeated.add(name)
      seen.add(name)
      if (!isDecodable(text)) unreadable.add(name)
      const pairs = reader && taken.get(reader)
      if (nestsTooDeep(name)) tooDeep.add(name)
      else if (!reader) define(values, name, decodeQueryText(text))
      else if (pairs) pairs.push(pair)
      else taken.set(reader, [pair])
    }
    for (const [reader, pairs] of taken) define(values, reader.name, reader.read(pairs, misnumbered))
    const violations = [
      ...refuse(place, repeated, 'uniqueKeys', 'stands more than once; give it one value'),
      ...refuse(place, unreadable, 'encoding', 'must be percent-encoded UTF-8'),
      ...refuse(place, tooDeep, 'maxDepth', 'must nest at most 512 levels'),
      ...refuse(place, misnumbered, 'uniqueKeys', 'must have each index from 0 on once'),
    ]
    return { values, violations }
  }
}

/** Prepares to tell which parameter a pair of a query belongs to, by its name; undefined where it belongs to none. */
export function createOwnerFinder(
  parameters: readonly Parameter[],
): (name: string) => PairReader | undefined {
  const own = parameters.filter((one) => one.in === 'query')
  const names = new Set(own.map(({ name }) => name))
  const readers = own.map((parameter) => createPairReader(parameter, names))
  const byName = new Map(readers.map((reader) => [reader.name, reader]))
  // The name itself decides, if a parameter has it; only then a member of an object.
  return (name) => {
    const named = byName.get(name)
    return named?.takes(name) ? named : readers.find((reader) => reader !== named && reader.takes(name))
  }
}

const nothing: QueryInput = { values: {}, violations: [] }

function refuse(place: string, names: ReadonlySet<string>, rule: string, message: string): Violation[] {
  return [...names]
    .slice(0, mostViolations)
    .map((name) => ({ location: joinLocation(place, name), rule, message }))
}

/** Prepares the reading of a query as one value (OpenAPI 3.2, `in: querystring`). */
function createWholeReader(parameter: Parameter): QueryReader {
  const { name, mediaType } = parameter
  const shape = readShape(parameter.schema)
  if (isJsonType(mediaType) || !shape.types.has('object')) {
    const read = readContent(parameter, decodeQueryText)
    return (raw) => (raw === '' ? nothing : { values: { [name]: read(raw) }, violations: [] })
  }
  return (raw) => {
    if (raw === '') return nothing
    const pairs = listPairs(raw)
    return { values: { [name]: readForm(pairs, shape) }, violations: [] }
  }
}

const formType = 'application/x-www-form-urlencoded'

function createPairReader(parameter: Parameter, names: ReadonlySet<string>): PairReader {
  const { name, style, explode, schema, mediaType } = parameter
  const shape = readShape(schema)
  const isNamed = (one: string) => one === name
  const first = (read: (raw: string) => unknown) => ({
    name,
    takes: isNamed,
    repeats: false,
    read: ([pair]: readonly Pair[]) => read(pair?.[1] ?? ''),
  })
  if (mediaType === formType && shape.types.has('object'))
    return first((raw) => readForm(listPairs(decodeQueryText(raw)), shape))
  if (mediaType !== undefined) return first(readContent(parameter, decodeQueryText))
  if (style === 'deepObject')
    return {
      name,
      takes: (one) => one === name || (one.startsWith(`${name}[`) && one.endsWith(']')),
      repeats: true,
      read: (pairs, misnumbered) => readDeepObject(name, pairs, shape, misnumbered),
    }
  if (explode && shape.types.has('object') && !shape.types.has('array'))
    return {
      name,
      takes: (one) => !names.has(one) && (shape.properties.has(one) || isOpen(shape)),
      repeats: false,
      read: (pairs) =>
        Object.fromEntries(
          pairs.map(([key, raw]) => [key, readText(decodeQueryText(raw), readMember(shape, key))]),
        ),
    }
  if (explode && shape.types.has('array'))
    return {
      name,
      takes: isNamed,
      repeats: true,
      read: (pairs) => {
        const elements = pairs.map(([, raw]) => readText(decodeQueryText(raw), shape.items()))
        const [only] = pairs
        return only && pairs.length === 1 && mayBePlain(shape)
          ? readText(decodeQueryText(only[1]), shape)
          : elements
      },
    }
  const isEncodedToo = style === 'form' && cannotHoldComma(parameter, shape)
  return first((raw) => {
    const separator = isEncodedToo && !raw.includes(',') ? /%2C/i : (separators[style] ?? ',')
    return readJoined(raw, { separator, explode: false, shape, decode: decodeQueryText })
  })
}

const separators: Readonly<Record<string, RegExp | undefined>> = {
  spaceDelimited: /%20|\+/,
  pipeDelimited: /\||%7C/i,
}

/** Returns whether an object may have members that nobody named. */
function isOpen({ properties, others }: ValueShape): boolean {
  return others !== undefined || properties.size === 0
}

/**
 * Returns whether no element can hold a comma. There a list is understood from clients that percent-encode its commas
 * too, as those do that write the whole query by `URLSearchParams`.
 */
function cannotHoldComma({ schema }: Parameter, shape: ValueShape): boolean {
  const { types } = shape.items()
  const items = dereference(schema.items, schema)
  const hasFormat = 'format' in items || 'enum' in items
  return shape.types.has('array') && (hasFormat || (types.size > 0 && !types.has('string')))
}
