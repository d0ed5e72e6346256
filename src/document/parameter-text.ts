import { asRecord } from './json.ts'
import type { JsonSchema } from './json-schema.ts'

const canonicalInteger = /^(?:0|-?[1-9][0-9]{0,15})$/
const jsonNumber = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/

/**
 * Reads the text of a path, query or header parameter as the type its schema names, and only in the one
 * canonical spelling: `0x10`, `1e3`, `+7`, ` 12`, `007` and numbers beyond 2^53 stay text, which the schema
 * then refuses. Upstreams that read such texts loosely would act on another person's record.
 */
export function readText(text: string, schema: JsonSchema): unknown {
  switch (schema.type) {
    case 'integer': {
      const value = Number(text)
      return canonicalInteger.test(text) && Number.isSafeInteger(value) ? value : text
    }
    case 'number':
      return jsonNumber.test(text) && Number.isFinite(Number(text)) ? Number(text) : text
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : text
    case 'array':
      return text.split(',').map((element) => readText(element, asRecord(schema.items)))
    default:
      return text
  }
}
