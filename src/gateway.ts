import { authenticatesClients, createGuard } from './access/authentication.ts'
import { nameVariable } from './config/api-variables.ts'
import { ConfigError } from './config/config.ts'
import { readApi } from './document/api.ts'
import { asRecord } from './document/json.ts'
import { createServedReader, type ServedReader } from './document/served-operations.ts'
import { Admission, usualAdmission } from './http/admission.ts'
import { createControlServer } from './http/control-server.ts'
import { createClose } from './http/drain.ts'
import type { Gateway, GatewayOptions } from './http/gateway.ts'
import { usualTimeouts } from './http/listener.ts'
import { createListenerOptions } from './http/listener-options.ts'
import { awaitRequests, redirectRequests } from './http/reload.ts'
import { createMcpServer, createStdioOffer } from './mcp/server.ts'
import type { StdioSession } from './mcp/stdio.ts'
import { createGatewayMetrics, type GatewayMetrics } from './observability/gateway-metrics.ts'
import { createObservation } from './observability/observation.ts'
import { createReadinessCheck } from './observability/readiness.ts'
import type { Telemetry, TelemetryOptions } from './observability/telemetry.ts'
import type { Tracing } from './observability/tracing.ts'
import { createRestServer } from './rest/server.ts'
import { type GatewayState, openState } from './state/gateway-state.ts'
import { CircuitBreakers } from './upstream/circuit-breaker.ts'
import { createClient } from './upstream/client.ts'
import { createCredentialSource } from './upstream/credentials.ts'
import type { IdempotencyRecord } from './upstream/idempotency.ts'
import { openUpstream } from './upstream/origins.ts'

/** What a gateway keeps when it is composed anew. */
interface Kept {
  readonly state: GatewayState<IdempotencyRecord>
  readonly tracing: Tracing | undefined
  readonly metrics: GatewayMetrics
  readonly breakers: CircuitBreakers
  readonly readServed: ServedReader
}

/**
 * Creates a gateway of one document, one upstream and both servers. A reload composes everything anew but what is kept,
 * and moves the requests of the servers that listen. Throws a `ConfigError` for an unknown scope of a key.
 */
export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  const { config, logger } = options
  const state = await openState<IdempotencyRecord>(config.sharedState, (available, cause) =>
    available
      ? logger.info('shared state reachable')
      : logger.warn({ err: cause }, 'shared state unreachable'),
  )
  const breakers = new CircuitBreakers(options.circuit ?? {})
  const metrics = createGatewayMetrics({
    admission: () => current.admission,
    readiness: () => current.readiness,
    circuit: () => current.circuit,
    ...{ store: state.store, watchProcess: options.watchProcess },
  })
  const telemetry = await loadTelemetry(config.telemetryUrl, options.version, () => metrics.metrics.collect())
  const kept = {
    ...{ state, tracing: telemetry?.tracing, metrics, breakers },
    readServed: createServedReader(),
  }
  const first = await compose(options, kept)
  const { rest, mcp, control } = first
  let current = first
  const sessions = new Set<StdioSession>()
  return {
    ...{ rest, mcp, control },
    async serveStdio(input, output) {
      const { openStdio } = await import('./mcp/stdio.ts')
      const session = openStdio(current.stdio, input, output)
      sessions.add(session)
      await session.ended
      sessions.delete(session)
    },
    async reload(next) {
      const composition = await compose({ ...options, ...next }, kept)
      await Promise.all(
        servers.map((name) => redirectRequests(first[name].server, composition[name], next.config.tls)),
      )
      const former = current
      current = composition
      const changes = [...sessions].map((session) => session.change(composition.stdio))
      // What it was made of closes with its last request.
      void Promise.all([awaitRequests(former, former.admission), ...changes]).then(() =>
        former.requester.close(),
      )
    },
    close: createClose({
      drain: () => current.readiness.drain(),
      delay: config.drainDelay,
      servers: [rest, mcp],
      others: [
        { close: () => current.requester.close() },
        state.store,
        ...(telemetry ? [telemetry] : []),
        control,
      ],
    }),
  }
}

const servers = ['rest', 'mcp', 'control'] as const

/** Loads the SDK of OpenTelemetry only where telemetry is sent. Rejects with a `ConfigError` where it is not installed. */
async function loadTelemetry(
  endpoint: string | undefined,
  version: string,
  readMetrics: TelemetryOptions['readMetrics'],
): Promise<Telemetry | undefined> {
  if (endpoint === undefined) return undefined
  const { openTelemetry } = await import('./observability/telemetry.ts').catch((error: unknown) => {
    if (asRecord(error).code !== 'ERR_MODULE_NOT_FOUND') throw error
    const reason = 'needs the optional packages of OpenTelemetry, which docs/observability.md lists'
    throw new ConfigError([`OTEL_EXPORTER_OTLP_ENDPOINT ${reason}`])
  })
  return openTelemetry({ endpoint, version, readMetrics })
}

/** Composes what a request runs through. */
async function compose(options: GatewayOptions, kept: Kept) {
  const { state, tracing, metrics, breakers } = kept
  const { config, version, logger, issuerKeys = {} } = options
  const { timeouts = { ...usualTimeouts, keepAlive: config.keepAlive } } = options
  const { embedding } = options
  const isGuarded = authenticatesClients(config)
  const { document, operations, compare } = kept.readServed(options.document, {
    // A gateway that authenticates its clients reads this header for itself.
    reserved: isGuarded ? ['authorization'] : [],
    onUnserved: (operation, reason) => logger.warn({ operation, reason }, 'operation not served'),
    onUnchecked: (operation, reason) => logger.warn({ operation, reason }, 'schema not checked'),
  })
  const api = readApi(document, operations)
  const guard = await createGuard(config, operations, issuerKeys)

  const admission = new Admission(options.admission ?? usualAdmission, metrics.requests.recordShed)
  const readiness = createReadinessCheck(config, state.clock)
  const observation = createObservation({
    ...{
      document,
      compare,
      logger,
      metrics,
      share: config.sampledShare,
      clock: state.clock,
      ...options.sampling,
    },
  })
  const recorder = { ...observation.recorder, tracing }

  const requester = openUpstream({
    ...{ config, operations, rules: api.responses, state, breakers, records: observation.calls, tracing },
  })
  const configured = { secrets: config.shared, pins: config.pins }
  const common = { operations, configured, policy: config }
  const parts = {
    ...{ config, operations, guard, embedding, state, readiness },
    ...{ admission, timeouts, logger, recorder },
  }
  const listener = createListenerOptions(parts)
  const page = config.pages ? { title: api.title, isGuarded } : undefined
  const rest = await createRestServer({
    ...{ ...listener, ...common, document, requester, isGuarded, page },
    bodyLimits: config.bodyLimits,
  })
  const tools = {
    ...{ ...common, ...state, version, logger, recorder, upstreamName: api.title },
    client: createClient({ requester, configured }),
    offersSearch: config.offersSearch,
    nameVariable: (scheme: string) => nameVariable(api, scheme),
  }
  const mcp = await createMcpServer({ ...listener, ...tools, page, messageLimit: config.messageLimit })
  guard.registerMetadata(mcp)
  const control = createControlServer({
    ...{ logger, readiness, metrics: metrics.metrics, allowedHosts: config.allowedHosts },
  })

  const credential = createCredentialSource(config.secrets)
  return {
    ...{ rest, mcp, control, admission, readiness, requester },
    circuit: breakers.find(config.baseUrl),
    stdio: createStdioOffer(tools, credential),
  }
}
