import { asRecord, isObject } from '../document/json.ts'
import { dereference, isSecret, type JsonSchema, listChoices, mergeAll } from '../document/json-schema.ts'
import { onceFor } from '../document/once.ts'
import type { Operation } from '../document/operations.ts'
import { holdsPassword, listElementSchemas, listMemberSchemas } from '../document/passwords.ts'
import { listInPlace } from '../document/value-shape.ts'

/**
 * Returns the schema of a response without its secrets (`format: password`, `x-secret`) and without what has nothing
 * but secrets. Undefined when nothing would be left to tell; the very same schema when it holds no secret.
 */
export const omitSecrets = onceFor((root: JsonSchema): JsonSchema | undefined => {
  let parts = 0
  return redactPart(root, { root, open: [], others: [], isLarge: () => ++parts > mostParts })
})

/**
 * Lists the operations that are no tools where secrets are redacted, since nothing would be left to tell of their
 * responses. Those whose whole response the document marks with `x-secret` are meant to be none, and are not listed.
 */
export function listSecretTools(operations: readonly Operation[]): Operation[] {
  return operations.filter(({ tool, success: { schema } }) => {
    if (!tool || omitSecrets(schema)) return false
    return mergeAll(dereference(schema, schema), schema).whole['x-secret'] !== true
  })
}

/** Parts that are redacted at most, of schemas that refer to each other; nothing is told of those beyond. */
const mostParts = 2_000

/** Where a part of a schema stands. */
interface Place {
  readonly root: JsonSchema
  /** The references, and the schemas of members of any name, that lead to it. */
  readonly open: readonly unknown[]
  /** What a value of it may be instead: a secret of one alternative must not be shown by another. */
  readonly others: readonly unknown[]
  readonly isLarge: () => boolean
}

function redactPart(part: JsonSchema, place: Place): JsonSchema | undefined {
  const { root, open, others } = place
  if (![part, ...others].some((one) => holdsPassword(one, root))) return part
  const references = listReferences(part)
  // A recursive part has the secret on an outer level, where it was left out.
  if (references.some((one) => open.includes(one)) || place.isLarge()) return undefined
  const { whole, choices } = mergeAll(dereference(part, root), root)
  const all = [part, ...others].flatMap((one) => listAll(one, root))
  const isPlainValue = choices.length === 0 && isPlain(whole)
  if (all.some((one) => isSecret(one) && (isPlainValue || one['x-secret'] === true))) return undefined
  if (isPlainValue) return part
  const inner = { ...place, open: [...open, ...references] }
  const beside = { ...inner, others: unique([part, ...others]) }
  const told = choices
    .map((all) => all.map((one) => redactPart(asRecord(one), beside)).filter((one) => one !== undefined))
    // Only whether there is a secret would be told.
    .filter((all) => !all.every((one) => one.type === 'null'))
  const { type = ['object', 'array'], ...schema } = omitParts(whole)
  const possible: readonly unknown[] = [type].flat()
  // What another alternative tells of members or elements says nothing of a part that has none.
  const kept = {
    object: possible.includes('object')
      ? (redactMembers(whole, inner, all) ?? redactAnyMember(whole, inner, all))
      : undefined,
    array: possible.includes('array') ? redactElements(whole, inner, all) : undefined,
  }
  if (!kept.object && !kept.array && told.length === 0) return undefined
  const mayBeSecret = all.some(isSecret)
  const types = possible.filter((one) => {
    if (one === 'object' || one === 'array') return kept[one] !== undefined
    return one === 'null' || !mayBeSecret
  })
  return {
    ...schema,
    ...(types.length > 0 && { type: types.length > 1 ? types : types[0] }),
    ...(told.length === 1 && { oneOf: told[0] }),
    ...(told.length > 1 && { allOf: told.map((oneOf) => ({ oneOf })) }),
    ...kept.array,
    ...kept.object,
  }
}

/** Lists the references of a schema and of what it is joined of. */
function listReferences(part: unknown): string[] {
  const { $ref, allOf = [] } = asRecord(part)
  return [...(typeof $ref === 'string' ? [$ref] : []), ...[allOf].flat().flatMap(listReferences)]
}

/** Leaves out what describes parts of a value, of which only what is redacted may be told. */
function omitParts(schema: JsonSchema): JsonSchema {
  const { properties, required, items, prefixItems, ...beside } = schema
  const { additionalProperties, unevaluatedProperties, patternProperties, ...rest } = beside
  return rest
}

/** Undefined where no member that has a name would be left. */
function redactMembers(
  { properties, required }: JsonSchema,
  place: Place,
  all: readonly JsonSchema[],
): JsonSchema | undefined {
  const isHidden = (one: unknown) => listAll(one, place.root).some(isSecret)
  const kept = Object.entries(asRecord(properties)).flatMap(([name, one]) => {
    const others = unique(all.flatMap((other) => listMemberSchemas(other, name)))
    const member = others.some(isHidden) ? undefined : redactPart(asRecord(one), { ...place, others })
    return member ? [[name, member] as const] : []
  })
  if (kept.length === 0) return undefined
  const members = Object.fromEntries(kept)
  return {
    properties: members,
    required: [required ?? []].flat().filter((name) => Object.hasOwn(members, String(name))),
  }
}

/** Redacts the members of a map; where some have a name in the description, the others are not meant to be seen. */
function redactAnyMember(
  whole: JsonSchema,
  place: Place,
  all: readonly JsonSchema[],
): JsonSchema | undefined {
  if (all.some(({ properties }) => properties !== undefined)) return undefined
  const others = unique(all.flatMap(listAnyMemberSchemas))
  if (others.every((one) => place.open.includes(one))) return undefined
  const open = [...place.open, ...others]
  const own = listAnyMemberSchemas(whole)
  const member = redactPart({ anyOf: own.length > 0 ? own : others }, { ...place, others, open })
  return member && { additionalProperties: member }
}

function listAnyMemberSchemas(schema: JsonSchema): unknown[] {
  const { additionalProperties, unevaluatedProperties, patternProperties } = schema
  const named = Object.values(asRecord(patternProperties))
  return [additionalProperties, unevaluatedProperties, ...named].filter(isObject)
}

/** Undefined where no element would be left; in a tuple every element that is left out keeps its place. */
function redactElements(
  { items, prefixItems }: JsonSchema,
  place: Place,
  all: readonly JsonSchema[],
): JsonSchema | undefined {
  const places: readonly unknown[] = [prefixItems ?? []].flat()
  const first = places.map((one, index) => {
    const others = unique(all.flatMap((other) => listElementSchemas(other, index)))
    return redactPart(asRecord(one), { ...place, others })
  })
  const others = unique(all.flatMap((one) => listElementSchemas(one)))
  const rest = items === undefined ? undefined : redactPart(asRecord(items), { ...place, others })
  if (!rest && first.every((one) => one === undefined)) return undefined
  return {
    ...(places.length > 0 && { prefixItems: first.map((one) => one ?? nothing) }),
    ...(rest && { items: rest }),
  }
}

/** Describes a value of which nothing is told. */
const nothing: JsonSchema = { type: 'object', properties: {} }

/** The same part of a schema is reached in many ways, and each would be looked at again. */
function unique(parts: readonly unknown[]): unknown[] {
  return [...new Set(parts)]
}

/** Lists a schema and all that describes the same value: what it is joined of, chooses from or has conditions for. */
function listAll(part: unknown, root: JsonSchema): JsonSchema[] {
  const schema = dereference(part, root)
  return [schema, ...listChoices(schema, root, listInPlace)]
}

/** Returns whether a value has neither members nor elements. */
function isPlain({ type, properties, items, enum: values }: JsonSchema): boolean {
  const types = [type ?? []].flat()
  if (types.length > 0) return types.every((one) => one !== 'object' && one !== 'array')
  return values !== undefined && properties === undefined && items === undefined
}
