import type { Readable, Writable } from 'node:stream'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import type { IssuerKeys } from '../access/authentication.ts'
import type { Config } from '../config/config.ts'
import type { OpenApiDocument } from '../document/document.ts'
import type { SamplingOptions } from '../observability/response-sampling.ts'
import type { CircuitOptions } from '../upstream/circuit-breaker.ts'
import type { AdmissionLimits } from './admission.ts'
import type { ServerTimeouts } from './http-server.ts'
import type { Embedding } from './listener.ts'

/** A gateway whose servers do not listen yet. */
export interface GatewayServers {
  readonly rest: FastifyInstance
  readonly mcp: FastifyInstance
  /** Health checks and metrics for orchestrators; clients are not authenticated. */
  readonly control: FastifyInstance
  /** Serves MCP on two streams instead of a port, until the input ends. */
  serveStdio(input: Readable, output: Writable): Promise<void>
  /**
   * Serves another configuration and document from the next request on; the requests under way keep theirs. Ports,
   * limits of the process, metrics, circuit breakers and shared state stay, and so do compiled checks of the same
   * document. Clients on two streams are told where their tools have changed. Rejects, and changes nothing, where a
   * gateway cannot be made of them, or this one closes.
   */
  reload(next: Pick<ServersOptions, 'config' | 'document'>): Promise<void>
  /**
   * Stops taking connections, completes the requests under way and the writes of clients that have disconnected, gives
   * idle connections the grace (milliseconds) for one more request, then closes every socket.
   */
  close(grace?: number): Promise<void>
}

/** What a gateway is made of: its configuration, the document it serves and where it logs. */
export interface ServersOptions {
  readonly config: Config
  readonly document: OpenApiDocument
  /** Version of calgate, as MCP clients are told. */
  readonly version: string
  readonly logger: FastifyBaseLogger
  readonly embedding?: Embedding
  readonly circuit?: CircuitOptions
  readonly timeouts?: ServerTimeouts
  readonly admission?: AdmissionLimits
  readonly issuerKeys?: IssuerKeys
  readonly sampling?: Partial<Pick<SamplingOptions, 'clock' | 'random'>>
  /** Whether the metrics include those of the process. */
  readonly watchProcess?: boolean
}
