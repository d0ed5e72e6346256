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

/** The circuit opens when half of the calls that ended in so many seconds failed … */
const span = 10
/** … and there were so many of them at least. */
const fewest = 50

/** Counts the calls that ended in the last seconds. */
class RecentCalls {
  /** Of each second in which calls ended, the oldest first. */
  readonly #counts: { readonly second: number; ended: number; failed: number }[] = []

  /** Counts a call. Returns whether so many of the last ones failed that the circuit opens. */
  count(health: 'well' | 'failed'): boolean {
    // The system clock can be set back, and this one cannot.
    const second = Math.floor(performance.now() / 1000)
    while ((this.#counts[0]?.second ?? second) <= second - span) this.#counts.shift()
    let current = this.#counts.at(-1)
    if (current?.second !== second) {
      current = { second, ended: 0, failed: 0 }
      this.#counts.push(current)
    }
    current.ended += 1
    if (health === 'failed') current.failed += 1
    let ended = 0
    let failed = 0
    for (const one of this.#counts) {
      ended += one.ended
      failed += one.failed
    }
    return ended >= fewest && failed * 2 >= ended
  }
}

/**
 * Keeps calls from an upstream that fails. While open it lets one call through each pause, to find out whether
 * the upstream is back; a probe that takes longer than a pause does not hold up the next, and what the first of
 * them finds out holds for all.
 */
export class CircuitBreaker {
  readonly #pause: number
  #recent = new RecentCalls()
  #state: CircuitState = 'closed'
  /** When the last probe was let in, or else the circuit opened, by a clock that never goes back. */
  #asked = 0
  /** How often probes have found something out: what a probe of an earlier round finds out comes too late. */
  #round = 0

  constructor({ pause = 500 }: CircuitOptions = {}) {
    this.#pause = pause
  }

  get state(): CircuitState {
    return this.#state
  }

  /** Lets a call in, to be reported once, or keeps it out: undefined. */
  enter(): Report | undefined {
    if (this.#state === 'closed') return (health) => this.#count(health)
    return performance.now() - this.#asked < this.#pause ? undefined : this.#probe()
  }

  /** What became of a call that was let in before the circuit opened says nothing about the upstream now. */
  #count(health: Parameters<Report>[0]): void {
    if (health === 'unknown' || this.#state !== 'closed' || !this.#recent.count(health)) return
    this.#state = 'open'
    this.#asked = performance.now()
  }

  #probe(): Report {
    this.#asked = performance.now()
    this.#state = 'half_open'
    const round = this.#round
    return (health) => {
      // A probe that was given up found out nothing: the next call probes.
      if (health === 'unknown') this.#asked = Number.NEGATIVE_INFINITY
      else if (round === this.#round) this.#decide(health)
    }
  }

  #decide(health: 'well' | 'failed'): void {
    this.#round += 1
    this.#state = health === 'well' ? 'closed' : 'open'
    if (health === 'well') this.#recent = new RecentCalls()
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
