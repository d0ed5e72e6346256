import type { IncomingMessage } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest, RegisterOptions } from 'fastify'
import { type Grant, openGrant } from '../access/authorization.ts'
import { composeGateway } from './composition.ts'
import type { ProgramSettings } from './program-settings.ts'

/** What a client may do, as the app knows it. */
export interface ClientGrant {
  /** Name of the client; its rate and deletion limits are counted by it. */
  readonly name: string
  /** Scopes of the document (`x-scope`); all of them without. */
  readonly scopes?: readonly string[]
}

/** Settings of the plugin: those of a gateway, without the ports. Its log is the app's. */
export interface CalgatePluginOptions extends ProgramSettings {
  /** Returns what the client of a request may do; everything without. The app authenticates it, in a hook that runs before. */
  readonly grant?: (request: FastifyRequest) => ClientGrant
}

/**
 * Serves descriptions inside a Fastify app: the operations at their paths, the document at `/openapi.json` and MCP at
 * `/mcp`, all below the prefix of the plugin. `onRequest` hooks of the app run before; the gateway writes the response
 * itself, so that `onSend` hooks do not run.
 */
export default async function calgate(
  app: FastifyInstance,
  { grant, ...options }: CalgatePluginOptions & Pick<RegisterOptions, 'prefix' | 'logSerializers'>,
): Promise<void> {
  // What Fastify hands on of its own.
  const { prefix: _, logSerializers: __, ...settings } = options
  const grants = new WeakMap<IncomingMessage, Grant>()
  const above = createPrefixPattern(app)
  const { gateway } = await composeGateway(
    { logger: app.log, pages: 'off', ...settings },
    { authenticates: grant !== undefined, grant: (request) => grants.get(request) ?? openGrant },
  )
  await Promise.all([gateway.rest.ready(), gateway.mcp.ready()])
  app.addHook('onClose', () => gateway.close())
  // The gateway reads bodies itself, once they may come.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _body, done) => done(null))
  const pass = (server: FastifyInstance) => (request: FastifyRequest, reply: FastifyReply) => {
    const { raw } = request
    if (grant) grants.set(raw, toGrant(grant(request)))
    raw.url = (raw.url ?? '').replace(above, '$1')
    reply.hijack()
    server.routing(raw, reply.raw)
  }
  app.all('/mcp', pass(gateway.mcp))
  app.all('/*', pass(gateway.rest))
}

function toGrant({ name, scopes }: ClientGrant): Grant {
  return { caller: name, scopes: scopes ? new Set(scopes) : 'all' }
}

/**
 * Creates the pattern of what a request has above the rest of its path, the authority of an absolute form aside. It
 * counts segments: a parameter, or a letter that is sent percent-encoded, has another length than the prefix. Throws for
 * a prefix with the pattern of a parameter.
 */
function createPrefixPattern({ prefix, initialConfig }: FastifyInstance): RegExp {
  if (prefix.includes('(')) throw new Error(`the prefix ${prefix} has a pattern: name its parameters without`)
  const { routerOptions, ignoreDuplicateSlashes } = initialConfig
  const slash = (routerOptions?.ignoreDuplicateSlashes ?? ignoreDuplicateSlashes) ? '/+' : '/'
  const { length } = prefix.replace(/\/+$/, '').match(new RegExp(slash, 'g')) ?? []
  return new RegExp(`^(https?://[^/?]*)?(?:${slash}[^/?]*){${length}}`, 'i')
}
