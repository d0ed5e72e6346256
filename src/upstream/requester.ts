import { type EgressProxies, findProxy } from '../config/egress-proxy.ts'
import type { ResponseRules } from '../document/api.ts'
import type { Operation } from '../document/operations.ts'
import type { Tracing } from '../observability/tracing.ts'
import type { Clock } from '../state/expiring-map.ts'
import type { Fingerprint } from '../state/fingerprint.ts'
import { RunningTasks } from '../state/running-tasks.ts'
import type { Store } from '../state/store.ts'
import { backOff } from './back-off.ts'
import type { ResponseLoad } from './body-stream.ts'
import { compose, forWrites, type Send } from './call.ts'
import { type CallRecords, recordCalls } from './call-records.ts'
import { breakCircuit, type CircuitBreaker } from './circuit-breaker.ts'
import { deadline } from './deadline.ts'
import { type IdempotencyRecord, idempotency } from './idempotency.ts'
import { closePools, openPools } from './pools.ts'
import { replay } from './replay.ts'
import { checkResponses } from './response-check.ts'
import { retry } from './retry.ts'
import { createMarkReader } from './staleness.ts'
import { traceTries } from './trace-tries.ts'
import { createTransport } from './transport.ts'

/** The only way to the upstream, for both servers. */
export interface Requester {
  /** Origin of the upstream, `https://api.example.org`. */
  readonly origin: string
  readonly send: Send
  /**
   * Waits for the requests under way, and until the outcome of each write is written down, then closes every connection,
   * within the time limit of a call.
   */
  close(): Promise<void>
}

/** What the way to the upstream depends on. */
export interface RequesterOptions {
  /** Base URL of the upstream; its path stands before every request's. */
  readonly baseUrl: string
  /**
   * Milliseconds from the call to the last byte of the response, all tries included; of a response that streams to its
   * head, and then from each part to the next.
   */
  readonly timeout: number
  /** PEM certificates that are trusted instead of the well-known ones. */
  readonly ca?: string | undefined
  /** Proxies by which APIs are reached. */
  readonly proxies?: EgressProxies | undefined
  readonly circuit: CircuitBreaker
  /** All operations of the document: one may make the response of another stale. */
  readonly operations: readonly Operation[]
  /** What the document says of all responses. */
  readonly rules: ResponseRules
  /** Names calls and clients. */
  readonly fingerprint: Fingerprint
  readonly clock: Clock
  readonly store: Store<IdempotencyRecord>
  /** Where calls are recorded. */
  readonly records: CallRecords
  /** Traces each try, where traces are sent. */
  readonly tracing?: Tracing | undefined
  /** What the responses of all requesters that share it take, and their limit of streams. */
  readonly responses: ResponseLoad
  /** How bytes travel, where it is not over pools of connections. */
  readonly transport?: Send
}

/** Milliseconds to establish a connection at most: a further try may find a better address. */
const longestConnect = 10_000

/** Opens the way to the upstream. Redirects are not followed. */
export function createRequester(options: RequesterOptions): Requester {
  const { timeout, ca, fingerprint, clock, store, records, responses, rules } = options
  const { origin, pathname } = new URL(options.baseUrl)
  const connectTimeout = Math.min(timeout, longestConnect)
  const proxy = options.proxies && findProxy(options.proxies, origin)
  const pools = openPools({ origin, ca, proxy, connectTimeout })
  const prefix = pathname.replace(/\/+$/, '')
  const transport = options.transport ?? createTransport(pools, { prefix, responses, streamTimeout: timeout })
  const writes = new RunningTasks()
  const send = compose(transport, [
    forWrites((send) => (request) => writes.run(() => send(request))),
    forWrites(idempotency(store, fingerprint)),
    forWrites(replay({ store, fingerprint, clock, readMarks: createMarkReader(options.operations) })),
    backOff(store.waits, fingerprint, options.baseUrl, rules.retryAfterHeader),
    recordCalls(records, clock),
    checkResponses(rules),
    breakCircuit(options.circuit),
    deadline(timeout),
    retry({ random: Math.random, onRetry: (operation) => records.metrics.recordRetry(operation.id) }),
    ...(options.tracing ? [traceTries(options.tracing, origin)] : []),
  ])
  return {
    origin,
    send,
    async close() {
      await writes.awaitEnd()
      // After this long no call waits for a response.
      await closePools(pools, timeout)
    },
  }
}
