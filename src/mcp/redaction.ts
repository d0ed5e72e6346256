import { parseExactly } from '../document/exact-numbers.ts'
import { asRecord, isObject } from '../document/json.ts'
import type { JsonSchema } from '../document/json-schema.ts'
import { redactTokens } from '../upstream/redaction.ts'

/**
 * The schema of an answer without its secrets (`format: password`) and the plain values beside them, which are about
 * the secrets. Undefined when nothing would be left to tell; the very same schema when it holds no secret.
 */
export function redactSecrets(schema: JsonSchema): JsonSchema | undefined {
  if (!holdsSecret(schema)) return schema
  const { items } = schema
  if (items !== undefined) {
    const kept = redactSecrets(asRecord(items))
    return kept && { ...schema, items: kept }
  }
  const properties = Object.entries(asRecord(schema.properties))
  const isBesideSecret = properties.some(([, one]) => asRecord(one).format === 'password')
  const kept = properties
    .filter(([, one]) => !isBesideSecret || asRecord(one).type === 'object')
    .map(([name, one]): [string, JsonSchema | undefined] => [name, redactSecrets(asRecord(one))])
  if (kept.length === 0 || kept.some(([, one]) => one === undefined)) return undefined
  const names = new Set(kept.map(([name]) => name))
  const required = [schema.required ?? []].flat().filter((name) => names.has(String(name)))
  return { ...schema, properties: Object.fromEntries(kept), required }
}

function holdsSecret(part: unknown): boolean {
  if (typeof part !== 'object' || part === null) return false
  return asRecord(part).format === 'password' || Object.values(part).some(holdsSecret)
}

/** An answer as a model may see it, as a text and as what that says. */
export interface DescribedAnswer {
  readonly text: string
  readonly value: unknown
}

/** Gives of an answer what a schema describes. */
export type Selection = (value: unknown) => DescribedAnswer

/**
 * Prepares the selection of what a schema describes, and nothing besides: where the upstream has moved or renamed a
 * secret, it must not come to light under another name. What looks like a token in what is left is taken out.
 */
export function selectDescribed(schema: JsonSchema): Selection {
  const select = prepare(schema)
  return (value) => {
    const selected = select(value) ?? {}
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

function prepare(schema: JsonSchema): Select {
  const choices = [schema.oneOf ?? schema.anyOf ?? []].flat().map((one) => prepare(asRecord(one)))
  if (choices.length > 0)
    return (value) => choices.map((select) => select(value)).find((one) => one !== undefined)
  const types = [schema.type ?? []].flat()
  const selectItem = types.includes('array') ? prepare(asRecord(schema.items)) : undefined
  const selectObject = types.includes('object') ? prepareMembers(schema) : undefined
  const isPlain = types.some((type) => type !== 'object' && type !== 'array')
  return (value) => {
    if (Array.isArray(value)) return selectItem && value.map(selectItem).filter((one) => one !== undefined)
    if (isObject(value) && !JSON.isRawJSON(value)) return selectObject?.(value)
    return isPlain ? value : undefined
  }
}

/** An object of which no member is described is the caller's own, to be handed on as it is. */
function prepareMembers({ properties }: JsonSchema): (value: Readonly<Record<string, unknown>>) => object {
  if (properties === undefined) return (value) => value
  const members = new Map(
    Object.entries(asRecord(properties)).map(([name, one]) => [name, prepare(asRecord(one))]),
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
