import { Command } from 'commander'
import type { CommandContext } from './command.ts'
import { serveStdio } from './serve.ts'

/** Creates `mcp --stdio`, an older name of `serve --stdio`. */
export function createMcp(context: CommandContext): Command {
  return new Command('mcp')
    .description('Serves MCP on standard input and output, as `calgate serve --stdio` does.')
    .requiredOption('--stdio', 'on standard input and output')
    .action(() => serveStdio([], {}, context))
}
