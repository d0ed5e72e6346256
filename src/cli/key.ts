import { Argument, Command } from 'commander'
import { listScopes } from '../access/authorization.ts'
import { createKey } from '../config/gateway-keys.ts'
import { readDocument } from '../document/document.ts'
import { readOperations } from '../document/operations.ts'
import { type CommandContext, CommandError, formatExamples } from './command.ts'

/** Creates the command that creates a key for a client: its line goes to standard output, the key to standard error. */
export function createKeyCommand({ stdout, stderr }: CommandContext): Command {
  const known = listScopes(readOperations(readDocument()))
  return new Command('key')
    .description(
      'Creates a gateway key for a client. Its line, without the key, goes to standard output and belongs into GATEWAY_KEYS_FILE; the key itself goes to standard error.',
    )
    .argument('<name>', 'name of the client')
    .addArgument(new Argument('<scope...>', 'what the client may do').choices(known))
    .addHelpText('after', formatExamples({ [`calgate key agent ${known[0]} >> keys`]: 'add a client' }))
    .action((name: string, scopes: readonly string[]) => {
      try {
        const made = createKey(name, scopes)
        stdout.write(`${made.line}\n`)
        stderr.write(`The key of ${name}, which is told only now: ${made.key}\n`)
      } catch (error) {
        throw error instanceof RangeError ? new CommandError(error.message) : error
      }
    })
}
