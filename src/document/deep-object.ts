import type { Pair } from './form.ts'
import { decodeQueryText, readText } from './parameter-reading.ts'
import { readMember, type ValueShape } from './value-shape.ts'

/** Brackets of a name at most: as many levels as JSON may nest, and a deeper value would exhaust the stack. */
const mostBrackets = 512

/** Returns whether a name nests deeper than any value is read. */
export function nestsTooDeep(name: string): boolean {
  return name.length > mostBrackets && name.split('[').length > mostBrackets + 1
}

/**
 * Reads the pairs of a parameter of style deepObject: `a[b]=1`, and what OpenAPI leaves open, `a[b][c]=2`,
 * `a[d][0]=3` and `a[d][]=3`. Adds the names of lists whose indices do not say one order to `misnumbered`.
 */
export function readDeepObject(
  name: string,
  pairs: readonly Pair[],
  shape: ValueShape,
  misnumbered: Set<string>,
): unknown {
  const tree = new DeepValue()
  for (const [key, raw] of pairs) {
    const path = key === name ? [] : key.slice(name.length + 1, -1).split('][')
    tree.put(path, decodeQueryText(raw))
  }
  return tree.read(shape, name, misnumbered)
}

/** A value that is put together from pairs. */
class DeepValue {
  readonly #texts: string[] = []
  readonly #members = new Map<string, DeepValue>()

  put(path: readonly string[], text: string): void {
    let here: DeepValue = this
    for (const name of path) {
      const member = here.#members.get(name) ?? new DeepValue()
      here.#members.set(name, member)
      here = member
    }
    here.#texts.push(text)
  }

  read(shape: ValueShape, place: string, misnumbered: Set<string>): unknown {
    const { types } = shape
    const [text = ''] = this.#texts
    const names = [...this.#members.keys()]
    if (names.length === 0 && this.#texts.length < 2 && !types.has('array')) return readText(text, shape)
    const isNumbered = this.#isNumbered()
    // Of a value without a type, what is not numbered as a list is an object.
    const mayBeList = types.has('array') || (!types.has('object') && isNumbered)
    if (mayBeList && names.every((name) => /^\d*$/.test(name))) {
      if (!isNumbered) misnumbered.add(place)
      const own = this.#texts.map((one) => readText(one, shape.items()))
      const members = [...this.#members].sort(([one], [other]) => Number(one) - Number(other))
      const read = ([name, one]: [string, DeepValue]) =>
        one.#readElements(shape.items(), `${place}[${name}]`, misnumbered)
      return [...own, ...members.flatMap(read)]
    }
    // A text beside members is neither; as a list the schema refuses it.
    if (this.#texts.length > 0) return this.#texts
    const members = [...this.#members].map(([name, one]) => [
      name,
      one.read(readMember(shape, name), `${place}[${name}]`, misnumbered),
    ])
    return Object.fromEntries(members)
  }

  /** True for a list without indices, and for one with each index from 0 on once: a gap would become another index. */
  #isNumbered(): boolean {
    const numbered = [...this.#members].filter(([name]) => name !== '')
    if (numbered.length === 0) return true
    const indices = new Set(numbered.map(([name]) => name))
    const isMixed = this.#texts.length > 0 || numbered.length < this.#members.size
    return !isMixed && numbered.every(([, one], index) => indices.has(String(index)) && one.#texts.length < 2)
  }

  /** `a[]=1&a[]=2` are two elements under one name. */
  #readElements(shape: ValueShape, place: string, misnumbered: Set<string>): unknown[] {
    if (this.#members.size > 0) return [this.read(shape, place, misnumbered)]
    return this.#texts.map((text) => readText(text, shape))
  }
}
