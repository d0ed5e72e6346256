import { asRecord, readOwn } from '../document/json.ts'
import { dereference, type JsonSchema, listChoices, mergeAll } from '../document/json-schema.ts'
import {
  holdsPassword,
  listElementSchemas,
  listInPlace,
  listMemberSchemas,
  scanSchema,
} from '../document/passwords.ts'

/**
 * Returns the schema of a response without its secrets (`format: password`) and the plain values beside them, which are
 * about the secrets. Undefined when nothing would be left to tell; the very same schema when it holds no secret.
 */
export function omitSecrets(root: JsonSchema): JsonSchema | undefined {
  let parts = 0
  return redactPart(root, { root, open: [], others: [], isLarge: () => ++parts > mostParts })
}

/** Parts that are redacted at most, of schemas that refer to each other; nothing is told of those beyond. */
const mostParts = 2_000

/** Where a part of a schema stands. */
interface Place {
  readonly root: JsonSchema
  /** The references that lead to it. */
  readonly open: readonly unknown[]
  /** What a value of it may be instead: a secret of one alternative must not be shown by another. */
  readonly others: readonly unknown[]
  readonly isLarge: () => boolean
}

function redactPart(part: JsonSchema, place: Place): JsonSchema | undefined {
  const { root, open, others } = place
  if (![part, ...others].some((one) => holdsPassword(one, root))) return part
  const joined = [part.allOf ?? []].flat()
  const references = [part, ...joined].map((one) => readOwn(one, '$ref')).filter(Boolean)
  // A recursive part has the secret on an outer level, where it was left out.
  if (references.some((one) => open.includes(one)) || place.isLarge()) return undefined
  const { allOf: _, oneOf, anyOf, ...whole } = mergeAll(dereference(part, root), root)
  const { type, properties, items, required, ...schema } = whole
  const all = [part, ...others].flatMap((one) => listAll(one, root))
  const choices: readonly unknown[] = [oneOf ?? [], anyOf ?? []].flat()
  if (choices.length === 0 && isPlain(whole)) return all.some(isSecret) ? undefined : part
  const inner = { ...place, open: [...open, ...references] }
  const alternatives = choices
    .map((one) => redactPart(asRecord(one), { ...inner, others: all }))
    .filter((one) => one !== undefined)
  // Only whether there is a secret would be told.
  const told = alternatives.every((one) => one.type === 'null') ? [] : alternatives
  const elements = all.flatMap(listElementSchemas)
  const keptItems = items === undefined ? items : redactPart(asRecord(items), { ...inner, others: elements })
  const kept = redactMembers(asRecord(properties), inner, all)
  const names = Object.keys(kept ?? {})
  const isEmpty = names.length === 0 && told.length === 0 && !keptItems
  if (!kept || isEmpty || (items !== undefined && !keptItems)) return undefined
  const types = [type ?? []].flat().filter((one) => {
    if (one === 'object') return names.length > 0
    return one !== 'array' || keptItems !== undefined
  })
  return {
    ...schema,
    ...(types.length > 0 && { type: types.length > 1 ? types : types[0] }),
    ...(told.length > 0 && { oneOf: told }),
    ...(keptItems && { items: keptItems }),
    ...(names.length > 0 && {
      properties: kept,
      required: [required ?? []].flat().filter((name) => names.includes(String(name))),
    }),
  }
}

/** Undefined where nothing would be left of a member that is an object or a list. */
function redactMembers(
  properties: JsonSchema,
  place: Place,
  all: readonly JsonSchema[],
): JsonSchema | undefined {
  const { root, open } = place
  const isHidden = (one: unknown) => listAll(one, root).some(isSecret)
  const members = Object.entries(properties)
  const isBesideSecret = members.some(([, one]) => isHidden(one))
  const kept = members.flatMap(([name, one]): [string, JsonSchema | undefined][] => {
    const others = all.flatMap((other) => listMemberSchemas(other, name))
    const isRecursive =
      readOwn(one, 'properties') === undefined &&
      scanSchema(one).references.some((reference) => open.includes(reference))
    if (isRecursive || others.some(isHidden)) return []
    const { type } = mergeAll(dereference(one, root), root)
    if (isBesideSecret && type !== 'object') return []
    return [[name, redactPart(asRecord(one), { ...place, others })]]
  })
  return kept.some(([, one]) => one === undefined) ? undefined : Object.fromEntries(kept)
}

/** Lists a schema and all that describes the same value: what it is joined of, chooses from or has conditions for. */
function listAll(part: unknown, root: JsonSchema): JsonSchema[] {
  const schema = dereference(part, root)
  return [schema, ...listChoices(schema, root, listInPlace)]
}

function isSecret({ format }: JsonSchema): boolean {
  return format === 'password'
}

/** Returns whether a value has neither members nor elements. */
function isPlain({ type, properties, items, enum: values }: JsonSchema): boolean {
  const types = [type ?? []].flat()
  if (types.length > 0) return types.every((one) => one !== 'object' && one !== 'array')
  return values !== undefined && properties === undefined && items === undefined
}
