import { ConfigError } from '../config/config.ts'
import { asRecord } from '../document/json.ts'
import { createServedReader, type ServedReader } from '../document/served-operations.ts'
import { createGatewayMetrics, type GatewayMetrics, type Observed } from '../observability/gateway-metrics.ts'
import type { Telemetry, TelemetryOptions } from '../observability/telemetry.ts'
import { type GatewayState, openState } from '../state/gateway-state.ts'
import { CircuitBreakers } from '../upstream/circuit-breaker.ts'
import type { IdempotencyRecord } from '../upstream/idempotency.ts'
import type { GatewayOptions } from './gateway.ts'

/** What a gateway keeps when it is composed anew. */
export interface KeptParts {
  readonly state: GatewayState<IdempotencyRecord>
  /** Undefined where no telemetry is sent. */
  readonly telemetry: Telemetry | undefined
  readonly metrics: GatewayMetrics
  readonly breakers: CircuitBreakers
  readonly readServed: ServedReader
}

/** Opens what a gateway keeps. Rejects with a `ConfigError` where telemetry is sent and its packages are not installed. */
export async function openKeptParts(
  { config, version, logger, circuit = {}, watchProcess }: GatewayOptions,
  observed: Pick<Observed, 'admission' | 'readiness' | 'circuit'>,
): Promise<KeptParts> {
  const state = await openState<IdempotencyRecord>(config.sharedState, (available, cause) =>
    available
      ? logger.info('shared state reachable')
      : logger.warn({ err: cause }, 'shared state unreachable'),
  )
  const metrics = createGatewayMetrics({ ...observed, store: state.store, watchProcess })
  const readMetrics = () => metrics.metrics.collect()
  const telemetry = await loadTelemetry(config.telemetryUrl, { version, readMetrics })
  const breakers = new CircuitBreakers(circuit)
  return { state, telemetry, metrics, breakers, readServed: createServedReader() }
}

/** Loads the SDK of OpenTelemetry only where telemetry is sent. */
async function loadTelemetry(
  endpoint: string | undefined,
  options: Omit<TelemetryOptions, 'endpoint'>,
): Promise<Telemetry | undefined> {
  if (endpoint === undefined) return undefined
  const { openTelemetry } = await import('../observability/telemetry.ts').catch((error: unknown) => {
    if (asRecord(error).code !== 'ERR_MODULE_NOT_FOUND') throw error
    const reason = 'needs the optional packages of OpenTelemetry, which docs/observability.md lists'
    throw new ConfigError([`OTEL_EXPORTER_OTLP_ENDPOINT ${reason}`])
  })
  return openTelemetry({ endpoint, ...options })
}
