import { Command } from 'commander'
import { type CommandContext, formatExamples } from './command.ts'
import { serveStdio } from './serve.ts'

/** Creates `mcp --stdio`, an older name of `serve --stdio`. */
export function createMcp(context: CommandContext): Command {
  return new Command('mcp')
    .description('Serves MCP on standard input and output, as `calgate serve --stdio` does.')
    .option('--stdio', 'on standard input and output, as always')
    .addHelpText('after', formatExamples({ 'calgate mcp --stdio': 'for an MCP client that starts it' }))
    .action(() => serveStdio([], {}, context))
}
