/** Finds the known name that is the fewest changed letters away, where they are few for its length. */
export function findNearest(name: string, known: readonly string[]): string | undefined {
  const close = known
    .filter((one) => Math.abs(one.length - name.length) <= mostChanges(one))
    .map((one) => ({ one, changes: countChanges(name, one) }))
    .filter(({ one, changes }) => changes <= mostChanges(one))
    .sort((a, b) => a.changes - b.changes)
  return close[0]?.one
}

/** Short names that are two letters apart are two names. */
function mostChanges(name: string): number {
  if (name.length < 6) return 0
  return name.length < 12 ? 1 : 2
}

/**
 * Counts the letters to insert, delete, replace or swap with the next to make one text of another (Damerau,
 * Levenshtein).
 */
function countChanges(from: string, to: string): number {
  let before: number[] = []
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let i = 1; i <= from.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= to.length; j += 1) {
      const cost = from[i - 1] === to[j - 1] ? 0 : 1
      const swapped =
        from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1] ? (before[j - 2] ?? Infinity) + 1 : Infinity
      const least = Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + cost, swapped)
      next.push(least)
    }
    before = row
    row = next
  }
  return row[to.length] ?? 0
}
