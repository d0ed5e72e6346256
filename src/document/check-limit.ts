import { asRecord } from './json.ts'

/** A check that was given up: the value takes too many steps. */
export class CheckLimitError extends Error {
  constructor() {
    super('takes too many steps to check; send less of it, or nest it less deeply')
  }
}

/** References that one check follows at most, and how many more it may follow for each value that it checks. */
const [mostReferences, mostByValue] = [100_000, 20]

let checked: unknown
let followed = 0
let most = mostReferences

/** Begins the count of a check. A check is synchronous, so that there is one at a time. */
export function beginCheck(value: unknown): void {
  checked = value
  followed = 0
  most = mostReferences
}

/**
 * Counts a reference that a check follows. Of a schema whose alternatives lead back to it, each level of a value takes twice
 * as many or more, so that a text of 400 bytes would keep the process busy. Throws `CheckLimitError`.
 */
export function countReference(): void {
  followed += 1
  if (followed <= most) return
  // Counting the values would cost each call as much as it costs the few that come here.
  if (most === mostReferences) most += mostByValue * countValues(checked)
  if (followed > most) throw new CheckLimitError()
}

function countValues(value: unknown): number {
  let count = 0
  const open = [value]
  while (open.length > 0) {
    const one = open.pop()
    count += 1
    for (const part of Object.values(asRecord(one))) open.push(part)
  }
  return count
}
