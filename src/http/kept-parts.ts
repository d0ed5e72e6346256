import { createVerifierLoader, type VerifierLoader } from '../access/authentication.ts'
import { ConfigError } from '../config/config.ts'
import { asRecord } from '../document/json.ts'
import { createServedReader, type ServedReader } from '../document/served-operations.ts'
import { createGatewayMetrics, type GatewayMetrics, type Observed } from '../observability/gateway-metrics.ts'
import { describeError } from '../observability/logger.ts'
import type { Telemetry, TelemetryOptions } from '../observability/telemetry.ts'
import { type GatewayState, openState } from '../state/gateway-state.ts'
import { ResponseLoad, StreamLimit } from '../upstream/body-stream.ts'
import { CircuitBreakers } from '../upstream/circuit-breaker.ts'
import type { IdempotencyRecord } from '../upstream/idempotency.ts'
import { Admission } from './admission.ts'
import { UnreadBytes } from './connection.ts'
import type { ServersOptions } from './gateway.ts'

/** What a gateway keeps when it is composed anew. */
export interface KeptParts {
  readonly state: GatewayState<IdempotencyRecord>
  /** Undefined where no telemetry is sent. */
  readonly telemetry: Telemetry | undefined
  readonly metrics: GatewayMetrics
  readonly breakers: CircuitBreakers
  readonly readServed: ServedReader
  /** The concurrency limit of both servers, with the requests under way. */
  readonly admission: Admission
  readonly unread: UnreadBytes
  readonly responses: ResponseLoad
  readonly uploads: StreamLimit
  readonly loadVerifier: VerifierLoader
  /** Closes the shared state, then sends what is left of the telemetry. */
  close(): Promise<void>
}

/** Bodies that stream upstream at a time: each holds a slot of the concurrency limit while its client sends. */
const mostUploads = 64

/** Opens what a gateway keeps. Rejects with a `ConfigError` where telemetry is sent and its packages are not installed. */
export async function openKeptParts(
  { config, version, logger, circuit = {}, admission: limits, watchProcess, issuerKeys }: ServersOptions,
  observed: Pick<Observed, 'readiness' | 'circuit'>,
): Promise<KeptParts> {
  // Before the rest: where it cannot be loaded, nothing is open yet.
  const readMetrics = () => metrics.metrics.collect()
  const telemetry = await loadTelemetry(config.telemetryUrl, { version, readMetrics })
  const state = await openState<IdempotencyRecord>(config.sharedState, {
    onChange: (available, cause) =>
      available
        ? logger.info('shared state reachable')
        : logger.warn({ err: describeError(cause) }, 'shared state unreachable'),
    onStarve: (isStarved) =>
      isStarved ? logger.warn('shared state out of memory') : logger.info('shared state has memory again'),
  })
  const { store } = state
  const metrics = createGatewayMetrics({ ...observed, admission: () => admission, store, watchProcess })
  const admission = new Admission(limits, metrics.requests.recordShed)
  const breakers = new CircuitBreakers(circuit)
  return {
    ...{ state, telemetry, metrics, breakers, readServed: createServedReader() },
    ...{ admission, unread: new UnreadBytes(), responses: new ResponseLoad() },
    uploads: new StreamLimit(mostUploads),
    loadVerifier: createVerifierLoader(issuerKeys),
    async close() {
      await store.close()
      await telemetry?.close()
    },
  }
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
