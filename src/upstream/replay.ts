import { GatewayError } from '../errors/gateway-error.ts'
import { type Clock, ExpiringMap } from '../state/expiring-map.ts'
import type { Fingerprint } from '../state/fingerprint.ts'
import {
  currentCall,
  type Interceptor,
  type Send,
  type UpstreamCall,
  type UpstreamRequest,
  type UpstreamResponse,
} from './call.ts'
import type { ClientConnection } from './client-connection.ts'
import { Flight } from './flight.ts'
import { isStale, readWrite, type Write } from './staleness.ts'

/** Milliseconds that an undelivered response is kept for its call to be repeated. */
const lifetime = 60_000
/**
 * Milliseconds in which the connection of a client that has disconnected shows its end, once the same call comes
 * again: its end was sent before that call was.
 */
const hesitation = 100
/** Bytes of responses that are kept at most, each weighed with what is kept beside it. */
const capacity = 16 * 1024 * 1024

interface Undelivered {
  readonly write: Write
  readonly response: UpstreamResponse
  readonly expiresAt: number
}

/** A response on its way whose delivery is not certain yet. */
type Uncertain = PromiseWithResolvers<void>

/**
 * Keeps the response of a write whose client has disconnected. The effect of a write cannot be taken back, so its
 * response waits, and the next identical call gets it, once, instead of a second effect.
 */
export function replay(fingerprint: Fingerprint, clock: Clock): Interceptor {
  const responses = new ResponseReplay(clock)
  return (send) => async (request) => {
    const call = currentCall()
    const { redeliver, singleUse } = call.operation
    if (call.idempotencyKey !== undefined || !(redeliver || singleUse)) return responses.watch(send, request)
    return responses.send(fingerprint.nameCall({ ...request, principal: call.principal }), send, request)
  }
}

class ResponseReplay {
  readonly #flights = new Map<string, Flight>()
  readonly #uncertain = new Map<string, Uncertain>()
  readonly #undelivered: ExpiringMap<Undelivered>
  readonly #clock: Clock

  constructor(clock: Clock) {
    const weigh = ({ response }: Undelivered) => 1024 + response.body.length
    this.#clock = clock
    this.#undelivered = new ExpiringMap({ clock, capacity, weigh })
  }

  /** Sends a write, or returns what a call of the same name did not get. */
  async send(name: string, send: Send, request: UpstreamRequest): Promise<UpstreamResponse> {
    await this.#awaitDelivery(name)
    const call = currentCall()
    const kept = this.#undelivered.get(name)
    if (kept) {
      this.#undelivered.delete(name)
      return this.#deliver(name, kept, [call.connection])
    }
    const flight = this.#flights.get(name)
    if (flight && mayJoin(flight, call)) {
      flight.join(call.connection)
      return flight.response
    }
    return this.#begin(name, send, request)
  }

  /** Sends a write of which nothing is kept here. */
  async watch(send: Send, request: UpstreamRequest): Promise<UpstreamResponse> {
    const { operation } = currentCall()
    try {
      const response = await send(request)
      if (response.status < 400) this.#supersede(readWrite(operation, request.path))
      return response
    } catch (error) {
      if (mayHaveEffect(error)) this.#supersede(readWrite(operation, request.path))
      throw error
    }
  }

  #begin(name: string, send: Send, request: UpstreamRequest): Promise<UpstreamResponse> {
    const call = currentCall()
    const write = readWrite(call.operation, request.path)
    const flight = new Flight(write, call, async (own) => {
      const land = () => {
        if (this.#flights.get(name) === own) this.#flights.delete(name)
      }
      const response = await this.watch((sent) => send(sent).finally(land), request)
      if (own.stale) return response
      const expiresAt = this.#clock() + lifetime
      return this.#deliver(name, { write, response, expiresAt }, own.connections)
    })
    this.#flights.set(name, flight)
    return flight.response
  }

  /**
   * Drops the responses that a write made stale, by whatever way it went. What was refused makes nothing stale, or a
   * stranger could make others lose what is kept for them.
   */
  #supersede(write: Write): void {
    this.#undelivered.forget((one) => isStale(one.write, write))
    for (const flight of this.#flights.values()) flight.stale ||= isStale(flight.write, write)
  }

  /** Waits until the delivery of the last response is certain, or nothing spoke against it for a while. */
  async #awaitDelivery(name: string): Promise<void> {
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

  /** Only successes are kept: an error tells of no effect that a repeated call would not tell of again. */
  #deliver(name: string, one: Undelivered, connections: readonly ClientConnection[]): UpstreamResponse {
    const { response, write } = one
    if (response.status >= 300) return response
    const present = connections.filter(({ disconnected }) => !disconnected)
    if (present.length === 0) this.#keep(name, one)
    const uncertain: Uncertain = Promise.withResolvers()
    if (write.operation.singleUse && present.length > 0) this.#uncertain.set(name, uncertain)
    for (const connection of present)
      connection.onDelivery((delivery) => {
        if (delivery === 'lost' || (delivery === 'unknown' && write.operation.singleUse))
          this.#keep(name, one)
        this.#ascertain(name, uncertain)
      })
    return response
  }

  #keep(name: string, one: Undelivered): void {
    if (!one.write.operation.redeliver) return
    const kept = { ...one, response: compact(one.response) }
    this.#undelivered.set(name, kept, one.expiresAt - this.#clock())
  }
}

/** A call that spends what it carries is the same call twice; any other only when no client waits for it. */
function mayJoin(flight: Flight, { operation }: UpstreamCall): boolean {
  return !flight.stale && (operation.singleUse === true || flight.disconnected)
}

function mayHaveEffect(error: unknown): boolean {
  return !(error instanceof GatewayError) || error.toProblem().outcome === 'unknown'
}

/** Copies what is sent again: the bytes are a part of a larger buffer, and what they say as JSON weighs several times as much. */
function compact({ status, headers, body }: UpstreamResponse): UpstreamResponse {
  const copy = Buffer.allocUnsafeSlow(body.length)
  body.copy(copy)
  return { status, headers, body: copy }
}
