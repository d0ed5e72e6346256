import { decodeQueryText, readText, type Spelling } from './parameter-reading.ts'
import { readMember, readShape, type ValueShape } from './value-shape.ts'

/** A pair of a form or query: the name decoded, the value as it came. */
export type Pair = readonly [name: string, raw: string]

/** Splits a form or query into its pairs. */
export function listPairs(raw: string): Pair[] {
  return raw
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const mark = pair.indexOf('=')
      return mark < 0
        ? [decodeQueryText(pair), '']
        : [decodeQueryText(pair.slice(0, mark)), pair.slice(mark + 1)]
    })
}

/** Reads what a form says (`application/x-www-form-urlencoded`): names that stand more than once are lists. */
export function readForm(
  pairs: readonly Pair[],
  shape: ValueShape,
  spelling?: Spelling,
): Record<string, unknown> {
  const values: Record<string, unknown> = {}
  for (const [name, group] of Map.groupBy(pairs, ([one]) => one)) {
    const member = readMember(shape, name)
    const texts = group.map(([, raw]) => decodeQueryText(raw))
    const [first = ''] = texts
    if (member.types.has('array')) define(values, name, readList(texts, member.items(), spelling))
    else define(values, name, texts.length > 1 ? texts : readText(first, member, spelling))
  }
  return values
}

const anyList: ValueShape = readShape({ type: 'array' })

/**
 * Reads a list. One text alone may be all of it in JSON; `[draft]` is none, but an element. Where the text goes upstream
 * as it came, it is the one element that the API reads, unless no element can be such a text.
 */
function readList(texts: readonly string[], items: ValueShape, spelling?: Spelling): unknown[] {
  const mayBeWhole = texts.length === 1 && (spelling !== 'kept' || isObjectOnly(items))
  const whole = mayBeWhole ? readText(texts[0] ?? '', anyList) : undefined
  if (Array.isArray(whole) && whole.every((one) => mayBe(one, items))) return whole
  return texts.map((text) => readText(text, items, spelling))
}

function isObjectOnly({ types }: ValueShape): boolean {
  return types.size === 1 && types.has('object')
}

/** Returns whether a value is of a type that a shape allows. */
function mayBe(value: unknown, { types }: ValueShape): boolean {
  if (types.size === 0) return true
  if (value === null || Array.isArray(value)) return types.has(value === null ? 'null' : 'array')
  const isRaw = JSON.isRawJSON(value)
  if ((isRaw || Number.isInteger(value)) && types.has('integer')) return true
  if (isRaw) return types.has('number')
  return types.has(typeof value)
}

/** Adds a member by a name that a client sends, which may be `__proto__`. */
export function define(values: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(values, name, { value, enumerable: true, configurable: true, writable: true })
}
