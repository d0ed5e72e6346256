import { CircuitState, circuitBreaker, handleAll, SamplingBreaker } from 'cockatiel'

/** Tells the circuit what became of a call: the upstream answered, it failed, or the call was given up. */
export type Report = (health: 'well' | 'failed' | 'unknown') => void

/** How a circuit breaker behaves. */
export interface CircuitOptions {
  /** Milliseconds between two probes while the circuit is open. */
  readonly pause?: number
}

/** The circuit opens when half of the calls of so many milliseconds failed … */
const duration = 10_000
/** … and there were so many of them a second, that is 50 at least. */
const minimumRps = 5

/**
 * Keeps calls from an upstream that fails. While open it lets one call through each pause, to find out whether
 * the upstream is back; a probe that takes longer than a pause does not hold up the next.
 */
export class Circuit {
  readonly #pause: number
  readonly #policy

  constructor({ pause = 500 }: CircuitOptions = {}) {
    this.#pause = pause
    const breaker = new SamplingBreaker({ threshold: 0.5, duration, minimumRps })
    this.#policy = circuitBreaker(handleAll, { halfOpenAfter: pause, breaker })
  }

  /** Lets a call in, to be reported once, or keeps it out: undefined. */
  enter(): Report | undefined {
    if (this.#policy.state === CircuitState.Closed) return (health) => this.#count(health)
    if (this.#policy.state === CircuitState.HalfOpen) return undefined
    return this.#probe()
  }

  #count(health: Parameters<Report>[0]): void {
    if (health !== 'unknown') this.#run(health === 'well' ? Promise.resolve() : Promise.reject(failure))
  }

  #probe(): Report | undefined {
    const verdict = Promise.withResolvers<void>()
    verdict.promise.catch(() => {})
    let admitted = false
    this.#run(verdict.promise, () => {
      admitted = true
    })
    if (!admitted) return undefined
    const slow = setTimeout(() => verdict.reject(failure), this.#pause)
    slow.unref()
    return (health) => {
      clearTimeout(slow)
      if (health === 'well') verdict.resolve()
      else verdict.reject(failure)
    }
  }

  /** The policy calls the function on this very tick, or not at all while it keeps the circuit open. */
  #run(outcome: Promise<void>, onAdmission = () => {}): void {
    outcome.catch(() => {})
    this.#policy
      .execute(() => {
        onAdmission()
        return outcome
      })
      .catch(() => {})
  }
}

const failure = new Error('the upstream failed')
