import type { Direction } from '../document/schema-reader.ts'
import { mappingKeyword, wholeKeywords } from './comparable-schemas.ts'

/** A difference as Redocly lists it: of one member, or of a part that was added, removed or renamed. */
export interface Difference {
  readonly kind: unknown
  /** Where the part stands in its operation, or in the document. */
  readonly names: readonly string[]
  readonly property: unknown
  readonly from: unknown
  readonly to: unknown
}

/** What a difference does to the values that a schema allows. */
type Effect = 'narrows' | 'widens' | 'differs'

/** Extensions that clients count on: without them a call is sent twice, or refused. */
const assurances = new Set(['x-idempotency-key', 'x-single-use', 'x-redeliver', 'x-pin'])

/** Keywords with an entry for each name or pattern, which narrows the schema. */
const maps = new Set(['patternProperties', 'dependentSchemas'])

/** Returns whether a difference breaks callers by what no rule of Redocly's is about. */
export function breaksCallers(difference: Difference): boolean {
  const { names, property, to } = difference
  if (names.includes('securitySchemes')) return property === 'x-configured-only' && to === true
  if (assurances.has(String(property))) return to === undefined || to === false
  if (names[0] === 'callbacks') return false
  const direction: Direction = names[0] === 'responses' ? 'response' : 'request'
  if (hidesFromTools(difference)) return direction === 'response'
  const effect = findEffect(difference)
  return effect === 'differs' || effect === (direction === 'request' ? 'narrows' : 'widens')
}

/** Returns whether a difference makes a secret of a value, which tools can be kept from showing. */
export function hidesFromTools({ property, to }: Difference): boolean {
  return property === 'x-secret' ? to === true : property === 'format' && to === 'password'
}

function findEffect({ kind, names, property, from, to }: Difference): Effect | undefined {
  const [last = '', before = '', holder = ''] = names.toReversed()
  const isEntry = maps.has(before) && holder !== 'properties'
  if (property === 'key') return isEntry ? 'differs' : undefined
  if (property === undefined) {
    if (!isEntry && !(maps.has(last) && before !== 'properties')) return undefined
    return kind === 'added' ? 'narrows' : 'widens'
  }
  if (last === 'dependentRequired') return compareLists(from, to, 'narrows')
  if (property === mappingKeyword) return from && to ? compareLists(from, to, 'widens') : 'differs'
  if (property === 'minContains') return Number(to ?? 1) > Number(from ?? 1) ? 'narrows' : 'widens'
  if (property === 'maxContains')
    return Number(to ?? Infinity) < Number(from ?? Infinity) ? 'narrows' : 'widens'
  if (property === 'nullable') return to === true ? 'widens' : 'narrows'
  if (property === 'writeOnly') return to === true ? 'widens' : undefined
  if (property !== 'discriminator' && !wholeKeywords.has(String(property))) return undefined
  return from === undefined ? 'narrows' : to === undefined ? 'widens' : 'differs'
}

function compareLists(from: unknown, to: unknown, gain: Effect): Effect | undefined {
  const [old, next] = [[from ?? []].flat(), [to ?? []].flat()]
  const isGained = next.some((one) => !old.includes(one))
  const isLost = old.some((one) => !next.includes(one))
  if (isGained && isLost) return 'differs'
  return isGained ? gain : isLost ? (gain === 'narrows' ? 'widens' : 'narrows') : undefined
}
