import { Command } from 'commander'
import { asRecord } from '../document/json.ts'
import { type CommandContext, CommandError, formatExamples } from './command.ts'
import { addDescriptionOptions } from './description-options.ts'
import type { ServeOptions } from './served.ts'
import { formatTable } from './table.ts'
import { type ListedTool, openTools } from './tool-client.ts'

interface CallOptions extends ServeOptions {
  readonly json?: true
  readonly file?: readonly string[]
}

/** Creates the command that calls one tool. */
export function createCall(context: CommandContext): Command {
  const { stdout, stderr, setExitCode } = context
  const command = new Command('call')
    .description(
      'Calls a tool, with the configuration of `calgate serve`, and writes what it returns as a table. Without a tool, lists the tools. Exits with 1 when the call fails.',
    )
    .argument('[tool]', 'name of the tool')
    .argument('[arguments...]', 'key=value; a value is JSON where its type is no text')
    .option('--json', 'write JSON instead of a table')
    .option('--file <file>', 'description; by default what calgate ships with; repeat it for more', collect)
    .option('--config <file>', 'settings of the gateway; calgate.yaml where it exists')
    .option('--mock', 'call a mock in place of the API')
    .addHelpText(
      'after',
      formatExamples({
        'calgate call --mock': 'list the tools',
        'calgate call get-order id=1 --file shop.yaml': 'call one, of another API',
        'calgate call get-order id=1 --file shop.yaml --json': 'as JSON',
      }),
    )
    .action(async (name: string | undefined, texts: readonly string[], options: CallOptions) => {
      await using client = await openTools(options.file ?? [], options, context)
      const tools = await client.list()
      if (name === undefined) {
        stdout.write(tools.map((tool) => `${tool.name}\n`).join(''))
        return
      }
      const tool = tools.find((one) => one.name === name)
      if (!tool)
        throw new CommandError(
          `there is no tool ${name}; there are ${tools.map((one) => one.name).join(', ')}`,
        )
      const { isError, value } = await client.call(name, readArguments(tool, texts))
      if (isError) {
        stderr.write(`${typeof value === 'string' ? value : JSON.stringify(value, null, 2)}\n`)
        setExitCode(1)
      } else stdout.write(options.json ? `${JSON.stringify(value, null, 2)}\n` : formatTable(unwrap(value)))
    })
  return addDescriptionOptions(command)
}

function collect(value: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, value]
}

/** APIs wrap what they return beside a status. */
function unwrap(value: unknown): unknown {
  const { data } = asRecord(value)
  return data ?? value
}

function readArguments({ inputSchema }: ListedTool, texts: readonly string[]): Record<string, unknown> {
  const properties = asRecord(asRecord(inputSchema).properties)
  return Object.fromEntries(
    texts.map((text) => {
      const [, key = '', value = ''] = /^([^=]+)=(.*)$/s.exec(text) ?? []
      if (key === '') throw new CommandError(`arguments are key=value, not ${JSON.stringify(text)}`)
      return [key, readValue(value, asRecord(properties[key]).type)]
    }),
  )
}

function readValue(text: string, type: unknown): unknown {
  if (type === 'string') return text
  try {
    const value: unknown = JSON.parse(text)
    return value
  } catch {
    return text
  }
}
