import { Command } from 'commander'
import { asRecord, isObject } from '../document/json.ts'
import { readCallArguments } from './call-arguments.ts'
import { type CommandContext, CommandError, formatExamples } from './command.ts'
import { addDescriptionOptions, collect } from './description-options.ts'
import type { ServeOptions } from './served.ts'
import { formatTable } from './table.ts'
import { isTerminal } from './terminal.ts'
import { type CallOutcome, type ListedTool, openTools } from './tool-client.ts'

interface CallOptions extends ServeOptions {
  readonly json?: true
  readonly file?: readonly string[]
}

/** Creates the command that calls one tool. */
export function createCall(context: CommandContext): Command {
  const { stdout, stderr, setExitCode } = context
  const command = new Command('call')
    .description(
      'Calls a tool, with the configuration of `calgate serve`, and writes what it returns as a table. Without a tool, lists the tools with their arguments. Exits with 1 when the call fails.',
    )
    .argument('[tool]', 'name of the tool')
    .argument('[arguments...]', 'key=value, or key.member=value; a value is JSON where its type is no text')
    .option('--json', 'write JSON instead of a table')
    .option('--file <file>', 'description; by default what calgate ships with; repeat it for more', collect)
    .option('--config <file>', 'settings of the gateway; calgate.yaml where it exists')
    .option('--mock', 'call a mock in place of the API')
    .addHelpText(
      'after',
      formatExamples({
        'calgate call --mock': 'list the tools with their arguments',
        'calgate call create-order body.item=tea --file shop.yaml': 'give a member of a body',
        'calgate call get-order id=1 --file shop.yaml': 'call one, of another API',
        'calgate call get-order id=1 --file shop.yaml --json': 'as JSON',
      }),
    )
    .action(async (name: string | undefined, texts: readonly string[], options: CallOptions) => {
      await using client = await openTools(options.file ?? [], options, context)
      const tools = await client.list()
      const write = (value: unknown, forPeople: string) =>
        options.json ? `${JSON.stringify(value, null, 2)}\n` : forPeople
      if (name === undefined) {
        stdout.write(write(tools, formatTools(tools)))
        return
      }
      const tool = tools.find((one) => one.name === name)
      if (!tool)
        throw new CommandError(
          `there is no tool ${name}; there are ${tools.map((one) => one.name).join(', ')}`,
        )
      const outcome = await client.call(name, readCallArguments(tool.inputSchema, texts))
      const { isError, text, value } = outcome
      if (isError) {
        stderr.write(write(value, `${text}\n`))
        setExitCode(1)
      } else
        stdout.write(options.json ? write(addBody(outcome), '') : formatOutcome(outcome, isTerminal(stdout)))
    })
  return addDescriptionOptions(command)
}

/** Adds the body of a response that is no JSON to what is said of it: a text, or bytes in Base64. */
function addBody({ value, body }: CallOutcome): unknown {
  if (body === undefined) return value
  const text = typeof body === 'string'
  return { ...asRecord(value), ...(text ? { text: body } : { data: body.toString('base64') }) }
}

/** Writes what a tool returned for people; what is no JSON as it came, and bytes never to a terminal. */
function formatOutcome({ value, body }: CallOutcome, isTerminal: boolean): string | Buffer {
  if (body !== undefined && !isTerminal) return body
  if (typeof body === 'string') return body.endsWith('\n') ? body : `${body}\n`
  return unwrap(value)
    .map((part) => formatTable(part, isTerminal))
    .join('\n')
}

/** APIs wrap what they return beside a status, with more of it beside, and MCP wraps what is no object. */
function unwrap(value: unknown): readonly unknown[] {
  const { status: _, data, ...others } = asRecord(value)
  const isOnly = Object.keys(others).length === 0
  if (typeof data === 'object' && data !== null) return isOnly ? [data] : [data, others]
  return [isObject(value) && Object.keys(value).join() === 'result' ? value.result : value]
}

/** Writes a tool a line, with its arguments; in brackets those that a call can do without. */
function formatTools(tools: readonly ListedTool[]): string {
  const width = Math.max(...tools.map(({ name }) => name.length), 0)
  return tools
    .map(({ name, inputSchema }) => {
      const { properties, required } = asRecord(inputSchema)
      const needed = [required ?? []].flat()
      const others = Object.keys(asRecord(properties)).filter((one) => !needed.includes(one))
      const names = [...needed, ...others.map((one) => `[${one}]`)]
      return `${name.padEnd(width)}  ${names.join(' ')}`.trimEnd()
    })
    .map((line) => `${line}\n`)
    .join('')
}
