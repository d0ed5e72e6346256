import type { FastifyInstance } from 'fastify'
import { readConfig } from '../config/config.ts'
import { findUnknownVariables } from '../config/unknown-variables.ts'
import { readApi } from '../document/api.ts'
import { type OpenApiDocument, readDocument } from '../document/document.ts'
import { createGateway } from '../gateway.ts'
import { type CommandContext, CommandError } from './command.ts'

/**
 * Serves REST and MCP on their ports until the process is asked to end: the descriptions that the arguments name, or what
 * calgate ships with.
 */
export async function serve(args: readonly string[], context: CommandContext): Promise<undefined> {
  const { environment, version } = context
  const document = args.length === 0 ? readDocument() : await loadServed(args, context)
  const api = readApi(document)
  const config = readConfig(environment, api)
  const logger = context.startLog('stdout', config.logLevel)
  for (const sentence of findUnknownVariables(environment, api)) logger.warn(sentence)
  const gateway = await createGateway({ config, document, logger, version, watchProcess: true })
  context.onStop(gateway.close)
  try {
    await listen(gateway.rest, config.host, config.restPort, 'REST_PORT')
    await listen(gateway.mcp, config.host, config.mcpPort, 'MCP_PORT')
    await listen(gateway.control, config.controlHost, config.controlPort, 'CONTROL_PORT', 'CONTROL_HOST')
  } catch (error) {
    await gateway.close()
    throw error
  }
}

/** Loads what reads descriptions only where there are some. */
async function loadServed(args: readonly string[], context: CommandContext): Promise<OpenApiDocument> {
  const descriptions = await import('./served-descriptions.ts')
  return descriptions.loadServed(args, context)
}

async function listen(
  app: FastifyInstance,
  host: string,
  port: number,
  variable: string,
  hostVariable = 'HOST',
): Promise<void> {
  try {
    await app.listen({ host, port })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'EADDRINUSE')
      throw new CommandError(`port ${port} is in use; set ${variable} to another port`, 1)
    if (code === 'EACCES')
      throw new CommandError(
        `port ${port} may not be opened by this user; set ${variable} to another port`,
        1,
      )
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
      throw new CommandError(`${hostVariable} is not an address of this machine`, 1)
    throw error
  }
}
