import { isObject } from './json.ts'

/**
 * Returns whether no two elements are equal (JSON Schema, `uniqueItems`): numbers by value, objects whatever the order of
 * their members. Takes time proportional to the size of the elements; comparing each with each would take its square.
 * An element with a number beyond 2^53 is like no other: the number may have been written with other digits.
 */
export function areUnique(elements: readonly unknown[]): boolean {
  const texts = new Set<string>()
  const others = new Set<unknown>()
  let inexact = 0
  let isInexact = false
  const visit = (_name: string, value: unknown) => {
    isInexact ||= mayDiffer(value)
    return sortMembers(value)
  }
  for (const one of elements) {
    isInexact = mayDiffer(one)
    const text = typeof one === 'object' && one !== null ? JSON.stringify(one, visit) : undefined
    if (isInexact) inexact += 1
    else if (text === undefined) others.add(one)
    else texts.add(text)
  }
  return texts.size + others.size + inexact === elements.length
}

/**
 * Returns whether two values are equal as JSON (JSON Schema 2020-12, §4.2.2), whatever their members are called. Goes no
 * deeper than the first. A raw JSON value is a number that no JavaScript number equals.
 */
export function areEqual(value: unknown, other: unknown): boolean {
  if (value === other) return true
  if (Array.isArray(value))
    return (
      Array.isArray(other) &&
      value.length === other.length &&
      value.every((one, index) => areEqual(one, other[index]))
    )
  if (!isObject(value) || !isObject(other)) return false
  const names = Object.keys(value)
  return (
    names.length === Object.keys(other).length &&
    names.every((name) => Object.hasOwn(other, name) && areEqual(value[name], other[name]))
  )
}

/** Returns whether a value is a number that may have lost digits when its text was parsed. */
function mayDiffer(value: unknown): boolean {
  return typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER
}

/** Returns a value with its members sorted, where it is an object. */
export function sortMembers(value: unknown): unknown {
  // A member may be called __proto__, which an assignment would lose.
  return isObject(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value
}
