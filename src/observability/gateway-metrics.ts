import { errorCatalogue } from '../errors/catalogue.ts'
import type { ErrorCode } from '../errors/gateway-error.ts'
import { countDroppedLines } from './logger.ts'
import { Metrics } from './metrics.ts'
import type { ReadinessCheck } from './readiness.ts'
import { clientDisconnected, type RequestRecorder } from './requests.ts'
import type { MismatchKind, MismatchRecorder } from './response-sampling.ts'

/** What the metrics read at each scrape. */
export interface Observed extends ObservedUpstream {
  readonly admission: () => ObservedAdmission
  /** Whether the metrics include those of the process, for as long as it lives. */
  readonly watchProcess?: boolean | undefined
}

/** The metrics of a gateway, which last as long as it does. */
export interface GatewayMetrics {
  readonly metrics: Metrics
  readonly requests: RequestMetrics
  readonly upstream: UpstreamMetrics
}

/** Registers the metrics of a gateway. */
export function createGatewayMetrics(observed: Observed): GatewayMetrics {
  const metrics = new Metrics()
  const requests = createRequestMetrics(metrics, observed.admission)
  const upstream = createUpstreamMetrics(metrics, observed)
  if (observed.watchProcess) metrics.watchProcess()
  return { metrics, requests, upstream }
}

/** The concurrency limit as far as it is observed. */
export interface ObservedAdmission {
  readonly active: number
  readonly waiting: number
}

/** The metrics of both servers. */
export interface RequestMetrics {
  /** Counts requests, with statuses as a document names them. */
  readonly record: (nameStatus: StatusNames) => RequestRecorder
  /** Counts a request refused for want of a slot. */
  readonly recordShed: () => void
}

/**
 * Registers the metrics of both servers. Labels hold names of the document, codes of the catalogue and statuses, and
 * nothing that a client or an upstream writes.
 */
function createRequestMetrics(metrics: Metrics, admission: () => ObservedAdmission): RequestMetrics {
  const labels: ('surface' | 'operation')[] = ['surface', 'operation']
  const requests = metrics.count('requests_total', 'Requests and tool calls', [...labels, 'status'])
  const durations = metrics.time('request_duration_seconds', 'Time until their responses end', labels)
  const errors = metrics.count('errors_total', "The gateway's own errors", ['surface', 'code'])
  metrics.read(
    'requests_active',
    'Requests that hold a slot of the concurrency limit',
    () => admission().active,
  )
  metrics.read('requests_waiting', 'Requests that wait for a slot', () => admission().waiting)
  const shed = metrics.count('requests_shed_total', 'Requests refused for want of a slot', [])
  metrics.readTotal('log_lines_dropped_total', 'Lines that the log did not take', countDroppedLines)
  const recordError: RequestRecorder['recordError'] = (surface, code) => errors.inc({ surface, code })
  return {
    recordShed: () => shed.inc(),
    record: (nameStatus) => ({
      recordError,
      recordRequest(surface, operation = 'none', { status, code }, milliseconds) {
        requests.inc({ surface, operation, status: nameStatus(status) })
        durations.observe({ surface, operation }, milliseconds / 1000)
        if (code !== undefined) recordError(surface, code)
      },
    }),
  }
}

/** Names a status for a label with a bounded number of values. */
export type StatusNames = (status: number) => string

/** Names the statuses of the document and of the error catalogue by number, and all others by class (`4xx`). */
export function createStatusNames(documented: readonly number[]): StatusNames {
  const own = Object.values(errorCatalogue).map(({ status }) => status)
  const known = new Map([...documented, ...own, clientDisconnected].map((status) => [status, String(status)]))
  return (status) => known.get(status) ?? `${Math.trunc(status / 100)}xx`
}

/** State of the circuit breaker: all calls pass, none does, or the one that finds out whether the API is back. */
export type CircuitState = 'closed' | 'open' | 'half_open'

/** Counts the calls of the API. */
export interface CallMetrics {
  /** Called once for each call, with the status of its response or the code of the error in its place. */
  recordCall(operation: string, outcome: number | ErrorCode, milliseconds: number): void
  /** Called for each further try of a call. */
  recordRetry(operation: string): void
}

/** The upstream as far as it is observed; a reload replaces its parts. */
export interface ObservedUpstream {
  readonly circuit: () => { readonly state: CircuitState }
  readonly readiness: () => Pick<ReadinessCheck, 'readUpstream'>
  /** What replicas share. */
  readonly store: { readonly available: boolean }
}

const circuitStates: readonly CircuitState[] = ['closed', 'half_open', 'open']

/** Most kinds of mismatches that have series of their own; a document can be large, and so can a response. */
const mostKinds = 1_000

/** Counts calls and mismatches, with statuses as a document names them. */
export type UpstreamMetrics = (nameStatus: StatusNames) => CallMetrics & MismatchRecorder

/** Registers the metrics of the calls to the upstream, and of what its responses come to. */
function createUpstreamMetrics(
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
  const kinds = new Set<string>()
  const isNamed = ({ operation, pointer, rule }: MismatchKind) => {
    const name = `${operation} ${pointer} ${rule}`
    return kinds.has(name) || (kinds.size < mostKinds && kinds.add(name).size > 0)
  }
  metrics.readState('circuit_state', 'State of the circuit breaker', circuitStates, () => circuit().state)
  metrics.read('upstream_up', '1 when the upstream takes connections', async () =>
    (await readiness().readUpstream()) === 'reachable' ? 1 : 0,
  )
  metrics.read('shared_state_up', '1 when the state that replicas share can be reached', () =>
    store.available ? 1 : 0,
  )
  return (nameStatus) => ({
    recordCall(operation, outcome, milliseconds) {
      calls.inc({ operation, outcome: typeof outcome === 'number' ? nameStatus(outcome) : outcome })
      durations.observe({ operation }, milliseconds / 1000)
    },
    recordRetry: (operation) => retries.inc({ operation }),
    recordCheck: (operation) => checks.inc({ operation }),
    recordMismatch: (kind) => mismatches.inc(isNamed(kind) ? { ...kind } : { ...kind, pointer: '?' }),
  })
}
