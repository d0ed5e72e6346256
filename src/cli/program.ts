import { Command, CommanderError } from 'commander'
import { readOwn } from '../document/json.ts'
import type { CommandContext, CreateCommand } from './command.ts'
import { showProgress } from './progress.ts'
import { openOutput } from './terminal.ts'

/** A command that is loaded when it is named: a gateway that serves has no use for what reads descriptions. */
interface Entry {
  readonly summary: string
  /** Another name of the command. */
  readonly alias?: string
  /** Whether it tells of its progress itself, or runs until its input ends. */
  readonly isOpen?: true
  readonly load: () => Promise<CreateCommand>
}

const commands: Readonly<Record<string, Entry>> = {
  serve: {
    summary: 'serve REST and MCP on their ports',
    alias: 'start',
    load: async () => (await import('./serve.ts')).createServe,
  },
  mcp: {
    summary: 'serve MCP on standard input and output',
    isOpen: true,
    load: async () => (await import('./mcp.ts')).createMcp,
  },
  mock: {
    summary: 'stand in for the API',
    load: async () => (await import('./mock.ts')).createMock,
  },
  check: {
    summary: 'report every problem of descriptions of APIs, with file, line and fix',
    load: async () => (await import('./check.ts')).createCheck,
  },
  derive: {
    summary: 'write the OpenAPI document that descriptions come to',
    load: async () => (await import('./derive.ts')).createDerive,
  },
  diff: {
    summary: 'report what changes for clients from one OpenAPI document to another',
    load: async () => (await import('./diff.ts')).createDiff,
  },
  types: {
    summary: 'write TypeScript types for a client of the REST server',
    load: async () => (await import('./types.ts')).createTypes,
  },
  call: {
    summary: 'call a tool, and write what it returns',
    load: async () => (await import('./call.ts')).createCall,
  },
  export: {
    summary: 'read a whole list, page by page',
    isOpen: true,
    load: async () => (await import('./export.ts')).createExport,
  },
  doctor: {
    summary: 'check configuration, ports, network, shared state, credentials and clock',
    load: async () => (await import('./doctor.ts')).createDoctor,
  },
  install: {
    summary: 'configure an MCP client',
    load: async () => (await import('./install.ts')).createInstall,
  },
  key: {
    summary: 'create a gateway key for a client',
    load: async () => (await import('./key.ts')).createKeyCommand,
  },
  completion: {
    summary: 'write a completion script for bash or zsh',
    load: async () => {
      const { createCompletion } = await import('./completion.ts')
      return (context) => createCompletion(context, createProgram)
    },
  },
}

const epilogue = `
Without a command, calgate serves the API that it ships with.
Configuration is read from the environment and from calgate.yaml; docs/configuration.md of the package lists
every variable.

Exit codes:
  0   done
  1   a check found something, a call failed, or the gateway did not start or was stopped by an error
  2   the command could not be carried out: wrong arguments, an unreadable file
`

/**
 * Runs the command that the arguments name. Usage errors are written to standard error, with exit code 2. Throws what
 * the action of the command throws.
 */
export async function runProgram(args: readonly string[], given: CommandContext): Promise<void> {
  const [stdout, stderr] = [openOutput(given.stdout), openOutput(given.stderr)]
  const context = { ...given, stdout, stderr }
  const typed = args.length === 0 ? ['serve'] : swapExport(skipHelp(args))
  // `calgate help check` names its command second.
  const program = await createProgram(context, typed.slice(0, 2))
  let endProgress = () => {}
  program.hook('preAction', (_, command) => {
    if (!commands[command.name()]?.isOpen && !readOwn(command.opts(), 'stdio'))
      endProgress = showProgress(given.stderr, `calgate ${command.name()}`)
  })
  try {
    await program.parseAsync(typed, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    context.setExitCode(error.exitCode === 0 ? 0 : 2)
  } finally {
    endProgress()
  }
}

/** Takes `help` off the name of an unknown command, which is then refused with the nearest one. */
function skipHelp(args: readonly string[]): readonly string[] {
  const [first, name] = args
  return first === 'help' && name !== undefined && !name.startsWith('-') && !isCommand(name) ? [name] : args
}

function isCommand(name: string): boolean {
  return (
    name === 'help' || Object.entries(commands).some(([one, { alias }]) => name === one || name === alias)
  )
}

/** Reads `calgate users export` as `calgate export users`. */
function swapExport(args: readonly string[]): readonly string[] {
  const [name = '', verb, ...rest] = args
  return verb === 'export' && !isCommand(name) ? [verb, name, ...rest] : args
}

/** Writes what the parser of a command refuses in the words of the other refusals. */
function reword(text: string, command: Command): string {
  return text
    .replace(/^error: missing required argument '(.*)'/, (refusal, name: string) => {
      const choices = command.registeredArguments.find((one) => one.name() === name)?.argChoices
      return choices ? `${refusal}; there are ${choices.join(', ')}` : refusal
    })
    .replace(/^error: unknown option '--([^'=]+).*'$/m, (refusal, name: string) => {
      const namesTool = command.name() === 'call' && command.args[0]?.startsWith('-') === false
      return namesTool && !text.includes('Did you mean') ? `${refusal}; a tool takes ${name}=VALUE` : refusal
    })
    .replace(
      /^error: command-argument value '(.*)' is invalid for argument '(.*)'\. Allowed choices are (.*)\./,
      'calgate: there is no $2 $1; there are $3',
    )
    .replace(
      /^error: option '(\S+).*' argument '.*' is invalid\. Allowed choices are (.*)\./,
      'calgate: $1 is one of $2',
    )
    .replace(
      /^error: option '(\S+).*' cannot be used with option '(\S+).*'/,
      'calgate: $1 cannot be used with $2',
    )
    .replace(/^error: /, 'calgate: ')
}

/** Creates the program with all commands; those that are named are loaded, or all of them. */
export async function createProgram(context: CommandContext, names?: readonly string[]): Promise<Command> {
  const { stdout, stderr, version } = context
  const program = new Command('calgate')
    .usage('[command] [options]')
    .description('Serves an API as a checked REST API and as MCP tools.')
    .version(version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      outputError: (text, write) => write(reword(text, program)),
    })
    .addHelpText('after', epilogue)
  for (const [name, { summary, alias, load }] of Object.entries(commands)) {
    const isNamed = !names || names.includes(name) || (alias !== undefined && names.includes(alias))
    const command = isNamed ? (await load())(context) : new Command(name)
    command.summary(summary).copyInheritedSettings(program)
    command.configureOutput({ outputError: (text, write) => write(reword(text, command)) })
    program.addCommand(alias === undefined ? command : command.alias(alias))
  }
  return program
}
