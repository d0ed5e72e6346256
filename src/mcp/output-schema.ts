import type { JsonSchema } from '../document/json-schema.ts'

/** Keywords whose values are schemas of the parts of an array or object. */
const dropped = new Set(['required', 'additionalProperties', 'minProperties', 'maxProperties'])

/**
 * The output schema of a tool: documents every member of the answer, yet any JSON object satisfies it. Clients
 * throw away an answer that breaks the advertised schema, and a drifted field must never cost anyone a token.
 */
export function describeOutput(schema: JsonSchema): JsonSchema {
  return { ...loosen(schema), type: 'object' }
}

function loosen(schema: JsonSchema): JsonSchema {
  const kept = Object.entries(schema).filter(([keyword]) => !dropped.has(keyword))
  return Object.fromEntries(kept.map(([keyword, value]) => [keyword, loosenKeyword(keyword, value)]))
}

function loosenKeyword(keyword: string, value: unknown): unknown {
  if (keyword === 'properties')
    return Object.fromEntries(
      Object.entries(Object(value)).map(([name, one]) => [name, offer(asSchema(one))]),
    )
  return keyword === 'items' ? offer(asSchema(value)) : value
}

/** The description stands outside of the choice, where a reader of the schema finds it. */
function offer({ description, ...schema }: JsonSchema): JsonSchema {
  const choice = { anyOf: [loosen(schema), {}] }
  return description === undefined ? choice : { description, ...choice }
}

function asSchema(value: unknown): JsonSchema {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}
