import { isDeepStrictEqual } from 'node:util'
import { asRecord, isObject } from '../src/document/json.ts'
import { isList, showValue } from './values.ts'

/** One member that is not what it should be. */
export interface Difference {
  readonly place: string
  readonly message: string
}

/** Differences that are shown of one value. */
const most = 5

/** Lists the members in which two values differ, at most five, each by its place. */
export function listDifferences(place: string, actual: unknown, expected: unknown): Difference[] {
  const found = [...compare(place, actual, expected)]
  const more = found.length - most
  if (more <= 0) return found
  return [...found.slice(0, most), { place, message: `${more} more members differ` }]
}

function* compare(place: string, actual: unknown, expected: unknown): Generator<Difference> {
  if (isDeepStrictEqual(actual, expected)) return
  if (isObject(actual) && isObject(expected)) {
    const [one, other] = [asRecord(actual), asRecord(expected)]
    const names = new Set([...Object.keys(other), ...Object.keys(one)])
    for (const name of names) yield* compare(place ? `${place}.${name}` : name, one[name], other[name])
    return
  }
  if (isList(actual) && isList(expected) && actual.length === expected.length) {
    for (const [index, one] of expected.entries()) yield* compare(`${place}[${index}]`, actual[index], one)
    return
  }
  yield { place, message: `expected ${showValue(expected)}, got ${showValue(actual)}` }
}
