import type { Operation } from '../document/operations.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { Clock } from '../state/expiring-map.ts'
import type { Fingerprint } from '../state/fingerprint.ts'
import type { Store } from '../state/store.ts'
import {
  type ClientConnection,
  currentCall,
  type Interceptor,
  type Send,
  type UpstreamRequest,
  type UpstreamResponse,
} from './call.ts'
import { CallsUnderWay } from './calls-under-way.ts'
import { Flight } from './flight.ts'
import {
  decodeResponse,
  encodeResponse,
  type IdempotencyRecord,
  mayHaveEffect,
  requireWhole,
} from './idempotency.ts'
import type { createMarkReader, WriteMarks } from './staleness.ts'

/** Milliseconds that an undelivered response is kept for its call to be repeated. */
const lifetime = 60_000

/** A response that may have to be kept. */
interface Deliverable {
  readonly operation: Operation
  readonly marks: WriteMarks
  readonly response: UpstreamResponse
  /** On the clock of the store. */
  readonly began: number
  readonly expiresAt: number
}

/** What replay depends on. */
export interface ReplayOptions {
  readonly store: Store<IdempotencyRecord>
  readonly fingerprint: Fingerprint
  readonly clock: Clock
  readonly readMarks: ReturnType<typeof createMarkReader>
}

/**
 * Keeps the response of a write whose client has disconnected. The effect of a write cannot be taken back, so its
 * response waits, and the next identical call gets it, once, instead of a second effect.
 */
export function replay(options: ReplayOptions): Interceptor {
  const responses = new ResponseReplay(options)
  return (send) => async (request) => {
    const { operation, idempotencyKey, principal } = currentCall()
    if (idempotencyKey !== undefined || !(operation.redeliver || operation.singleUse))
      return (await responses.watch(send, request)).response
    // Operations of different base URLs can have the same path.
    const name = `${operation.id} ${options.fingerprint.nameCall({ ...requireWhole(request), principal })}`
    return responses.send(name, send, request)
  }
}

/** Calls under way, by the store that they belong to: requesters that follow one another know each other's calls. */
const underWay = new WeakMap<object, CallsUnderWay>()

class ResponseReplay {
  readonly #calls: CallsUnderWay
  readonly #options: ReplayOptions

  constructor(options: ReplayOptions) {
    this.#calls = underWay.get(options.store) ?? new CallsUnderWay()
    underWay.set(options.store, this.#calls)
    this.#options = options
  }

  /** Sends a write, or returns what a call of the same name did not get. */
  async send(name: string, send: Send, request: UpstreamRequest): Promise<UpstreamResponse> {
    const { store, clock, readMarks } = this.#options
    const { operation, connection, isCut } = currentCall()
    await this.#calls.awaitDelivery(name)
    const flight = this.#calls.findJoinable(name)
    if (flight) {
      if (!isCut) flight.join(connection)
      try {
        return await flight.response
      } catch (error) {
        // It was given up before this client joined it, and was not sent.
        if (connection.disconnected || !isGivenUp(error)) throw error
        return this.send(name, send, request)
      }
    }
    const inquiry = this.#calls.beginInquiry(name)
    try {
      const { now, kept } = await store.take(name)
      if (kept?.value.response) {
        const marks = readMarks(operation, request.path)
        const response = decodeResponse(kept.value.response)
        const expiresAt = clock() + kept.ttl
        // A client that is shown a part has not got the response, and it stays for those that can have all of it.
        const present = isCut ? [] : [connection]
        return this.#deliver(name, { operation, marks, response, began: kept.began, expiresAt }, present)
      }
      if (!this.#calls.hasChanged(inquiry)) return this.#begin(name, now, send, request)
    } finally {
      this.#calls.endInquiry(inquiry)
    }
    return this.send(name, send, request)
  }

  /** Sends a write of which nothing is kept here. Resolves with the time until which it makes responses stale. */
  async watch(
    send: Send,
    request: UpstreamRequest,
    own?: Flight,
  ): Promise<{ response: UpstreamResponse; until?: number | undefined }> {
    const { sets } = this.#options.readMarks(currentCall().operation, request.path)
    try {
      const response = await send(request)
      return response.status < 400 ? { response, until: await this.#supersede(sets, own) } : { response }
    } catch (error) {
      if (mayHaveEffect(error)) await this.#supersede(sets, own)
      throw error
    }
  }

  #begin(name: string, now: number, send: Send, request: UpstreamRequest): Promise<UpstreamResponse> {
    const call = currentCall()
    const { operation } = call
    const marks = this.#options.readMarks(operation, request.path)
    const flight = new Flight(name, marks.own, call, async (own) => {
      try {
        const { response, until } = await this.watch(send, request, own)
        if (own.stale) return response
        // A write does not make its own response stale.
        const began = marks.own.some((mark) => marks.sets.includes(mark)) ? (until ?? now) : now
        const expiresAt = this.#options.clock() + lifetime
        return this.#deliver(name, { operation, marks, response, began, expiresAt }, own.connections)
      } finally {
        this.#calls.flights.delete(own)
      }
    })
    this.#calls.flights.add(flight)
    return flight.response
  }

  /**
   * Drops the responses that a write made stale, by whatever way it went. What was refused makes nothing stale, or a
   * stranger could make others lose what is kept for them.
   */
  async #supersede(marks: readonly string[], own: Flight | undefined): Promise<number | undefined> {
    if (marks.length === 0) return undefined
    for (const flight of this.#calls.flights)
      if (flight !== own) flight.stale ||= flight.marks.some((mark) => marks.includes(mark))
    return this.#options.store.mark(marks)
  }

  /** Only successes are kept: an error tells of no effect that a repeated call would not tell of again. */
  #deliver(name: string, one: Deliverable, connections: readonly ClientConnection[]): UpstreamResponse {
    const { response, operation } = one
    if (response.status >= 300) return response
    const present = connections.filter(({ disconnected }) => !disconnected)
    if (present.length === 0) this.#keep(name, one)
    const ascertain = operation.singleUse && present.length > 0 ? this.#calls.awaitCertainty(name) : undefined
    for (const connection of present)
      connection.onDelivery((delivery) => {
        if (delivery === 'lost' || (delivery === 'unknown' && operation.singleUse)) this.#keep(name, one)
        ascertain?.()
      })
    return response
  }

  #keep(name: string, { operation, marks, response, began, expiresAt }: Deliverable): void {
    const ttl = Math.ceil(expiresAt - this.#options.clock())
    if (!operation.redeliver || ttl <= 0) return
    const value = { call: name, response: encodeResponse(response) }
    this.#calls.announceKept(name)
    // It does not reject: what cannot be written down now is written down later.
    void this.#options.store.keep(name, { value, began, ttl }, marks.own)
  }
}

function isGivenUp(error: unknown): boolean {
  return error instanceof GatewayError && error.code === 'client_disconnected'
}
