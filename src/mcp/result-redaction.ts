import { parseExactly } from '../document/exact-numbers.ts'
import { asRecord, isObject } from '../document/json.ts'
import { dereference, type JsonSchema, listChoices, mergeAll } from '../document/json-schema.ts'
import { redactTokens } from '../upstream/redaction.ts'

/** A response as a model may see it, as a text and as what that says. */
export interface SelectedResponse {
  readonly text: string
  readonly value: unknown
}

/** Gives of a response what a schema describes. */
export type SelectResponse = (value: unknown) => SelectedResponse

/**
 * Prepares the selection of what a schema describes, and nothing besides: where the upstream has moved or renamed a
 * secret, it must not be exposed under another name. What looks like a token in what is left is taken out.
 */
export function selectDescribed(schema: JsonSchema): SelectResponse {
  const select = prepare(schema, schema)
  return (value) => {
    // JSON's null is seen; what the schema does not describe is not.
    const selected = value === null ? null : (select(value) ?? {})
    const text = JSON.stringify(selected)
    const clean = redactTokens(text)
    if (clean === text) return { text, value: selected }
    // Names that were tokens may have become one.
    const redacted = parseExactly(clean)
    return { text: JSON.stringify(redacted), value: redacted }
  }
}

/** Undefined where nothing is to be seen; the very same value where nothing is to be left out. */
type Select = (value: unknown) => unknown

/** The selections of the parts of a schema. */
type Known = Map<unknown, Select>

/** What a schema says nothing of, not even a type, is any value. */
function prepare(part: unknown, root: JsonSchema, known: Known = new Map()): Select {
  const before = known.get(part)
  if (before) return before
  // Prepared when a value comes: a schema may be a part of itself, and have many parts that no response has.
  let select: Select | undefined
  const selectLater: Select = (value) => {
    select ??= prepareSchema(dereference(part, root), root, known)
    return select(value)
  }
  known.set(part, selectLater)
  return selectLater
}

function prepareSchema(schema: JsonSchema, root: JsonSchema, known: Known): Select {
  const { whole, choices } = mergeAll(schema, root)
  const isOpen = [whole.properties, whole.items, whole.prefixItems].every((one) => one === undefined)
  const described = choices.map((all) => all.filter((one) => describesMore(one, root)))
  // Beside members, or choices of members, a choice often says only which of them are required.
  const telling =
    isOpen && (choices.length === 1 || described.every((all) => all.length === 0)) ? choices : described
  const selects = telling
    .filter((all) => all.length > 0)
    .map((all) => selectMost(all.map((one) => prepare(one, root, known))))
  if (selects.length === 0) return prepareOwn(whole, root, known)
  if (!isOpen) selects.unshift(prepareOwn(whole, root, known))
  return rememberSelected((value) =>
    selects.map((select) => select(value)).reduce((one, other) => unite(one, other)),
  )
}

/** Selects by the alternative that describes most of a value. */
function selectMost(alternatives: readonly Select[]): Select {
  return (value) =>
    alternatives
      .map((select) => select(value))
      .filter((one) => one !== undefined)
      .reduce<unknown>(
        (best, one) => (best === undefined || countMembers(one) > countMembers(best) ? one : best),
        undefined,
      )
}

/** Unites what was selected of one value in several ways. */
function unite(one: unknown, other: unknown): unknown {
  if (!isObject(one) || !isObject(other) || one === other) return other ?? one
  const united = Object.entries(other).map(([name, part]) => [name, unite(one[name], part)])
  return { ...one, ...Object.fromEntries(united) }
}

/**
 * Selects of each object once, however many choices lead to it. A schema that is a choice of itself selects nothing of
 * a value that it is selecting of.
 */
function rememberSelected(select: Select): Select {
  const selected = new WeakMap<object, unknown>()
  const underWay = new Set<unknown>()
  return (value) => {
    const key = typeof value === 'object' && value !== null ? value : undefined
    if (key && selected.has(key)) return selected.get(key)
    if (underWay.has(value)) return undefined
    underWay.add(value)
    try {
      const one = select(value)
      if (key) selected.set(key, one)
      return one
    } finally {
      underWay.delete(value)
    }
  }
}

function describesMore(choice: unknown, root: JsonSchema): boolean {
  const schema = dereference(choice, root)
  return [schema, ...listChoices(schema, root)].some(
    (one) => one.properties !== undefined || listTypes(one).some((type) => type !== 'object'),
  )
}

/** Counts the members of an object, by which the choice that describes most of it is found. */
function countMembers(value: unknown): number {
  return isObject(value) ? Object.keys(value).length : 0
}

function prepareOwn(schema: JsonSchema, root: JsonSchema, known: Known): Select {
  const types = listTypes(schema)
  if (types.length === 0) return (value) => value
  const selectElements = types.includes('array') ? prepareElements(schema, root, known) : undefined
  const selectObject = types.includes('object') ? prepareMembers(schema, root, known) : undefined
  const isPlain = types.some((type) => type !== 'object' && type !== 'array' && type !== 'null')
  const mayBeNull = isPlain || types.includes('null')
  return (value) => {
    if (Array.isArray(value)) return selectElements?.(value)
    if (isObject(value)) return selectObject?.(value)
    return (value === null ? mayBeNull : isPlain) ? value : undefined
  }
}

/** In a tuple every element keeps its place, and those beyond the described ones are left out. */
function prepareElements(
  { items, prefixItems }: JsonSchema,
  root: JsonSchema,
  known: Known,
): (list: readonly unknown[]) => unknown {
  const isTuple = Array.isArray(prefixItems)
  const first = isTuple ? prefixItems.map((one) => prepare(one, root, known)) : []
  const rest: Select = isTuple && items === undefined ? () => undefined : prepare(items, root, known)
  return (list) =>
    list
      .map((one, index) => {
        const select = first[index]
        return select ? (select(one) ?? null) : rest(one)
      })
      .filter((one) => one !== undefined)
}

function listTypes({ type, properties, items, prefixItems, enum: choices }: JsonSchema): unknown[] {
  const named = [type ?? []].flat()
  if (named.length > 0) return named
  if (properties !== undefined) return ['object']
  if (items !== undefined || prefixItems !== undefined) return ['array']
  return choices === undefined ? [] : ['string', 'number', 'boolean', 'null']
}

/** An object of which no member is described is the client's own, to be passed on as it is. */
function prepareMembers(
  { properties, additionalProperties, patternProperties }: JsonSchema,
  root: JsonSchema,
  known: Known,
): (value: Readonly<Record<string, unknown>>) => object {
  if (properties === undefined && patternProperties === undefined && isObject(additionalProperties))
    return (value) => selectMembers(value, prepare(additionalProperties, root, known))
  if (properties === undefined) return (value) => value
  const members = new Map(
    Object.entries(asRecord(properties)).map(([name, one]) => [name, prepare(one, root, known)]),
  )
  return (value) => {
    let selected: Record<string, unknown> | undefined
    for (const name in value) {
      const one = members.get(name)?.(value[name])
      if (one !== value[name]) selected ??= takeBefore(name, value)
      if (selected && one !== undefined) selected[name] = one
    }
    return selected ?? value
  }
}

function selectMembers(value: Readonly<Record<string, unknown>>, select: Select): object {
  const selected = Object.entries(value).map(([name, one]) => [name, select(one)] as const)
  if (selected.every(([name, one]) => one === value[name])) return value
  return Object.fromEntries(selected.filter(([, one]) => one !== undefined))
}

function takeBefore(end: string, value: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const taken: Record<string, unknown> = {}
  for (const name in value) {
    if (name === end) break
    taken[name] = value[name]
  }
  return taken
}
