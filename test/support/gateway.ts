import { createServer } from 'node:http'
import { type Config, readConfig } from '../../src/config/config.ts'
import { readApi } from '../../src/document/api.ts'
import { readDocument } from '../../src/document/document.ts'
import { createServers } from '../../src/gateway.ts'
import type { GatewayServers, ServersOptions } from '../../src/http/gateway.ts'
import { closeServer, listenOnLoopback } from './loopback.ts'
import { createRunLogger } from './run-log.ts'

/** A gateway that listens on two free loopback ports. */
export interface RunningGateway extends AsyncDisposable {
  readonly gateway: GatewayServers
  readonly config: Config
  readonly restUrl: string
  readonly mcpUrl: string
  /** Every line it logged so far. */
  readonly log: readonly string[]
}

/** Starts the whole gateway in front of an upstream, configured by the environment given. */
export async function startGateway(
  upstream: string,
  environment: Record<string, string> = {},
  options: Partial<ServersOptions> = {},
): Promise<RunningGateway> {
  const log: string[] = []
  const logger = createRunLogger((line) => log.push(line))
  const variables = {
    CAL_COM_BASE_URL: upstream,
    REST_PORT: '0',
    MCP_PORT: '0',
    // Whatever a test has an upstream return, a mismatch must not be reported by more than its location.
    DRIFT_SAMPLE: '1/1',
    ...environment,
  }
  const document = options.document ?? readDocument()
  const config = readConfig(variables, readApi(document))
  const built = { config, document, version: '0.0.0-test', logger }
  const gateway = await createServers({ ...built, ...options })
  const restUrl = await gateway.rest.listen({ host: '127.0.0.1', port: config.restPort })
  const mcpUrl = await gateway.mcp.listen({ host: '127.0.0.1', port: config.mcpPort })
  return { gateway, config, restUrl, mcpUrl, log, [Symbol.asyncDispose]: () => gateway.close() }
}

/** A loopback URL where nobody listens. */
export async function findClosedUrl(): Promise<string> {
  const server = createServer()
  const url = await listenOnLoopback(server)
  await closeServer(server)
  return url
}
