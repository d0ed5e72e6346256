import type { Readable, Writable } from 'node:stream'
import { authenticatesClients, createGuard } from './access/authentication.ts'
import { nameVariable } from './config/api-variables.ts'
import { ConfigError } from './config/config.ts'
import { readApi } from './document/api.ts'
import { asRecord } from './document/json.ts'
import { readServed } from './document/served-operations.ts'
import { Admission, usualAdmission } from './http/admission.ts'
import { createControlServer } from './http/control-server.ts'
import { createClose } from './http/drain.ts'
import type { Gateway, GatewayOptions } from './http/gateway.ts'
import { usualTimeouts } from './http/listener.ts'
import { createListenerOptions } from './http/listener-options.ts'
import { awaitRequests, redirectRequests } from './http/reload.ts'
import { createMcpServer, serveMcpStdio } from './mcp/server.ts'
import { createObservation } from './observability/observation.ts'
import { createReadinessCheck } from './observability/readiness.ts'
import type { Telemetry, TelemetryOptions } from './observability/telemetry.ts'
import type { Tracing } from './observability/tracing.ts'
import { createRestServer } from './rest/server.ts'
import { type GatewayState, openState } from './state/gateway-state.ts'
import { CircuitBreaker } from './upstream/circuit-breaker.ts'
import { createClient } from './upstream/client.ts'
import { createCredentialSource } from './upstream/credentials.ts'
import type { IdempotencyRecord } from './upstream/idempotency.ts'
import { openUpstream } from './upstream/origins.ts'

/** What a gateway keeps when it is composed anew. */
interface Kept {
  readonly state: GatewayState<IdempotencyRecord>
  readonly tracing: Tracing | undefined
}

/**
 * Creates a gateway of one document, one upstream and both servers. A reload composes everything anew but the state,
 * and moves the requests of the servers that listen. Throws a `ConfigError` for an unknown scope of a key.
 */
export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  const { config, logger } = options
  const state = await openState<IdempotencyRecord>(config.sharedState, (available, cause) =>
    available
      ? logger.info('shared state reachable')
      : logger.warn({ err: cause }, 'shared state unreachable'),
  )
  const telemetry = await loadTelemetry(config.telemetryUrl, options.version, () => current.metrics.collect())
  const kept = { state, tracing: telemetry?.tracing }
  const first = await compose(options, kept)
  const { rest, mcp, control } = first
  let current = first
  return {
    ...{ rest, mcp, control },
    serveStdio: (input, output) => current.serveStdio(input, output),
    async reload(next) {
      const composition = await compose({ ...options, ...next }, kept)
      await Promise.all(
        servers.map((name) => redirectRequests(first[name].server, composition[name], next.config.tls)),
      )
      const former = current
      current = composition
      // What it was made of closes with its last request.
      void awaitRequests(former, former.admission).then(() => former.requester.close())
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
async function compose(options: GatewayOptions, { state, tracing }: Kept) {
  const { config, version, logger, circuit = {}, issuerKeys = {} } = options
  const { timeouts = { ...usualTimeouts, keepAlive: config.keepAlive } } = options
  const { embedding } = options
  const isGuarded = authenticatesClients(config)
  const { document, operations } = readServed(options.document, {
    // A gateway that authenticates its clients reads this header for itself.
    reserved: isGuarded ? ['authorization'] : [],
    onUnserved: (operation, reason) => logger.warn({ operation, reason }, 'operation not served'),
    onUnchecked: (operation, reason) => logger.warn({ operation, reason }, 'schema not checked'),
  })
  const api = readApi(document, operations)
  const guard = createGuard(config, operations, issuerKeys)

  const breaker = new CircuitBreaker(circuit)
  const admission = new Admission(options.admission ?? usualAdmission)
  const readiness = createReadinessCheck(config, state.clock)
  const { metrics, watch, ...observation } = createObservation({
    ...{ document, logger, admission, readiness, circuit: breaker, share: config.sampledShare },
    ...{ store: state.store, clock: state.clock, ...options.sampling, watchProcess: options.watchProcess },
  })

  const recorder = { ...observation.recorder, tracing }

  const upstream = {
    config,
    operations,
    rules: api.responses,
    state,
    breaker,
    circuit,
    observer: watch,
    tracing,
  }
  const requester = openUpstream(upstream)
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
  const control = createControlServer({ logger, readiness, metrics, allowedHosts: config.allowedHosts })

  const credential = createCredentialSource(config.secrets)
  return {
    ...{ rest, mcp, control, admission, readiness, requester, metrics },
    serveStdio: (input: Readable, output: Writable) => serveMcpStdio(tools, credential, input, output),
  }
}
