/** Summary of repeated measurements: the median, the least and the greatest value. */
export interface Spread {
  readonly median: number
  readonly least: number
  readonly most: number
}

/** Summarises numbers; every member is NaN when there are none. */
export function summarise(numbers: readonly number[]): Spread {
  const sorted = numbers.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  const low = sorted[Math.ceil(middle) - 1] ?? Number.NaN
  const high = sorted[Math.floor(middle)] ?? Number.NaN
  return { median: (low + high) / 2, least: sorted.at(0) ?? Number.NaN, most: sorted.at(-1) ?? Number.NaN }
}

/** Summarises the ratios of two figures round by round: a machine that is slower in one round is slower for both. */
export function compare(numbers: readonly number[], base: readonly number[]): Spread {
  return summarise(numbers.slice(0, base.length).map((one, round) => one / (base[round] ?? Number.NaN)))
}
