import { Command } from 'commander'
import { listScopes } from '../access/authorization.ts'
import { createKey, type NewKey } from '../config/gateway-keys.ts'
import { nameDescriptions } from '../config/settings.ts'
import { readOperations } from '../document/operations.ts'
import { type CommandContext, CommandError, formatExamples } from './command.ts'
import { addDescriptionOptions, collect } from './description-options.ts'
import { locateDescriptions, type ServeOptions } from './served.ts'
import { loadServed } from './served-descriptions.ts'

interface KeyOptions extends ServeOptions {
  readonly file?: readonly string[]
}

/** Creates the command that creates a key for a client: its line goes to standard output, the key to standard error. */
export function createKeyCommand(context: CommandContext): Command {
  const command = new Command('key')
    .description(
      'Creates a gateway key for a client. Its line, without the key, goes to standard output and belongs into GATEWAY_KEYS_FILE; the key itself goes to standard error.',
    )
    .argument('<name>', 'name of the client')
    .argument('<scope...>', 'what the client may do: scopes of operations (x-scope)')
    .option('--file <file>', 'description; by default what calgate ships with; repeat it for more', collect)
    .option('--config <file>', 'settings of the gateway; calgate.yaml where it exists')
    .addHelpText(
      'after',
      formatExamples({
        'calgate key agent orders:read --file shop.yaml >> keys': 'add a client of an API with this scope',
      }),
    )
    .action(async (name: string, scopes: readonly string[], { file, ...flags }: KeyOptions) => {
      const { files, options } = await locateDescriptions(file ?? [], flags)
      // Equal paths at one address are one operation, with the scope of the first description.
      const baseUrls = nameDescriptions(files).map((one, index) => `${one}=http://127.0.0.1:${index + 1}`)
      const document = await loadServed(files, { ...options, ...(files.length > 0 && { baseUrls }) }, context)
      const known = listScopes(readOperations(document, () => {}))
      const unknown = scopes.find((one) => !known.includes(one))
      const others = known.length > 0 ? `there are ${known.join(', ')}` : 'no operation has one (x-scope)'
      if (unknown !== undefined) throw new CommandError(`there is no scope ${unknown}; ${others}`)
      const made = makeKey(name, scopes)
      context.stdout.write(`${made.line}\n`)
      context.stderr.write(`The key of ${name}, which is told only now: ${made.key}\n`)
    })
  return addDescriptionOptions(command)
}

function makeKey(name: string, scopes: readonly string[]): NewKey {
  try {
    return createKey(name, scopes)
  } catch (error) {
    throw error instanceof RangeError ? new CommandError(error.message) : error
  }
}
