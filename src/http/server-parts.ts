import { authenticatesClients, createGuard, type Guard } from '../access/authentication.ts'
import { type Api, readApi } from '../document/api.ts'
import { readSecuritySchemes } from '../document/security.ts'
import type { Served } from '../document/served-operations.ts'
import { createObservation } from '../observability/observation.ts'
import { createReadinessCheck, type ReadinessCheck } from '../observability/readiness.ts'
import type { CircuitBreaker } from '../upstream/circuit-breaker.ts'
import type { ConfiguredCredentials } from '../upstream/credentials.ts'
import { openUpstream } from '../upstream/origins.ts'
import type { Requester } from '../upstream/requester.ts'
import { listConfigured, listPlaces } from '../upstream/secrets.ts'
import { UnreadResponses } from './connection.ts'
import type { ServersOptions } from './gateway.ts'
import { usualTimeouts } from './http-server.ts'
import type { KeptParts } from './kept-parts.ts'
import type { ListenerOptions } from './listener.ts'

/** What both servers of a gateway are made of. */
export interface ServerParts extends Pick<Served, 'document' | 'operations'> {
  readonly api: Api
  readonly guard: Guard
  /** Whether clients need a credential of the gateway's own. */
  readonly isGuarded: boolean
  /** Names, in lower case, of the headers that the gateway, or the app around it, reads for itself. */
  readonly reserved: readonly string[]
  readonly readiness: ReadinessCheck
  readonly requester: Requester
  /** Circuit breaker of the configured base URL. */
  readonly circuit: CircuitBreaker
  readonly configured: ConfiguredCredentials
  readonly listener: Omit<ListenerOptions, 'surface' | 'bodyLimit' | 'refuseUnrouted'>
}

/**
 * Creates what both servers share: operations, guard, one concurrency limit, one rate limit, one bound of unread
 * responses and the way to the upstream. Rejects with a `ConfigError` for an unknown scope of a key.
 */
export async function createServerParts(options: ServersOptions, kept: KeptParts): Promise<ServerParts> {
  const { config, logger, embedding } = options
  const { timeouts = { ...usualTimeouts, keepAlive: config.keepAlive } } = options
  const { state, telemetry, metrics, admission, breakers, responses } = kept
  const isGuarded = authenticatesClients(config)
  // A gateway or an app that authenticates its clients reads this header for itself.
  const reserved = isGuarded || embedding?.authenticates ? ['authorization'] : []
  const { document, operations, compare } = kept.readServed(options.document, {
    reserved,
    onUnserved: (operation, reason) => logger.warn({ operation, reason }, 'operation not served'),
    onUnchecked: (operation, reason) => logger.warn({ operation, reason }, 'schema not checked'),
  })
  const api = readApi(document, operations)
  const guard = await createGuard(config, operations, kept.loadVerifier)
  const readiness = createReadinessCheck(config, state.clock)
  const { recorder, calls: records } = createObservation({
    ...{ operations, compare, logger, metrics, share: config.sampledShare, clock: state.clock },
    ...options.sampling,
  })
  const tracing = telemetry?.tracing
  const requester = openUpstream({
    ...{ config, operations, rules: api.responses, state, breakers, responses, records, tracing },
  })
  const { allowedHosts, allowedOrigins, rateLimit, tls } = config
  const { store, fingerprint } = state
  const configured = { secrets: config.shared, hidden: config.secrets, pins: config.pins }
  return {
    ...{ document, operations, api, guard, isGuarded, reserved, readiness, requester },
    circuit: breakers.find(config.baseUrl),
    configured,
    listener: {
      ...{ logger, readiness, embedding, admission, timeouts, allowedHosts, allowedOrigins, tls },
      secrets: { schemes: readSecuritySchemes(document), configured: listConfigured(config) },
      recorder: { ...recorder, tracing },
      authenticate: guard.authenticate,
      unread: new UnreadResponses({ timeout: config.writeTimeout, unread: kept.unread }),
      rateLimit: rateLimit && { ...rateLimit, store, fingerprint, credentials: listPlaces(operations) },
    },
  }
}
