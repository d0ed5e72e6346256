import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import type { Config } from './config.ts'
import type { OpenApiDocument } from './contract/document.ts'
import { readOperations } from './contract/operations.ts'
import { compileOperations } from './contract/validation.ts'
import { createRestServer } from './rest/server.ts'
import { createClient } from './upstream/client.ts'
import { createDispatcher } from './upstream/dispatcher.ts'

/** The two doors and what stands behind them; nothing listens yet. */
export interface Gateway {
  readonly rest: FastifyInstance
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
}

/** Composes the gateway: one document, one way upstream, two doors. */
export async function createGateway({ config, document, logger }: GatewayOptions): Promise<Gateway> {
  const operations = compileOperations(readOperations(document))
  const held = { apiKey: config.apiKey }
  const dispatcher = createDispatcher({ baseUrl: config.baseUrl, timeout: config.upstreamTimeout })
  const client = createClient({ dispatcher, held })
  const shared = {
    operations,
    held,
    logger,
    allowedHosts: config.allowedHosts,
    allowedOrigins: config.allowedOrigins,
  }
  const rest = await createRestServer({ ...shared, document, dispatcher })
  return {
    rest,
    async close() {
      await Promise.all([rest.close()])
      await dispatcher.close()
    },
  }
}
