import { createHash } from 'node:crypto'
import { createRandom } from '../../stress/random.ts'

/** Numbers that look random and are the same for the same seed. */
export class Random {
  /** Returns a number from 0 up to 1. */
  readonly next: () => number

  constructor(seed: string) {
    this.next = createRandom(createHash('sha256').update(seed).digest().readUInt32LE())
  }

  /** Returns an integer from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1))
  }

  isTrue(share = 0.5): boolean {
    return this.next() < share
  }

  pick<One>(list: readonly One[]): One | undefined {
    return list[Math.floor(this.next() * list.length)]
  }

  text(alphabet: string, length: number): string {
    const characters = [...alphabet]
    return Array.from({ length }, () => this.pick(characters)).join('')
  }
}
