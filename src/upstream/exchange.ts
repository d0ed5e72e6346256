import type { Operation } from '../contract/operations.ts'
import { type ErrorCode, GatewayError } from '../errors.ts'
import { checkAnswer } from './answer.ts'
import type { UpstreamAnswer } from './answer-collector.ts'
import type { UpstreamCall } from './call.ts'
import { Deliveries } from './deliveries.ts'
import type { AnswerCallback, UpstreamDispatcher } from './dispatcher.ts'
import type { Clock } from './expiring-map.ts'
import { Fingerprint } from './fingerprint.ts'
import { IdempotencyKeys, type IdempotencyRecord } from './idempotency.ts'
import { RateHolds } from './rate-holds.ts'
import { createMemoryStore, type Store } from './store.ts'

/** Where both doors bring their calls: each is answered once, and a write has its effect once. */
export interface Exchange {
  /** Origin of the upstream. */
  readonly origin: string
  /** Answers a call with what may go to its caller: a complete answer, cleared of secrets, or a `GatewayError`. */
  send(call: UpstreamCall, done: AnswerCallback): void
}

/** How a call of the upstream ended: with an answer of this status, or with an error in its place. */
export interface CallEnd {
  readonly status?: number | undefined
  readonly code?: ErrorCode | undefined
  readonly answer?: UpstreamAnswer | undefined
}

/** Sees the calls of the upstream, and changes nothing about them. */
export interface CallWatch {
  /** Told of each call once its answer is on its way to the caller. */
  onEnd(operation: Operation, end: CallEnd, milliseconds: number): void
  onRetry(operation: Operation): void
}

/** What an exchange depends on. */
export interface ExchangeOptions {
  readonly dispatcher: UpstreamDispatcher
  /** Random bytes, of this process alone. */
  readonly key: Uint8Array
  readonly clock: Clock
  readonly store?: Store<IdempotencyRecord>
  readonly watch?: CallWatch
}

/** Opens the exchange over the one way upstream. */
export function createExchange({ dispatcher, key, clock, store, watch }: ExchangeOptions): Exchange {
  const fingerprint = new Fingerprint(key)
  const holds = new RateHolds(clock)
  const deliveries = new Deliveries(clock)
  const keys = new IdempotencyKeys(store ?? createMemoryStore(clock))

  const start = (call: UpstreamCall, done: AnswerCallback): (() => void) => {
    const nameCaller = () => fingerprint.nameCaller(call)
    const wait = holds.remaining(nameCaller)
    if (wait > 0) {
      const detail = `The upstream wants no call of this caller for another ${wait} seconds.`
      done(new GatewayError('upstream_rate_limited', { detail, headers: { 'retry-after': String(wait) } }))
      return () => {}
    }
    const began = clock()
    const end: AnswerCallback = (error, answer) => {
      const { result, failure } = answer ? check(answer, call) : { result: undefined, failure: error }
      if (result) done(null, holds.note(result, nameCaller))
      else done(addRecovery(failure, call.operation))
      const ended = { status: result?.status, code: failure?.code, answer: result }
      watch?.onEnd(call.operation, ended, clock() - began)
    }
    return dispatcher.send(call, end, () => watch?.onRetry(call.operation))
  }
  const sendOnce = (call: UpstreamCall, idempotencyKey: string, done: AnswerCallback) => {
    const key = fingerprint.nameCaller(call, call.principal, call.operation.id, idempotencyKey)
    const begin = (settle: AnswerCallback) =>
      start(call, (error, answer) => {
        deliveries.overtake(call, error, answer)
        settle(error, answer)
      })
    keys
      .run({ key, call: fingerprint.nameCall(call) }, begin, done)
      .catch((cause: unknown) => done(new GatewayError('internal_error', { cause })))
  }
  return {
    origin: dispatcher.origin,
    send(call, done) {
      if (call.method === 'GET') call.caller.onGone(start(call, done))
      else if (call.idempotencyKey === undefined) {
        const name = fingerprint.nameCall(call)
        deliveries.send(name, call, (settle) => start(call, settle), done)
      } else sendOnce(call, call.idempotencyKey, done)
    },
  }
}

interface Checked {
  readonly result?: UpstreamAnswer | undefined
  readonly failure: GatewayError | null
}

function check(answer: UpstreamAnswer, { listSecrets }: UpstreamCall): Checked {
  try {
    return { result: checkAnswer(answer, listSecrets), failure: null }
  } catch (error) {
    if (error instanceof GatewayError) return { failure: error }
    return { failure: new GatewayError('internal_error', { cause: error }) }
  }
}

/** The operation knows how to get back what it may have lost; the error alone does not. */
function addRecovery(error: GatewayError | null, { recovery }: Operation): GatewayError {
  const { code, message: detail, headers, cause } = error ?? new GatewayError('internal_error')
  return new GatewayError(code, { detail, headers, cause, recovery })
}
