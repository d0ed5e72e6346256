import { readConfig } from '../config/config.ts'
import { findUnknownVariables } from '../config/unknown-variables.ts'
import { readApi } from '../document/api.ts'
import { readDocument } from '../document/document.ts'
import { createGateway } from '../gateway.ts'
import { type CommandContext, CommandError } from './command.ts'

/** Serves MCP on standard input and output until the input ends. Standard output is MCP's, so the log goes to standard error. */
export async function mcp(args: readonly string[], context: CommandContext): Promise<number> {
  if (args.join(' ') !== '--stdio')
    throw new CommandError('mcp takes the option --stdio, and nothing else', 1)
  const { environment, version, stdin, stdout } = context
  const document = readDocument()
  const api = readApi(document)
  const config = readConfig(environment, api)
  const logger = context.startLog('stderr', config.logLevel)
  for (const sentence of findUnknownVariables(environment, api)) logger.warn(sentence)
  const gateway = await createGateway({ config, document, logger, version })
  context.onStop(gateway.close)
  await gateway.serveStdio(stdin, stdout)
  await gateway.close()
  return 0
}
