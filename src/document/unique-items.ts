import { isObject } from './json.ts'

/**
 * Returns whether no two elements are equal (JSON Schema, `uniqueItems`): numbers by value, objects whatever the order of
 * their members. Takes time proportional to the size of the elements; comparing each with each would take its square.
 */
export function areUnique(elements: readonly unknown[]): boolean {
  const texts = new Set<string>()
  const others = new Set<unknown>()
  for (const one of elements) {
    if (typeof one === 'object' && one !== null) texts.add(JSON.stringify(one, sortMembers))
    else others.add(one)
  }
  return texts.size + others.size === elements.length
}

function sortMembers(_name: string, value: unknown): unknown {
  // A member may be called __proto__, which an assignment would lose.
  return isObject(value) && !JSON.isRawJSON(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value
}
