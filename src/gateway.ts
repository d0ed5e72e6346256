import { randomBytes } from 'node:crypto'
import type { Readable, Writable } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import { createGuard, type IssuerKeys } from './access/guard.ts'
import { nameVariable } from './config/api-variables.ts'
import type { Config } from './config/config.ts'
import { readApi } from './document/api.ts'
import type { OpenApiDocument } from './document/document.ts'
import { readOperations } from './document/operations.ts'
import { reserveHeaders } from './document/security.ts'
import { compileOperations } from './document/validation.ts'
import { Admission, type AdmissionLimits } from './http/admission.ts'
import { createControlServer } from './http/control-server.ts'
import { drainServer } from './http/drain.ts'
import { type ListenerTimeouts, usualTimeouts } from './http/listener.ts'
import { UnreadResponses } from './http/unread-responses.ts'
import { createMcpServer, serveMcpStdio } from './mcp/server.ts'
import { createObservation } from './observability/observation.ts'
import { probeOrigin, ReadinessCheck } from './observability/readiness.ts'
import type { SamplingOptions } from './observability/response-sampling.ts'
import { createRestServer } from './rest/server.ts'
import { Fingerprint } from './state/fingerprint.ts'
import { createMemoryStore } from './state/store.ts'
import { CircuitBreaker, type CircuitOptions } from './upstream/circuit-breaker.ts'
import { createClient } from './upstream/client.ts'
import { createCredentialSource, listCredentialHeaders } from './upstream/credentials.ts'
import type { IdempotencyRecord } from './upstream/idempotency.ts'
import { openOrigins } from './upstream/origins.ts'
import { createRequester } from './upstream/requester.ts'

/** The two doors and what stands behind them; nothing listens yet. */
export interface Gateway {
  readonly rest: FastifyInstance
  readonly mcp: FastifyInstance
  /** Serves MCP on two streams instead of a port, until the input ends. */
  serveStdio(input: Readable, output: Writable): Promise<void>
  /** Health checks and metrics for orchestrators, who are not asked who they are. */
  readonly control: FastifyInstance
  /**
   * Stops taking connections, answers what is under way, gives idle connections the grace (milliseconds) for one
   * more request, then closes every socket.
   */
  close(grace?: number): Promise<void>
}

/** What a gateway is made of: its configuration, the document it serves and where it logs. */
export interface GatewayOptions {
  readonly config: Config
  readonly document: OpenApiDocument
  /** Version of calgate, as MCP clients are told. */
  readonly version: string
  readonly logger: FastifyBaseLogger
  /** How the circuit breaker behaves, where it is not as usual. */
  readonly circuit?: CircuitOptions
  readonly timeouts?: ListenerTimeouts
  readonly admission?: AdmissionLimits
  /** How the keys of access tokens are had, where it is not as usual. */
  readonly issuerKeys?: IssuerKeys
  /** When answers are held against the document, where it is not as usual. */
  readonly sampling?: Partial<Pick<SamplingOptions, 'clock' | 'random'>>
  /** Whether the metrics tell of the process too, which is watched for as long as it lives. */
  readonly watchProcess?: boolean
}

/** Of both servers together; a response that waited longer would come too late for its client. */
const usualAdmission: AdmissionLimits = { active: 256, waiting: 512, timeout: 250 }

/** Milliseconds for responses under way when the gateway ends. */
const drainLimit = 60_000

/** Milliseconds for a connection to the upstream, with its TLS handshake. */
const probeTimeout = 2_000

/** Composes the gateway: one document, one way upstream, two doors. */
export async function createGateway({
  config,
  document,
  version,
  logger,
  circuit = {},
  timeouts = usualTimeouts,
  admission = usualAdmission,
  issuerKeys = {},
  watchProcess = false,
  sampling = {},
}: GatewayOptions): Promise<Gateway> {
  const api = readApi(document)
  const isGuarded = config.keys.length > 0 || config.oauth !== undefined
  const read = readOperations(document)
  const operations = compileOperations(
    // What clients bring in this header is for the gateway itself.
    isGuarded ? read.map((one) => reserveHeaders(one, ['authorization'])) : read,
  )
  const clock = () => performance.now()
  const key = randomBytes(32)
  const store = createMemoryStore<IdempotencyRecord>(clock)
  const held = { secrets: config.shared, pins: config.pins }
  const guard = createGuard(config, operations, issuerKeys)
  const breaker = new CircuitBreaker(circuit)
  const places = new Admission(admission)
  const readiness = new ReadinessCheck({
    probe: () =>
      probeOrigin({ origin: new URL(config.baseUrl).origin, ca: config.ca, timeout: probeTimeout }),
    clock,
  })
  const { metrics, recorder, watch } = createObservation({
    ...{ document, circuit: breaker, logger, admission: places, share: config.driftShare },
    readUpstream: () => readiness.readUpstream(),
    ...{ clock, random: Math.random, ...sampling },
  })
  if (watchProcess) metrics.watchProcess()
  const requester = openOrigins(operations, (baseUrl) =>
    createRequester({
      baseUrl: baseUrl ?? config.baseUrl,
      timeout: config.upstreamTimeout,
      ca: config.ca,
      circuit: baseUrl === undefined ? breaker : new CircuitBreaker(circuit),
      rules: api.responses,
      key,
      clock,
      ...(baseUrl === undefined && { store }),
      observer: watch,
    }),
  )
  const client = createClient({ requester, held })

  const { allowedHosts, allowedOrigins } = config
  const listener = {
    logger,
    recorder,
    authenticate: guard.authenticate,
    allowedHosts,
    allowedOrigins,
    admission: places,
    unread: new UnreadResponses(),
    isDraining: () => readiness.draining,
    timeouts,
    rateLimit: config.rateLimit && {
      ...config.rateLimit,
      store,
      fingerprint: new Fingerprint(key),
      credentialHeaders: listCredentialHeaders(operations),
    },
  }
  const tools = {
    operations,
    client,
    held,
    policy: config,
    upstreamName: api.title,
    nameVariable: (scheme: string) => nameVariable(api, scheme),
    key,
    store,
    clock,
  }

  const rest = await createRestServer({
    ...listener,
    document,
    operations,
    requester,
    held,
    policy: config,
    isGuarded,
  })
  const mcp = await createMcpServer({ ...listener, ...tools, version })
  guard.registerMetadata(mcp)
  const control = createControlServer({ logger, readiness, metrics, allowedHosts })
  const end = async (grace: number) => {
    readiness.drain()
    // A load balancer needs a while to notice; somebody at a terminal does not.
    if (grace > 0) await setTimeout(config.drainDelay)
    const limits = { grace, limit: drainLimit }
    await Promise.all([drainServer(rest.server, limits), drainServer(mcp.server, limits)])
    await Promise.all([rest.close(), mcp.close()])
    await requester.close()
    await control.close()
  }
  let ending: Promise<void> | undefined
  return {
    rest,
    mcp,
    control,
    serveStdio: (input, output) =>
      serveMcpStdio(
        { ...tools, logger, recorder, version },
        createCredentialSource(operations, config.secrets),
        input,
        output,
      ),
    close(grace = 0) {
      ending ??= end(grace)
      return ending
    },
  }
}
