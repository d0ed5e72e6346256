import type { GatewayError } from '../errors/gateway-error.ts'
import { type Clock, ExpiringMap } from '../state/expiring-map.ts'
import type { UpstreamCall } from './call.ts'
import type { Caller } from './caller.ts'
import type { ResponseCallback } from './dispatcher.ts'
import type { UpstreamResponse } from './response-collector.ts'

/** Milliseconds that an answer which did not arrive waits for its call to be repeated. */
const patience = 60_000
/**
 * Milliseconds in which the connection of a caller that left shows its end, once the same call comes again: its
 * end was sent before that call was.
 */
const hesitation = 100
/** Bytes of answers that wait at most, each weighed with what is kept beside it. */
const capacity = 16 * 1024 * 1024

interface Undelivered {
  readonly call: UpstreamCall
  readonly answer: UpstreamResponse
  readonly expiresAt: number
}

interface Waiter {
  readonly caller: Caller
  readonly done: ResponseCallback
}

/** A write under way; once another has overtaken it, its answer is for those alone who wait for it already. */
interface Flight {
  readonly call: UpstreamCall
  readonly waiters: Waiter[]
  overtaken: boolean
}

/** An answer on its way whose arrival is not certain yet, and the same calls that wait to learn of it. */
type Uncertain = (() => void)[]

/** Begins a call at the upstream. */
export type Start = (done: ResponseCallback) => unknown

/**
 * Sees to it that the answer of a write reaches somebody. The effect of a write cannot be taken back when its
 * caller leaves, so its answer waits, and the next identical call gets it, once, instead of a second effect.
 */
export class ResponseReplay {
  readonly #flights = new Map<string, Flight>()
  readonly #uncertain = new Map<string, Uncertain>()
  readonly #undelivered: ExpiringMap<Undelivered>
  readonly #clock: Clock

  constructor(clock: Clock) {
    const weigh = ({ answer }: Undelivered) => 1024 + answer.body.length
    this.#clock = clock
    this.#undelivered = new ExpiringMap({ clock, capacity, weigh })
  }

  /** Answers a write, from the upstream or with what a call of the same name did not get. */
  send(name: string, call: UpstreamCall, start: Start, done: ResponseCallback): void {
    const waiter = { caller: call.caller, done }
    const kept = this.#undelivered.get(name)
    const uncertain = this.#uncertain.get(name)
    if (uncertain) this.#hesitate(name, uncertain, () => this.send(name, call, start, done))
    else if (kept) {
      this.#undelivered.delete(name)
      this.#deliver(name, call, kept, [waiter])
    } else if (!this.#join(name, call, waiter)) this.#begin(name, call, start, waiter)
  }

  /**
   * Learns how a write ended, by whatever way it went: answers it made untrue are given to nobody any more. What
   * was refused overtakes nothing, or a stranger could make others lose what waits for them.
   */
  overtake(call: UpstreamCall, error: GatewayError | null, answer?: UpstreamResponse): void {
    if (answer ? answer.status >= 400 : error?.toProblem().outcome === 'not_executed') return
    this.#undelivered.forget((one) => isOvertaken(one.call, call))
    for (const flight of this.#flights.values()) flight.overtaken ||= isOvertaken(flight.call, call)
  }

  /** Goes on when the arrival is certain, or when nothing speaks against it for a while. */
  #hesitate(name: string, uncertain: Uncertain, go: () => void): void {
    uncertain.push(go)
    if (uncertain.length > 1) return
    const timer = setTimeout(() => this.#ascertain(name, uncertain), hesitation)
    uncertain.push(() => clearTimeout(timer))
  }

  #ascertain(name: string, uncertain: Uncertain): void {
    if (this.#uncertain.get(name) === uncertain) this.#uncertain.delete(name)
    for (const go of uncertain.splice(0)) go()
  }

  /** A call that spends what it carries is the same call twice; any other only when nobody waits for it. */
  #join(name: string, { operation }: UpstreamCall, waiter: Waiter): boolean {
    const flight = this.#flights.get(name)
    if (!flight || flight.overtaken) return false
    if (!operation.singleUse && flight.waiters.some(({ caller }) => !caller.gone)) return false
    flight.waiters.push(waiter)
    return true
  }

  #begin(name: string, call: UpstreamCall, start: Start, waiter: Waiter): void {
    const flight: Flight = { call, waiters: [waiter], overtaken: false }
    this.#flights.set(name, flight)
    start((error, answer) => {
      if (this.#flights.get(name) === flight) this.#flights.delete(name)
      this.overtake(call, error, answer)
      if (!answer) for (const { done } of flight.waiters) done(error)
      else if (flight.overtaken) for (const { done } of flight.waiters) done(null, answer)
      else this.#deliver(name, call, { call, answer, expiresAt: this.#clock() + patience }, flight.waiters)
    })
  }

  /** Only successes wait: an error tells of no effect that a repeated call would not tell of again. */
  #deliver(name: string, { operation }: UpstreamCall, one: Undelivered, waiters: readonly Waiter[]): void {
    const present = waiters.filter(({ caller }) => !caller.gone)
    const keep = () => this.#undelivered.set(name, one, one.expiresAt - this.#clock())
    if (one.answer.status < 300 && present.length === 0) keep()
    else if (one.answer.status < 300) {
      const uncertain: Uncertain = []
      if (operation.singleUse) this.#uncertain.set(name, uncertain)
      for (const { caller } of present)
        caller.onArrival((arrival) => {
          if (arrival === 'lost' || (arrival === 'in doubt' && operation.singleUse)) keep()
          this.#ascertain(name, uncertain)
        })
    }
    for (const { done } of waiters) done(null, one.answer)
  }
}

/**
 * True when a write makes the answer of another untrue. What is answered about a resource is overtaken by any
 * write to it. A call that names in its body what it acts on (a creation, a refresh) is overtaken by a deletion, and
 * one that spends what it carries also by a write without a body, which ends all that there is to spend.
 */
function isOvertaken(kept: UpstreamCall, call: UpstreamCall): boolean {
  const ends = call.method === 'DELETE' || (call.method === 'POST' && call.operation.body === undefined)
  if (kept.operation.singleUse) return ends && shareVariables(kept, call)
  if (!isWithin(kept.path, call.path) && !isWithin(call.path, kept.path)) return false
  if (kept.method !== 'POST' || call.method === 'DELETE') return true
  return kept.operation.body === undefined && call.path === kept.path
}

/** True when both are about the same values of the path variables that both have. */
function shareVariables(one: UpstreamCall, other: UpstreamCall): boolean {
  const values = readVariables(one)
  const shared = readVariables(other).filter(([name]) => values.some(([known]) => known === name))
  return shared.every(([name, value]) => values.some(([known, own]) => known === name && own === value))
}

function readVariables({ operation, path }: UpstreamCall): [string, string][] {
  const segments = path.replace(/\?.*$/s, '').split('/')
  return operation.path
    .split('/')
    .map((segment, index): [string, string] => [segment, segments[index] ?? ''])
    .filter(([segment]) => segment.startsWith('{'))
}

function isWithin(path: string, other: string): boolean {
  return path === other || path.startsWith(`${other}/`)
}
