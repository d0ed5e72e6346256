import { nameCredential } from './config/api-variables.ts'
import { createControlServer } from './http/control-server.ts'
import type { GatewayServers, ServersOptions } from './http/gateway.ts'
import type { KeptParts } from './http/kept-parts.ts'
import { type Composition, openGateway } from './http/reload.ts'
import { createServerParts } from './http/server-parts.ts'
import { createMcpServer, createStdioOffer } from './mcp/server.ts'
import type { StdioOffer } from './mcp/stdio.ts'
import { createRestServer } from './rest/server.ts'
import { createClient } from './upstream/client.ts'
import { createCredentialSource } from './upstream/credentials.ts'

/**
 * Creates a gateway of one document, one upstream and both servers. Rejects with a `ConfigError` for what only shows when
 * it is composed, such as an unknown scope of a key.
 */
export function createServers(options: ServersOptions): Promise<GatewayServers> {
  return openGateway<StdioOffer>(options, {
    compose,
    async openStdio(offer, input, output) {
      const { openStdio } = await import('./mcp/stdio.ts')
      return openStdio(offer, input, output)
    },
  })
}

/** Composes what a request runs through; a reload does so again. */
async function compose(options: ServersOptions, kept: KeptParts): Promise<Composition<StdioOffer>> {
  const { config, version, logger } = options
  const { state, metrics, uploads } = kept
  const parts = await createServerParts(options, kept)
  const { document, operations, api, guard, isGuarded, reserved, readiness } = parts
  const { requester, circuit, configured, listener } = parts
  const common = { operations, configured, policy: config }
  const page = config.pages ? { title: api.title, isGuarded } : undefined

  const rest = await createRestServer({
    ...{ ...listener, ...common, document, requester, isGuarded, reserved, page, uploads },
    bodyLimits: config.bodyLimits,
    responseHeaders: api.responses.headers,
  })
  const tools = {
    ...{ ...common, ...state, version, logger, recorder: listener.recorder, upstreamName: api.title },
    client: createClient({ requester, configured }),
    offersSearch: config.offersSearch,
    messageLimit: config.messageLimit,
    nameVariables: (scheme: string) => nameCredential(api, scheme),
  }
  const mcp = await createMcpServer({ ...listener, ...tools, page })
  guard.registerMetadata(mcp)
  const control = createControlServer({
    ...{ logger, readiness, metrics: metrics.metrics, allowedHosts: config.allowedHosts },
    timeouts: listener.timeouts,
  })
  return {
    ...{ rest, mcp, control, readiness, requester, circuit },
    stdio: createStdioOffer(tools, createCredentialSource(config.secrets)),
  }
}
