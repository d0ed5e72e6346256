import { Command } from 'commander'
import { type CommandContext, formatExamples } from './command.ts'
import { addServeOptions, serveStdio } from './serve.ts'
import type { ServeOptions } from './served.ts'

/** Creates `mcp --stdio`, an older name of `serve --stdio`. */
export function createMcp(context: CommandContext): Command {
  const command = new Command('mcp')
    .description('Serves MCP on standard input and output, as `calgate serve --stdio` does.')
    .argument('[file...]', 'descriptions; by default what calgate ships with')
    .option('--stdio', 'on standard input and output, as always')
    .addHelpText('after', formatExamples({ 'calgate mcp --stdio': 'for an MCP client that starts it' }))
    .action((files: readonly string[], options: ServeOptions) => serveStdio(files, options, context))
  return addServeOptions(command)
}
