import { currentCall } from './call.ts'
import type { Flight } from './flight.ts'

/**
 * Milliseconds in which the connection of a client that has disconnected shows its end, once the same call comes
 * again: its end was sent before that call was.
 */
const hesitation = 100

/** A response on its way whose delivery is not certain yet. */
type Uncertain = PromiseWithResolvers<void>

/** A question to the store for what is kept under a name. */
interface Inquiry {
  readonly name: string
  /** True once something was kept: the store may have replied before it knew. */
  mayHaveMissed: boolean
}

/** What is known of calls from their beginning until their responses are delivered or kept. */
export class CallsUnderWay {
  /** Equal writes whose clients all wait are as many flights of one name. */
  readonly flights = new Set<Flight>()
  readonly #uncertain = new Map<string, Uncertain>()
  readonly #inquiries = new Set<Inquiry>()

  /**
   * Finds the call under way that a call may join. One that spends what it carries is the same call twice; any other
   * only when no client waits for it.
   */
  findJoinable(name: string): Flight | undefined {
    const { singleUse } = currentCall().operation
    for (const flight of this.flights)
      if (flight.name === name && !flight.stale && (singleUse || flight.disconnected)) return flight
    return undefined
  }

  /** Notes that the store is asked about a call, until the inquiry is ended. */
  beginInquiry(name: string): Inquiry {
    const inquiry = { name, mayHaveMissed: false }
    this.#inquiries.add(inquiry)
    return inquiry
  }

  endInquiry(inquiry: Inquiry): void {
    this.#inquiries.delete(inquiry)
  }

  /** Returns whether a call of the same name got its response, lost its client, or began while the store was asked. */
  hasChanged({ name, mayHaveMissed }: Inquiry): boolean {
    return mayHaveMissed || this.#uncertain.has(name) || this.findJoinable(name) !== undefined
  }

  /** Tells the inquiries under way that a response is kept. */
  announceKept(name: string): void {
    for (const inquiry of this.#inquiries) inquiry.mayHaveMissed ||= inquiry.name === name
  }

  /** Returns what to call when the delivery of a response is certain. */
  awaitCertainty(name: string): () => void {
    const uncertain: Uncertain = Promise.withResolvers()
    this.#uncertain.set(name, uncertain)
    return () => this.#ascertain(name, uncertain)
  }

  /** Waits until the delivery of the last response is certain, or nothing spoke against it for a while. */
  async awaitDelivery(name: string): Promise<void> {
    for (let pending = this.#uncertain.get(name); pending; pending = this.#uncertain.get(name)) {
      const uncertain = pending
      const timer = setTimeout(() => this.#ascertain(name, uncertain), hesitation)
      await uncertain.promise
      clearTimeout(timer)
    }
  }

  #ascertain(name: string, uncertain: Uncertain): void {
    if (this.#uncertain.get(name) === uncertain) this.#uncertain.delete(name)
    uncertain.resolve()
  }
}
