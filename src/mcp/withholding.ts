import { asRecord } from '../contract/json.ts'
import type { JsonSchema } from '../contract/schema.ts'
import { redactTokens } from '../upstream/redaction.ts'

/**
 * The schema of an answer without its secrets (`format: password`) and the plain values beside them, which are about
 * the secrets. Undefined when nothing would be left to tell; the very same schema when it holds no secret.
 */
export function withholdSecrets(schema: JsonSchema): JsonSchema | undefined {
  if (!holdsSecret(schema)) return schema
  const { items } = schema
  if (items !== undefined) {
    const kept = withholdSecrets(asRecord(items))
    return kept && { ...schema, items: kept }
  }
  const properties = Object.entries(asRecord(schema.properties))
  const isBesideSecret = properties.some(([, one]) => asRecord(one).format === 'password')
  const kept = properties
    .filter(([, one]) => !isBesideSecret || asRecord(one).type === 'object')
    .map(([name, one]): [string, JsonSchema | undefined] => [name, withholdSecrets(asRecord(one))])
  if (kept.length === 0 || kept.some(([, one]) => one === undefined)) return undefined
  const names = new Set(kept.map(([name]) => name))
  const required = [schema.required ?? []].flat().filter((name) => names.has(String(name)))
  return { ...schema, properties: Object.fromEntries(kept), required }
}

function holdsSecret(part: unknown): boolean {
  if (typeof part !== 'object' || part === null) return false
  return asRecord(part).format === 'password' || Object.values(part).some(holdsSecret)
}

/**
 * What of an answer a schema describes, and nothing besides: where the upstream has moved or renamed a secret, it
 * must not come to light under another name. What looks like a token in what is left is taken out.
 */
export function selectDescribed(schema: JsonSchema, value: unknown): unknown {
  return JSON.parse(redactTokens(JSON.stringify(select(schema, value) ?? {})))
}

function select(schema: JsonSchema, value: unknown): unknown {
  const choices = [schema.oneOf ?? schema.anyOf ?? []].flat()
  if (choices.length > 0)
    return choices.map((one) => select(asRecord(one), value)).find((one) => one !== undefined)
  const types = [schema.type ?? []].flat()
  if (Array.isArray(value))
    return types.includes('array')
      ? value.map((one) => select(asRecord(schema.items), one)).filter((one) => one !== undefined)
      : undefined
  if (typeof value === 'object' && value !== null)
    return types.includes('object') ? selectMembers(schema, value) : undefined
  return types.some((type) => type !== 'object' && type !== 'array') ? value : undefined
}

/** An object of which no member is described is the caller's own, to be handed on as it is. */
function selectMembers({ properties }: JsonSchema, value: object): object {
  if (properties === undefined) return value
  const described = asRecord(properties)
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => described[name] !== undefined)
      .map(([name, member]) => [name, select(asRecord(described[name]), member)]),
  )
}
