import { createHash } from 'node:crypto'

/** Milliseconds since the epoch; injected, so that an hour passes when a test says so. */
export type Clock = () => number

/** Gives the same endless row of random-looking texts for the same seed. */
export interface Dice {
  /** 32 hexadecimal digits. */
  next(): string
  /** A UUID of version 4. */
  uuid(): string
}

/** Creates the dice of a seed. */
export function createDice(seed: string): Dice {
  let rolls = 0
  const next = () => {
    rolls += 1
    return createHash('sha256').update(`${seed} ${rolls}`).digest('hex').slice(0, 32)
  }
  return {
    next,
    uuid: () => next().replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, '$1-$2-4$3-a$4-$5'),
  }
}
