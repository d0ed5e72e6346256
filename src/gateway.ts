import { randomBytes } from 'node:crypto'
import type { Readable, Writable } from 'node:stream'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import type { Config } from './config.ts'
import type { OpenApiDocument } from './contract/document.ts'
import { readOperations } from './contract/operations.ts'
import { compileOperations } from './contract/validation.ts'
import { createMcpServer, serveMcpStdio } from './mcp/server.ts'
import { createRestServer } from './rest/server.ts'
import { readRetryAfter, upstreamName } from './upstream/cal-com.ts'
import type { CircuitOptions } from './upstream/circuit.ts'
import { createClient } from './upstream/client.ts'
import { createDispatcher } from './upstream/dispatcher.ts'
import { createExchange } from './upstream/exchange.ts'

/** The two doors and what stands behind them; nothing listens yet. */
export interface Gateway {
  readonly rest: FastifyInstance
  readonly mcp: FastifyInstance
  /** Serves MCP on two streams instead of a port, until the input ends. */
  serveStdio(input: Readable, output: Writable): Promise<void>
  /** Finishes the calls under way and closes every socket. */
  close(): Promise<void>
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
}

/** Composes the gateway: one document, one way upstream, two doors. */
export async function createGateway({
  config,
  document,
  version,
  logger,
  circuit = {},
}: GatewayOptions): Promise<Gateway> {
  const operations = compileOperations(readOperations(document))
  const held = { apiKey: config.apiKey }
  const dispatcher = createDispatcher({
    baseUrl: config.baseUrl,
    timeout: config.upstreamTimeout,
    ca: config.ca,
    circuit,
  })
  const exchange = createExchange({ dispatcher, key: randomBytes(32), clock: () => performance.now() })
  const client = createClient({ exchange, held })

  const { allowedHosts, allowedOrigins } = config
  const listener = { logger, allowedHosts, allowedOrigins }
  const tools = {
    operations,
    client,
    held,
    readRetryAfter,
    upstreamName,
    secretVariable: 'CAL_COM_SECRET_KEY',
  }

  const rest = await createRestServer({ ...listener, document, operations, exchange, held })
  const mcp = await createMcpServer({ ...listener, ...tools, version })
  return {
    rest,
    mcp,
    serveStdio: (input, output) =>
      serveMcpStdio({ ...tools, logger, version }, config.secretKey, input, output),
    async close() {
      await Promise.all([rest.close(), mcp.close()])
      await dispatcher.close()
    },
  }
}
