import { hash } from 'node:crypto'
import type { FastifyBaseLogger } from 'fastify'
import type { Operation } from '../document/operations.ts'
import type { ErrorCode } from '../errors/gateway-error.ts'
import type { Metrics } from './metrics.ts'
import type { ReadinessCheck } from './readiness.ts'
import type { StatusNames } from './request-metrics.ts'
import type { MismatchRecorder, ObservedResponse, ResponseSampler } from './response-sampling.ts'

/** State of the circuit breaker: all calls pass, none does, or the one that finds out whether the API is back. */
export type CircuitState = 'closed' | 'open' | 'half_open'

/** How a call of the API ended: with a response of this status, or with an error in its place. */
export interface CallEnd {
  readonly status?: number | undefined
  readonly code?: ErrorCode | undefined
  readonly response?: ObservedResponse | undefined
  /** The authenticated user or program; empty where the gateway authenticates nobody. */
  readonly caller: string
  /** Path of the upstream request, with its query. */
  readonly path: string
}

/** Observes the calls of the API, and changes nothing about them. */
export interface CallObserver {
  /** Called once for each call, when its response is on its way to the client. Time in milliseconds. */
  onEnd(operation: Operation, end: CallEnd, milliseconds: number): void
  /** Called for each further try of a call. */
  onRetry(operation: Operation): void
}

/** The upstream as far as it is observed; a reload replaces its parts. */
export interface ObservedUpstream {
  readonly circuit: () => { readonly state: CircuitState }
  readonly readiness: () => Pick<ReadinessCheck, 'readUpstream'>
  /** What replicas share. */
  readonly store: { readonly available: boolean }
}

const circuitStates: readonly CircuitState[] = ['closed', 'half_open', 'open']

/** Counts calls and mismatches, with statuses as a document names them. */
export type UpstreamMetrics = (nameStatus: StatusNames) => CallObserver & MismatchRecorder

/** Registers the metrics of the calls to the upstream, and of what its responses come to. */
export function createUpstreamMetrics(
  metrics: Metrics,
  { circuit, readiness, store }: ObservedUpstream,
): UpstreamMetrics {
  const calls = metrics.count('upstream_calls_total', 'Calls of the upstream', ['operation', 'outcome'])
  const durations = metrics.time('upstream_call_duration_seconds', 'Time until their responses end', [
    'operation',
  ])
  const retries = metrics.count('upstream_retries_total', 'Further tries of calls', ['operation'])
  const checks = metrics.count('responses_sampled_total', 'Responses compared with the document', [
    'operation',
  ])
  const mismatches = metrics.count('response_mismatches_total', 'Response mismatches', [
    ...['operation' as const, 'pointer' as const, 'rule' as const],
  ])
  metrics.readState('circuit_state', 'State of the circuit breaker', circuitStates, () => circuit().state)
  metrics.read('upstream_up', '1 when the upstream takes connections', async () =>
    (await readiness().readUpstream()) === 'reachable' ? 1 : 0,
  )
  metrics.read('shared_state_up', '1 when the state that replicas share can be reached', () =>
    store.available ? 1 : 0,
  )
  return (nameStatus) => ({
    onEnd({ id: operation }, { status, code }, milliseconds) {
      const outcome = status === undefined ? (code ?? 'internal_error') : nameStatus(status)
      calls.inc({ operation, outcome })
      durations.observe({ operation }, milliseconds / 1000)
    },
    onRetry: ({ id: operation }) => retries.inc({ operation }),
    recordCheck: (operation) => checks.inc({ operation }),
    recordMismatch: ({ operation, pointer, rule }) => mismatches.inc({ operation, pointer, rule }),
  })
}

/** What observes the calls of the API. */
export interface CallObserverOptions {
  readonly metrics: CallObserver
  readonly logger: FastifyBaseLogger
  /** Absent where no response is sampled. */
  readonly sampler?: Pick<ResponseSampler, 'observe'> | undefined
}

/** Creates the observer of all calls: metrics, the audit log, response sampling. */
export function createCallObserver({ metrics, logger, sampler }: CallObserverOptions): CallObserver {
  return {
    onEnd(operation, end, milliseconds) {
      metrics.onEnd(operation, end, milliseconds)
      if (operation.method !== 'GET') auditCall(logger, operation, end)
      if (end.response) sampler?.observe(operation, end.response)
    },
    onRetry: metrics.onRetry,
  }
}

/**
 * Logs one line for a call that may have changed something: who made it, of which operation, on which record, and
 * how it ended. Nothing else of the call is recorded.
 */
function auditCall(logger: FastifyBaseLogger, operation: Operation, end: CallEnd): void {
  const { caller, path, status, code } = end
  logger.info(
    { operation: operation.id, caller: nameCaller(caller), ids: readIds(operation.path, path), status, code },
    'write sent',
  )
}

/** Returns the name of a key, or issuer and subject of a token. A subject that is an address is logged as a hash. */
function nameCaller(caller: string): string | undefined {
  if (caller === '') return undefined
  return caller.includes('@') ? `sha256:${hash('sha256', caller).slice(0, 16)}` : caller
}

const id = /^[\w-]{1,64}$/

/** Reads the variables of a path that are ids; other values may be anything that a client wrote. */
function readIds(template: string, path: string): Record<string, string> {
  const segments = path.replace(/\?.*$/s, '').split('/')
  const ids = template.split('/').flatMap((segment, index): [string, string][] => {
    const name = /^\{(.+)\}$/.exec(segment)?.[1]
    const value = segments[index] ?? ''
    return name !== undefined && id.test(value) ? [[name, value]] : []
  })
  return Object.fromEntries(ids)
}
