import { GatewayError } from '../errors/gateway-error.ts'

/** How much work is let in at a time, and how long the rest may wait. */
export interface AdmissionLimits {
  /** Requests being worked on. */
  readonly active: number
  /** Requests waiting beside them. */
  readonly waiting: number
  /** Milliseconds that a request waits before it is turned away. */
  readonly patience: number
}

/** Gives a place back; calling it again does nothing. */
export type Release = () => void

/**
 * A bounded queue in front of all work: what can be done in time gets in, the rest is turned away early. Without
 * it an overload would make every request late instead of a few.
 */
export class Admission {
  readonly #limits: AdmissionLimits
  readonly #queue: Set<() => void> = new Set()
  #active = 0
  #shed = 0

  constructor(limits: AdmissionLimits) {
    this.#limits = limits
  }

  /** Requests being worked on now. */
  get active(): number {
    return this.#active
  }

  /** Requests that wait for a place now. */
  get waiting(): number {
    return this.#queue.size
  }

  /** Requests turned away so far. */
  get shed(): number {
    return this.#shed
  }

  /** Takes a place if there is one now. */
  tryEnter(): Release | undefined {
    if (this.#active >= this.#limits.active) return undefined
    this.#active += 1
    return this.#admit()
  }

  /** Resolves once there is a place. Throws `overloaded` when the queue is full or the patience is at its end. */
  async enter(): Promise<Release> {
    const release = this.tryEnter()
    if (release) return release
    await this.#wait()
    return this.#admit()
  }

  #admit(): Release {
    let released = false
    return () => {
      if (released) return
      released = true
      this.#leave()
    }
  }

  #wait(): Promise<void> {
    if (this.#queue.size >= this.#limits.waiting) throw this.#refuse()
    return new Promise((resolve, reject) => {
      const enter = () => {
        clearTimeout(timer)
        this.#queue.delete(enter)
        resolve()
      }
      const timer = setTimeout(() => {
        this.#queue.delete(enter)
        reject(this.#refuse())
      }, this.#limits.patience)
      this.#queue.add(enter)
    })
  }

  /** Hands the place on to whoever has waited longest. */
  #leave(): void {
    const [next] = this.#queue
    if (next) next()
    else this.#active -= 1
  }

  /** The connection ends with the refusal: on one that stays open a caller would be back at once, and in the way. */
  #refuse(): GatewayError {
    this.#shed += 1
    return new GatewayError('overloaded', { headers: { 'retry-after': '1', connection: 'close' } })
  }
}
