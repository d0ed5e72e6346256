import type { UpstreamAnswer } from './answer-collector.ts'
import type { UpstreamCall } from './call.ts'
import type { Caller } from './caller.ts'
import type { AnswerCallback } from './dispatcher.ts'
import { type Clock, ExpiringMap } from './expiring-map.ts'

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
  readonly method: string
  readonly path: string
  readonly answer: UpstreamAnswer
  readonly expiresAt: number
}

interface Waiter {
  readonly caller: Caller
  readonly done: AnswerCallback
}

/** An answer on its way whose arrival is not certain yet, and the same calls that wait to learn of it. */
type Uncertain = (() => void)[]

/** Begins a call at the upstream. */
export type Start = (done: AnswerCallback) => unknown

/**
 * Sees to it that the answer of a write reaches somebody. The effect of a write cannot be taken back when its
 * caller leaves, so its answer waits, and the next identical call gets it, once, instead of a second effect.
 */
export class Deliveries {
  readonly #flights = new Map<string, Waiter[]>()
  readonly #uncertain = new Map<string, Uncertain>()
  readonly #undelivered: ExpiringMap<Undelivered>
  readonly #clock: Clock

  constructor(clock: Clock) {
    const weigh = ({ answer }: Undelivered) => 1024 + answer.body.length
    this.#clock = clock
    this.#undelivered = new ExpiringMap({ clock, capacity, weigh })
  }

  /** Answers a write, from the upstream or with what a call of the same name did not get. */
  send(name: string, call: UpstreamCall, start: Start, done: AnswerCallback): void {
    const waiter = { caller: call.caller, done }
    const kept = this.#undelivered.get(name)
    const uncertain = this.#uncertain.get(name)
    if (uncertain) this.#hesitate(name, uncertain, () => this.send(name, call, start, done))
    else if (kept) {
      this.#undelivered.delete(name)
      this.#deliver(name, call, kept, [waiter])
    } else if (!this.#join(name, call, waiter)) this.#begin(name, call, start, waiter)
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
    const waiters = this.#flights.get(name)
    if (!waiters || !(operation.singleUse || waiters.every(({ caller }) => caller.gone))) return false
    waiters.push(waiter)
    return true
  }

  #begin(name: string, call: UpstreamCall, start: Start, waiter: Waiter): void {
    const { method, path } = call
    if (this.#undelivered.size > 0) this.#undelivered.forget((one) => isOvertaken(one, call))
    const waiters = [waiter]
    this.#flights.set(name, waiters)
    start((error, answer) => {
      if (this.#flights.get(name) === waiters) this.#flights.delete(name)
      if (!answer) for (const { done } of waiters) done(error)
      else this.#deliver(name, call, { method, path, answer, expiresAt: this.#clock() + patience }, waiters)
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
 * True when a write makes an answer that waits misleading: it changes what that answer tells of. A creation is
 * only overtaken by a deletion, since the other writes below it are about users of their own.
 */
function isOvertaken(kept: Undelivered, call: UpstreamCall): boolean {
  const related = isWithin(kept.path, call.path) || isWithin(call.path, kept.path)
  return related && (kept.method !== 'POST' || call.method === 'DELETE')
}

function isWithin(path: string, other: string): boolean {
  return path === other || path.startsWith(`${other}/`)
}
