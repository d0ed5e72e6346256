import { parseExactly } from '../document/exact-numbers.ts'
import { asRecord, isObject, readOwn } from '../document/json.ts'
import { dereference, type JsonSchema } from '../document/json-schema.ts'
import { redactTokens } from '../upstream/redaction.ts'

/**
 * The schema of a response without its secrets (`format: password`) and the plain values beside them, which are about
 * the secrets. Undefined when nothing would be left to tell; the very same schema when it holds no secret.
 */
export function redactSecrets(schema: JsonSchema): JsonSchema | undefined {
  return redactPart(schema, schema, [])
}

function redactPart(part: JsonSchema, root: JsonSchema, open: readonly unknown[]): JsonSchema | undefined {
  if (!holdsSecret(part, root)) return part
  // A recursive part has the secret on an outer level, where it was left out.
  if (open.includes(part.$ref)) return undefined
  const inner = typeof part.$ref === 'string' ? [...open, part.$ref] : open
  const schema = dereference(part, root)
  const { items } = schema
  if (items !== undefined) {
    const kept = redactPart(asRecord(items), root, inner)
    return kept && { ...schema, items: kept }
  }
  const properties = Object.entries(asRecord(schema.properties))
  const isSecret = (one: unknown) => dereference(one, root).format === 'password'
  const isBesideSecret = properties.some(([, one]) => isSecret(one))
  const kept = properties
    .filter(([, one]) => !(isObject(one) && typeof one.$ref === 'string' && inner.includes(one.$ref)))
    .filter(([, one]) => !isBesideSecret || dereference(one, root).type === 'object')
    .map(([name, one]): [string, JsonSchema | undefined] => [name, redactPart(asRecord(one), root, inner)])
  if (kept.length === 0 || kept.some(([, one]) => one === undefined)) return undefined
  const names = new Set(kept.map(([name]) => name))
  const required = [schema.required ?? []].flat().filter((name) => names.has(String(name)))
  return { ...schema, properties: Object.fromEntries(kept), required }
}

/** True where a secret is among the parts of a schema, those that it refers to included. */
function holdsSecret(part: unknown, root: JsonSchema): boolean {
  const own = scan(part)
  const reached = new Set(own.references)
  if (own.holdsSecret) return true
  // A set gives what is added to it while it is walked, too.
  for (const reference of reached) {
    const found = scan(readOwn(root.$defs, reference.slice('#/$defs/'.length)))
    if (found.holdsSecret) return true
    for (const one of found.references) reached.add(one)
  }
  return false
}

/** What stands in a schema itself. */
interface Scan {
  readonly holdsSecret: boolean
  readonly references: readonly string[]
}

const scans = new WeakMap<object, Scan>()

function scan(part: unknown): Scan {
  if (typeof part !== 'object' || part === null) return { holdsSecret: false, references: [] }
  const known = scans.get(part)
  if (known) return known
  const { $ref, format, $defs: _, ...others } = asRecord(part)
  const inner = Object.values(others).map(scan)
  const found = {
    holdsSecret: format === 'password' || inner.some((one) => one.holdsSecret),
    references: [
      ...new Set([
        ...(typeof $ref === 'string' ? [$ref] : []),
        ...inner.flatMap(({ references }) => references),
      ]),
    ],
  }
  scans.set(part, found)
  return found
}

/** A response as a model may see it, as a text and as what that says. */
export interface DescribedAnswer {
  readonly text: string
  readonly value: unknown
}

/** Gives of a response what a schema describes. */
export type Selection = (value: unknown) => DescribedAnswer

/**
 * Prepares the selection of what a schema describes, and nothing besides: where the upstream has moved or renamed a
 * secret, it must not be exposed under another name. What looks like a token in what is left is taken out.
 */
export function selectDescribed(schema: JsonSchema): Selection {
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

/** What a schema says nothing of, not even a type, is any value. */
function prepare(part: JsonSchema, root: JsonSchema, known = new Map<unknown, Select>()): Select {
  const { $ref } = part
  if (typeof $ref !== 'string') return prepareSchema(part, root, known)
  const before = known.get($ref)
  if (before) return before
  // Prepared when a value comes: a schema may refer to itself, and to many that no response has.
  let select: Select | undefined
  const selectLater: Select = (value) => {
    select ??= prepareSchema(dereference(part, root), root, known)
    return select(value)
  }
  known.set($ref, selectLater)
  return selectLater
}

function prepareSchema(schema: JsonSchema, root: JsonSchema, known: Map<unknown, Select>): Select {
  const choices = [schema.oneOf ?? schema.anyOf ?? []]
    .flat()
    .map((one) => prepare(asRecord(one), root, known))
  if (choices.length > 0)
    return (value) => choices.map((select) => select(value)).find((one) => one !== undefined)
  const whole = isObject(schema.allOf) || Array.isArray(schema.allOf) ? mergeAll(schema, root) : schema
  const types = listTypes(whole)
  if (types.length === 0) return (value) => value
  const { items } = whole
  const selectItem = types.includes('array') ? prepare(asRecord(items), root, known) : undefined
  const selectObject = types.includes('object') ? prepareMembers(whole, root, known) : undefined
  const isPlain = types.some((type) => type !== 'object' && type !== 'array')
  return (value) => {
    if (Array.isArray(value)) return selectItem && value.map(selectItem).filter((one) => one !== undefined)
    if (isObject(value) && !JSON.isRawJSON(value)) return selectObject?.(value)
    return isPlain ? value : undefined
  }
}

function listTypes({ type, properties, items, enum: choices }: JsonSchema): unknown[] {
  const named = [type ?? []].flat()
  if (named.length > 0) return named
  if (properties !== undefined) return ['object']
  if (items !== undefined) return ['array']
  return choices === undefined ? [] : ['string', 'number', 'boolean', 'null']
}

/** All of several schemas as one, with the members of each. */
function mergeAll(schema: JsonSchema, root: JsonSchema, open: readonly unknown[] = []): JsonSchema {
  const parts = [schema.allOf ?? []]
    .flat()
    .map(asRecord)
    .filter(({ $ref }) => $ref === undefined || !open.includes($ref))
    .map((one) => mergeAll(dereference(one, root), root, [...open, one.$ref]))
  const properties = joinMembers([...parts, schema].map((one) => asRecord(one.properties)))
  const merged = joinMembers([...parts, schema])
  return Object.keys(properties).length > 0 ? { ...merged, properties } : merged
}

/** Of equal names the last one counts. */
function joinMembers(parts: readonly JsonSchema[]): JsonSchema {
  return Object.fromEntries(parts.flatMap((one) => Object.entries(one)))
}

/** An object of which no member is described is the client's own, to be passed on as it is. */
function prepareMembers(
  { properties }: JsonSchema,
  root: JsonSchema,
  known: Map<unknown, Select>,
): (value: Readonly<Record<string, unknown>>) => object {
  if (properties === undefined) return (value) => value
  const members = new Map(
    Object.entries(asRecord(properties)).map(([name, one]) => [name, prepare(asRecord(one), root, known)]),
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

function takeBefore(end: string, value: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const taken: Record<string, unknown> = {}
  for (const name in value) {
    if (name === end) break
    taken[name] = value[name]
  }
  return taken
}
