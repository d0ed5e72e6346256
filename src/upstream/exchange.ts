import type { ResponseRules } from '../document/api.ts'
import type { Operation } from '../document/operations.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { CallObserver } from '../observability/call-observer.ts'
import type { Clock } from '../state/expiring-map.ts'
import { Fingerprint } from '../state/fingerprint.ts'
import { createMemoryStore, type Store } from '../state/store.ts'
import { BackOff } from './back-off.ts'
import type { UpstreamCall } from './call.ts'
import type { ResponseCallback, UpstreamDispatcher } from './dispatcher.ts'
import { IdempotencyKeys, type IdempotencyRecord } from './idempotency.ts'
import { ResponseReplay } from './replay.ts'
import { checkAnswer } from './response.ts'
import type { UpstreamResponse } from './response-collector.ts'

/** Where both doors bring their calls: each is answered once, and a write has its effect once. */
export interface Exchange {
  /** Origin of the upstream. */
  readonly origin: string
  /** Answers a call with what may go to its caller: a complete answer, cleared of secrets, or a `GatewayError`. */
  send(call: UpstreamCall, done: ResponseCallback): void
}

/** What an exchange depends on. */
export interface ExchangeOptions {
  readonly dispatcher: UpstreamDispatcher
  /** What the document says of all responses. */
  readonly rules: ResponseRules
  /** Random bytes, of this process alone. */
  readonly key: Uint8Array
  readonly clock: Clock
  readonly store?: Store<IdempotencyRecord>
  readonly watch?: CallObserver
}

/** Opens the exchange over the one way upstream. */
export function createExchange({ dispatcher, rules, key, clock, store, watch }: ExchangeOptions): Exchange {
  const fingerprint = new Fingerprint(key)
  const holds = new BackOff(clock, rules.retryAfterHeader)
  const deliveries = new ResponseReplay(clock)
  const keys = new IdempotencyKeys(store ?? createMemoryStore(clock))

  const start = (call: UpstreamCall, done: ResponseCallback): (() => void) => {
    const nameCaller = () => fingerprint.nameCaller(call)
    const wait = holds.remaining(nameCaller)
    if (wait > 0) {
      const detail = `The upstream wants no call of this caller for another ${wait} seconds.`
      done(new GatewayError('upstream_rate_limited', { detail, headers: { 'retry-after': String(wait) } }))
      return () => {}
    }
    const began = clock()
    const end: ResponseCallback = (error, answer) => {
      const { result, failure } = answer ? check(answer, call, rules) : { result: undefined, failure: error }
      if (result) done(null, holds.note(result, nameCaller))
      else done(addRecovery(failure, call.operation))
      const ended = { status: result?.status, code: failure?.code, response: result }
      watch?.onEnd(call.operation, ended, clock() - began)
    }
    return dispatcher.send(call, end, () => watch?.onRetry(call.operation))
  }
  const sendOnce = (call: UpstreamCall, idempotencyKey: string, done: ResponseCallback) => {
    const key = fingerprint.nameCaller(call, call.principal, call.operation.id, idempotencyKey)
    const begin = (settle: ResponseCallback) =>
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
  readonly result?: UpstreamResponse | undefined
  readonly failure: GatewayError | null
}

function check(answer: UpstreamResponse, { listSecrets }: UpstreamCall, rules: ResponseRules): Checked {
  try {
    return { result: checkAnswer(answer, listSecrets, rules), failure: null }
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
