import { CircuitState as BreakerState, circuitBreaker, handleAll, SamplingBreaker } from 'cockatiel'
import { GatewayError } from '../errors/gateway-error.ts'
import type { CircuitState } from '../observability/gateway-metrics.ts'
import type { Interceptor } from './call.ts'
import { StalledUpload } from './deadline.ts'

/** Tells the circuit what became of a call: the upstream responded, it failed, or the call was given up. */
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
 * the upstream is back; a probe that takes longer than a pause does not hold up the next, and what the first of
 * them finds out holds for all.
 */
export class CircuitBreaker {
  readonly #pause: number
  readonly #breaker = new SamplingBreaker({ threshold: 0.5, duration, minimumRps })
  readonly #policy
  /** What the probes under way are to find out; undefined when there are none. */
  #probing: PromiseWithResolvers<void> | undefined
  /** When the last probe was let in, or else the circuit opened, by a clock that never goes back. */
  #asked = 0

  constructor({ pause = 500 }: CircuitOptions = {}) {
    this.#pause = pause
    // The pause is kept here: cockatiel would count it from the end of a probe, which may hang.
    this.#policy = circuitBreaker(handleAll, { halfOpenAfter: 0, breaker: this.#breaker })
    this.#policy.onBreak(() => {
      if (!this.#probing) this.#asked = performance.now()
    })
  }

  get state(): CircuitState {
    if (this.#policy.state === BreakerState.Closed) return 'closed'
    return this.#policy.state === BreakerState.HalfOpen ? 'half_open' : 'open'
  }

  /** Lets a call in, to be reported once, or keeps it out: undefined. */
  enter(): Report | undefined {
    if (this.state === 'closed') return (health) => this.#count(health)
    return performance.now() - this.#asked < this.#pause ? undefined : this.#probe()
  }

  /** What became of a call that was let in before the circuit opened says nothing about the upstream now. */
  #count(health: Parameters<Report>[0]): void {
    if (health === 'unknown' || this.state !== 'closed') return
    // All that the policy would do for a success while it is closed, without its promises.
    if (health === 'well') this.#breaker.success(BreakerState.Closed)
    else this.#run(Promise.reject(failure))
  }

  #probe(): Report {
    this.#asked = performance.now()
    const probing = this.#probing ?? this.#openProbe()
    return (health) => {
      if (health === 'well') probing.resolve()
      else if (health === 'failed') probing.reject(failure)
      // A probe that was given up found out nothing: the next call probes.
      else this.#asked = Number.NEGATIVE_INFINITY
    }
  }

  #openProbe(): PromiseWithResolvers<void> {
    const probing = Promise.withResolvers<void>()
    this.#probing = probing
    void this.#run(probing.promise).then(() => {
      this.#probing = undefined
    })
    return probing
  }

  /** Tells the policy how a call went; resolves when it has been told. */
  #run(outcome: Promise<void>): Promise<void> {
    return this.#policy.execute(() => outcome).catch(() => {})
  }
}

/** The circuit breakers of a gateway, one for each base URL. */
export class CircuitBreakers {
  readonly #options: CircuitOptions
  readonly #breakers = new Map<string, CircuitBreaker>()

  constructor(options: CircuitOptions) {
    this.#options = options
  }

  /** Returns the circuit breaker of a base URL, the same one each time. */
  find(baseUrl: string): CircuitBreaker {
    const known = this.#breakers.get(baseUrl) ?? new CircuitBreaker(this.#options)
    this.#breakers.set(baseUrl, known)
    return known
  }
}

const failure = new Error('the upstream failed')

/** A complete response is no outage, but where a proxy responds in the place of the API (RFC 9110 §15.6.3–5). */
const outages: ReadonlySet<number> = new Set([502, 503, 504])

/** Errors that say nothing about the upstream. */
const ours: ReadonlySet<string> = new Set([
  ...['client_disconnected', 'body_too_large', 'upload_incomplete', 'upload_too_large', 'overloaded'],
  // Beneath the breaker this is a response that is larger than what the gateway collects.
  'upstream_invalid_response',
])

/** Sends what the circuit breaker lets in and tells it how that ended. Rejects the rest with `upstream_unavailable`. */
export function breakCircuit(circuit: CircuitBreaker): Interceptor {
  return (send) => async (request) => {
    const report = circuit.enter()
    if (!report) throw new GatewayError('upstream_unavailable', { headers: { 'retry-after': '1' } })
    try {
      const response = await send(request)
      report(outages.has(response.status) ? 'failed' : 'well')
      return response
    } catch (error) {
      const isOurs =
        error instanceof GatewayError && (ours.has(error.code) || error.cause instanceof StalledUpload)
      report(isOurs ? 'unknown' : 'failed')
      throw error
    }
  }
}
