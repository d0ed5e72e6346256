import type { FastifyInstance } from 'fastify'
import { GatewayError } from '../errors/gateway-error.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The request's part of the concurrency limit; undefined before its body is complete. */
    slot: Slot | undefined
  }
}

/** How many requests are handled at a time, and how long the others may wait. */
export interface AdmissionLimits {
  /** Requests that are handled at a time. */
  readonly active: number
  /** Requests that wait beside them. */
  readonly waiting: number
  /** Milliseconds that a request waits before it is refused. */
  readonly timeout: number
}

/** The limits unless told otherwise, for both servers together; a response that waited longer would come too late for its client. */
const usualAdmission: AdmissionLimits = { active: 256, waiting: 512, timeout: 250 }

/** Ends one use of a slot; calling it again does nothing. */
export type Release = () => void

/** One unit of the concurrency limit. It is free again when everything that holds it has released it. */
export class Slot {
  readonly #free: () => void
  #holders = 0
  #isFree = false

  constructor(free: () => void) {
    this.#free = free
  }

  /**
   * Keeps the slot until the returned function is called. A slot that was free before stays so: it is another request's
   * now, and the client of this one has disconnected.
   */
  hold(): Release {
    if (this.#isFree) return () => {}
    let isHeld = true
    this.#holders += 1
    return () => {
      if (!isHeld) return
      isHeld = false
      this.#holders -= 1
      if (this.#holders > 0) return
      this.#isFree = true
      this.#free()
    }
  }
}

/** Holds the slot of a request, as long as it has one. */
export function holdSlot({ slot }: { readonly slot: Slot | undefined }): Release {
  return slot?.hold() ?? (() => {})
}

/**
 * Limits the requests that are handled at a time, with a bounded queue before it. What cannot be handled in time is
 * refused early: without the limit an overload would delay every request instead of refusing a few.
 */
export class Admission {
  readonly #limits: AdmissionLimits
  readonly #onShed: () => void
  /** What lets the requests in that wait for a slot, the one first that has waited longest. */
  readonly #queue = new Set<() => void>()
  #active = 0

  /** `onShed` is called for each request that is refused. */
  constructor(limits: AdmissionLimits = usualAdmission, onShed: () => void = () => {}) {
    this.#limits = limits
    this.#onShed = onShed
  }

  /** Returns the number of slots that are taken. */
  get active(): number {
    return this.#active
  }

  /** Returns the number of requests that wait for a slot. */
  get waiting(): number {
    return this.#queue.size
  }

  /** Takes a slot if one is free. */
  tryEnter(): Slot | undefined {
    if (this.#active >= this.#limits.active) return undefined
    this.#active += 1
    return new Slot(this.#leave)
  }

  /** Waits for a slot. Rejects with `overloaded` when the queue is full or the wait takes too long. */
  async enter(): Promise<Slot> {
    const slot = this.tryEnter()
    if (slot) return slot
    await this.#wait()
    return new Slot(this.#leave)
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
      }, this.#limits.timeout)
      this.#queue.add(enter)
    })
  }

  /** Passes the slot on to the request that has waited longest. */
  readonly #leave = (): void => {
    const [next] = this.#queue
    if (next) next()
    else this.#active -= 1
  }

  /** The connection ends with the refusal: a client that keeps it would be back at once. */
  #refuse(): GatewayError {
    this.#onShed()
    return new GatewayError('overloaded', { headers: { 'retry-after': '1', connection: 'close' } })
  }
}

/** Gives each request a slot when its body is complete, until its response has ended. */
export function registerAdmission(app: FastifyInstance, admission: Admission): void {
  app.decorateRequest('slot', undefined)
  app.addHook('preValidation', (request, { raw }, done) => {
    const enter = (slot: Slot) => {
      request.slot = slot
      const release = slot.hold()
      // The client may have disconnected during the wait.
      if (raw.destroyed) release()
      else {
        raw.on('prefinish', release)
        raw.on('close', release)
      }
      done()
    }
    const slot = admission.tryEnter()
    if (slot) enter(slot)
    else admission.enter().then(enter).catch(done)
  })
}
