import { asText, isObject, listMembers, readOwn } from './json.ts'
import { splitFragment } from './json-pointer.ts'
import { type JsonSchema, listBeside, listReached } from './json-schema.ts'

/** Finds what a reference leads to; undefined where it leads nowhere. */
type Follow = (reference: string) => unknown

/** A schema that a discriminator chooses, by the values that name it. */
interface Choice {
  readonly target: JsonSchema
  readonly names: readonly string[]
}

/**
 * Adds to converted choices which values of the discriminator name them (OpenAPI, Discriminator Object): schemas that are
 * open all fit the same value, and exactly one of them may. A mapping of all choices names every value. Without one the
 * values are the names of schemas, which many APIs do not send: there a choice only gives up the values that name another.
 * A choice that has no name, or other values of its own, stays as it is, and its name is none.
 */
export function discriminate(
  converted: readonly JsonSchema[] | undefined,
  choices: unknown,
  { discriminator }: JsonSchema,
  follow: Follow,
): readonly JsonSchema[] | undefined {
  if (!isObject(discriminator) || !converted || !Array.isArray(choices)) return converted
  const { propertyName, mapping } = discriminator
  if (typeof propertyName !== 'string') return converted
  const mapped = listMembers(mapping).map(([name, to]) => ({ name, target: follow(readMapped(to)) }))
  const named = choices.map((one) => {
    const choice = readChoice(one, mapped, follow)
    return choice && mayHave(choice, propertyName, follow) ? choice : undefined
  })
  const targets = named.map((one) => one?.target)
  const isWhole = (known: readonly unknown[], all: readonly unknown[]) =>
    all.every((one) => one !== undefined && known.includes(one))
  const mappedTargets = mapped.map(({ target }) => target)
  const isComplete = isWhole(mappedTargets, targets) && isWhole(targets, mappedTargets)
  const all = named.flatMap((one) => one?.names ?? [])
  return converted.map((schema, index): JsonSchema => {
    const choice = named[index]
    if (!choice) return schema
    const others = all.filter((name) => !choice.names.includes(name))
    if (!isComplete && others.length === 0) return schema
    const { names } = choice
    const value = isComplete ? { type: 'string', enum: names } : { not: { enum: others }, examples: names }
    const title = asText(choice.target.title) || readName(readOwn(choices[index], '$ref'))
    const having = (one: JsonSchema) => ({ properties: { [propertyName]: one } })
    // All members of a schema that names none are its own; with one named, the others would be none.
    const isOpen = listJoined(choice.target, follow).every(({ properties }) => properties === undefined)
    const rule = isOpen ? { not: { required: [propertyName], ...having({ not: value }) } } : having(value)
    return { ...(title && { title }), ...rule, allOf: [schema] }
  })
}

/** Returns the reference of a mapping, which may name a schema by its name alone; empty where it is none. */
export function readMapped(to: unknown): string {
  const text = asText(to)
  return /^[\w.-]+$/.test(text) ? `#/components/schemas/${text}` : text
}

/** Returns the name of the schema that a reference leads to, which is its value where no mapping names it. */
export function readName(reference: unknown): string | undefined {
  const [place, group, name, ...more] = splitFragment(asText(reference))
  return place === 'components' && group === 'schemas' && more.length === 0 ? name : undefined
}

function readChoice(
  choice: unknown,
  mapped: readonly { readonly name: string; readonly target: unknown }[],
  follow: Follow,
): Choice | undefined {
  const reference = asText(readOwn(choice, '$ref'))
  const target = follow(reference)
  if (!isObject(target)) return undefined
  const explicit = mapped.filter((one) => one.target === target).map(({ name }) => name)
  const implicit = readName(reference)
  const names = explicit.length > 0 || implicit === undefined ? explicit : [implicit]
  return names.length === 0 ? undefined : { target, names }
}

/** Returns whether a schema lets its discriminator have one of the values that name it: its own values are right. */
function mayHave({ target, names }: Choice, property: string, follow: Follow): boolean {
  const members = listJoined(target, follow).flatMap(({ properties }) => readOwn(properties, property) ?? [])
  const parts = members.flatMap((one) => listJoined(one, follow))
  return parts.every(({ type, enum: values, const: only }) => {
    const allowed = only === undefined ? values : [only]
    if (Array.isArray(allowed) && !names.some((name) => allowed.includes(name))) return false
    return type === undefined || [type].flat().includes('string')
  })
}

/** Lists a schema and those that hold beside it, each once. */
function listJoined(schema: unknown, follow: Follow): JsonSchema[] {
  return [...listReached([schema].filter(isObject), (one) => listBeside(one, follow))]
}
