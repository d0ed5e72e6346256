import { decodeQueryText, readText, type Spelling } from './parameter-reading.ts'
import { readMember, type ValueShape } from './value-shape.ts'

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
    const isList = member.types.has('array') && !texts[0]?.startsWith('[')
    const [first = ''] = texts
    if (isList)
      define(
        values,
        name,
        texts.map((text) => readText(text, member.items(), spelling)),
      )
    else define(values, name, texts.length > 1 ? texts : readText(first, member, spelling))
  }
  return values
}

/** Adds a member by a name that a client sends, which may be `__proto__`. */
export function define(values: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(values, name, { value, enumerable: true, configurable: true, writable: true })
}
