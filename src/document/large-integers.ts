import { isExact, isObject, listMembers } from './json.ts'

/**
 * Returns whether a text is a whole number of more digits than JavaScript always keeps, and of few enough to be written
 * without an exponent. Those of 64 bits have 20.
 */
export function isLargeInteger(text: string): boolean {
  return /^-?[1-9][0-9]{15,20}$/.test(text)
}

/** Returns whether a value is a number that a JavaScript number may not be: raw JSON, or a whole one beyond 2^53. */
export function isInexact(value: unknown): boolean {
  return typeof value === 'number' ? !isExact(value) : JSON.isRawJSON(value)
}

/** Returns whether a value is raw JSON that has no spelling but in JSON: a fraction of many digits, or 1e400. */
export function isUnwritable(value: unknown): boolean {
  return JSON.isRawJSON(value) && !isLargeInteger(JSON.stringify(value))
}

/** Which JavaScript number stands for another number. */
type Side = 'nearest' | 'below' | 'above'

/** Bounds and constants of a schema may be rounded, so that a number is compared with them as all three. */
export const sides: readonly Side[] = ['nearest', 'below', 'above']

/** Returns values with a JavaScript number in the place of each whole number beyond 2^53. */
export function replaceInexact(values: object, side: Side): Record<string, unknown> {
  return Object.fromEntries(listMembers(values).map(([name, one]) => [name, replaceValue(one, side)]))
}

function replaceValue(value: unknown, side: Side): unknown {
  if (isInexact(value)) return findNext(JSON.stringify(value), side)
  if (Array.isArray(value)) return value.map((one) => replaceValue(one, side))
  return isObject(value) ? replaceInexact(value, side) : value
}

function findNext(text: string, side: Side): number {
  const nearest = Number(text)
  if (side === 'nearest' || !isLargeInteger(text)) return nearest
  const [value, step] = [BigInt(text), Math.abs(nearest) * Number.EPSILON]
  if (side === 'below') return BigInt(nearest) < value ? nearest : nearest - step
  return BigInt(nearest) > value ? nearest : nearest + step
}
