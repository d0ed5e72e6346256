import type { CallObserver, CircuitState } from './call-observer.ts'
import type { Metrics } from './metrics.ts'
import type { ReadinessCheck } from './readiness.ts'
import type { MismatchRecorder } from './response-sampling.ts'
import type { StatusNames } from './status-names.ts'

/** The upstream as far as it is observed. */
export interface ObservedUpstream {
  readonly circuit: { readonly state: CircuitState }
  readonly readiness: Pick<ReadinessCheck, 'readUpstream'>
}

const circuitStates: readonly CircuitState[] = ['closed', 'half_open', 'open']

/** Registers the metrics of the calls to the upstream, and of what its responses come to. */
export function createUpstreamMetrics(
  metrics: Metrics,
  nameStatus: StatusNames,
  { circuit, readiness }: ObservedUpstream,
): CallObserver & MismatchRecorder {
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
  metrics.readState('circuit_state', 'State of the circuit breaker', circuitStates, () => circuit.state)
  metrics.read('upstream_up', '1 when the upstream takes connections', async () =>
    (await readiness.readUpstream()) === 'reachable' ? 1 : 0,
  )
  return {
    onEnd({ id: operation }, { status, code }, milliseconds) {
      const outcome = status === undefined ? (code ?? 'internal_error') : nameStatus(status)
      calls.inc({ operation, outcome })
      durations.observe({ operation }, milliseconds / 1000)
    },
    onRetry: ({ id: operation }) => retries.inc({ operation }),
    recordCheck: (operation) => checks.inc({ operation }),
    recordMismatch: ({ operation, pointer, rule }) => mismatches.inc({ operation, pointer, rule }),
  }
}
