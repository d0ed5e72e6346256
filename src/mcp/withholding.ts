import { asRecord } from '../contract/json.ts'
import type { JsonSchema } from '../contract/schema.ts'
import { redactTokens } from '../upstream/redaction.ts'

/**
 * The schema of an answer without its secrets (`format: password`) and the plain values beside them, which are about
 * the secrets. Undefined when nothing would be left to tell; the very same schema when it holds no secret.
 */
export function withholdSecrets(schema: JsonSchema): JsonSchema | undefined {
  const properties = Object.entries(asRecord(schema.properties))
  if (properties.length === 0) return schema
  const holdsSecret = properties.some(([, one]) => asRecord(one).format === 'password')
  const kept = properties
    .filter(([, one]) => !holdsSecret || asRecord(one).type === 'object')
    .map(([name, one]): [string, JsonSchema | undefined] => [name, withholdSecrets(asRecord(one))])
  if (kept.length === 0 || kept.some(([, one]) => one === undefined)) return undefined
  if (!holdsSecret && kept.every(([name, one]) => one === asRecord(schema.properties)[name])) return schema
  const names = new Set(kept.map(([name]) => name))
  const required = [schema.required ?? []].flat().filter((name) => names.has(String(name)))
  return { ...schema, properties: Object.fromEntries(kept), required }
}

/**
 * What of an answer a schema describes, and nothing besides: where the upstream has moved or renamed a secret, it
 * must not come to light under another name. What looks like a token in what is left is taken out.
 */
export function selectDescribed(schema: JsonSchema, value: unknown): unknown {
  return JSON.parse(redactTokens(JSON.stringify(select(schema, value) ?? {})))
}

function select(schema: JsonSchema, value: unknown): unknown {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  if (schema.type !== 'object') return typeof value === 'object' && value !== null ? undefined : value
  if (!isObject) return undefined
  if (schema.properties === undefined) return value
  return Object.fromEntries(
    Object.entries(asRecord(schema.properties)).map(([name, one]) => [
      name,
      select(asRecord(one), asRecord(value)[name]),
    ]),
  )
}
