import type { ValueShape } from './value-shape.ts'

const canonicalInteger = /^(?:0|-?[1-9][0-9]{0,15})$/
const jsonNumber = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/

/**
 * Reads the text of one value as the type its schema names, and only in the one canonical spelling: `0x10`, `1e3`,
 * `+7`, ` 12`, `007` and numbers beyond 2^53 stay text, which the schema then refuses. Upstreams that read such texts
 * loosely would act on another person's record.
 */
export function readText(text: string, { types }: ValueShape): unknown {
  if (types.size === 0) return text
  if (types.has('integer') && canonicalInteger.test(text) && Number.isSafeInteger(Number(text)))
    return Number(text)
  if (types.has('number') && jsonNumber.test(text) && isExact(Number(text))) return Number(text)
  if (types.has('boolean') && (text === 'true' || text === 'false')) return text === 'true'
  if (text === '' && types.has('null') && !types.has('string')) return null
  if ((types.has('object') && text.startsWith('{')) || (types.has('array') && text.startsWith('[')))
    return readJsonText(text)
  return text
}

/** An integer beyond 2^53 may not be the one that was meant. */
function isExact(value: number): boolean {
  return Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value))
}

/** Reads a text as JSON (`content` parameters, values within values); text that is none stays, to be refused. */
export function readJsonText(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** Writes one value as `readText` reads it; what has no text of its own as JSON. */
export function writeText(value: unknown): string {
  if (value === null) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
