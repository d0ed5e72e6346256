import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import { openGrant } from '../access/authorization.ts'
import { hideCredentials } from '../config/urls.ts'
import { createListener, type ListenerOptions } from '../http/listener.ts'
import { describeError } from '../observability/logger.ts'
import { describeToolCalls, type ToolCallRecord } from '../observability/requests.ts'
import { listConfigured } from '../upstream/secrets.ts'
import type { CredentialSource } from './arguments.ts'
import { type PageOptions, refuseUnrouted, registerMcp } from './endpoint.ts'
import type { RpcError } from './json-rpc.ts'
import type { ProtocolOptions } from './protocol.ts'
import { listUndescribedTools } from './response-selection.ts'
import { listSecretTools } from './schema-redaction.ts'
import type { StdioOffer } from './stdio.ts'
import { offerSearch } from './tool-search.ts'
import { createTools, type ToolOptions } from './tools.ts'

/** Tools that common clients take; OpenAI's take no more than 128. */
const mostTools = 128

/** What both transports of the MCP server are made of. */
export interface McpOptions extends Omit<ToolOptions, 'onUnexpectedError'> {
  /** Version of calgate. */
  readonly version: string
  /** Whether three tools that search, describe and call stand in the place of all others. */
  readonly offersSearch?: boolean
  readonly logger: FastifyBaseLogger
  /** Bytes of a message. */
  readonly messageLimit: number
}

/** Builds the MCP server of the HTTP port. */
export async function createMcpServer(
  options: McpOptions &
    Omit<ListenerOptions, 'bodyLimit' | 'surface'> & {
      readonly page?: PageOptions | undefined
    },
): Promise<FastifyInstance> {
  const app = await createListener({
    ...options,
    surface: 'mcp',
    bodyLimit: options.messageLimit,
    refuseUnrouted,
  })
  await app.register(registerMcp, {
    ...describeServer(options),
    operations: options.operations,
    page: options.page,
  })
  if (options.policy.redactTokens) warnOfRedaction(options)
  const count = options.operations.filter(({ tool }) => tool !== undefined).length
  if (count > mostTools && !options.offersSearch)
    options.logger.warn(
      `${count} tools are more than many clients take: \`--tools search\` offers three that find and call them, and \`--tag\` or \`--read-only\` select some`,
    )
  return app
}

/** Warns of each operation that models are told nothing of. */
function warnOfRedaction({ operations, logger }: McpOptions): void {
  for (const { method, path } of listSecretTools(operations))
    logger.warn(
      { operation: `${method} ${hideCredentials(path)}`, reason: 'its response has nothing but secrets' },
      'tool not listed',
    )
  for (const { method, path } of listUndescribedTools(operations))
    logger.warn(
      { operation: `${method} ${hideCredentials(path)}`, reason: 'the document does not say what it holds' },
      'response not shown',
    )
}

/** Describes what a client on two streams is served. The credentials given here go with each call that brings none. */
export function createStdioOffer(options: McpOptions, credential: CredentialSource): StdioOffer {
  // The process that starts this one is the client.
  const secrets = listConfigured(options.configured)
  const context = { credential, grant: openGrant, listSecrets: () => secrets }
  // There is no request whose log line could tell of the call.
  const onEnd = (call: ToolCallRecord, milliseconds: number) =>
    options.logger.info(
      { surface: 'mcp', ...describeToolCalls([call]), cause: call.cause, ms: Math.round(milliseconds) },
      'tool call completed',
    )
  const onRefused = ({ status, known }: RpcError) =>
    options.logger.info({ surface: 'mcp', status, code: known?.code }, 'request refused')
  return { ...describeServer({ ...options, onEnd }), context, onRefused, messageLimit: options.messageLimit }
}

function describeServer(options: McpOptions): ProtocolOptions {
  const { logger, upstreamName, version } = options
  const onUnexpectedError = (error: unknown, requestId?: string) =>
    logger.error({ err: describeError(error), requestId }, 'a tool failed')
  const checks = 'its arguments are checked before anything is sent.'
  const instructions = [
    options.offersSearch
      ? `search-tools finds the calls of the ${upstreamName} API, describe-tool describes one, and call-tool makes it; ${checks}`
      : `Each tool is one call of the ${upstreamName} API; ${checks}`,
    'Leave secrets out of the arguments where the client or the environment provides them.',
    options.policy.redactTokens
      ? 'Secrets and tokens are redacted from results; the application gets them itself.'
      : 'Results can hold tokens: hand them to the application, do not repeat them in the conversation.',
    'After an error do what its line "Next:" says. Never repeat a call that writes before you have read the state.',
  ].join(' ')
  const identity = {
    name: 'calgate',
    title: `calgate: ${upstreamName} through a gateway`,
    version,
    instructions,
  }
  const tools = createTools({ ...options, onUnexpectedError })
  return { tools: options.offersSearch ? offerSearch(tools, options.operations) : tools, identity }
}
