import { PassThrough } from 'node:stream'
import { type CommandContext, CommandError } from '../../src/cli/command.ts'
import { runProgram } from '../../src/cli/program.ts'
import { ConfigError } from '../../src/config/config.ts'
import { createLogger } from '../../src/observability/logger.ts'

/** What a command came to. */
export interface CommandResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Creates what the process gives to a command. `finish` stops the servers that it started. */
export function createContext(environment: Readonly<Record<string, string>>, isTTY = false) {
  const stdout = Object.assign(new PassThrough(), { isTTY })
  const stderr = Object.assign(new PassThrough(), { isTTY })
  const stops: (() => Promise<void>)[] = []
  const outcome = { code: 0 }
  const context: CommandContext = {
    ...{ stdin: new PassThrough().end(), stdout, stderr, environment },
    ...{ execPath: process.execPath, program: '/opt/calgate.js', version: '0.0.0' },
    setExitCode(code) {
      outcome.code = code
    },
    startLog: (output, level) => createLogger(level, { stdout, stderr }[output]),
    onStop: (close) => stops.push(() => close(0)),
    onReload() {},
  }
  const finish = async (): Promise<CommandResult> => {
    for (const stop of stops) await stop()
    return { ...outcome, stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') }
  }
  return { context, finish, fail: (error: CommandError | ConfigError) => stderr.write(error.message) }
}

/** Runs a command in this process, as the process would, without an environment. */
export async function runCommand(...args: string[]): Promise<CommandResult> {
  return runCommandWith({}, ...args)
}

/** Runs a command with an environment. */
export async function runCommandWith(
  environment: Readonly<Record<string, string>>,
  ...args: string[]
): Promise<CommandResult> {
  return runIn(createContext(environment), args)
}

/** Runs a command on a terminal, with an environment. */
export async function runOnTerminal(
  environment: Readonly<Record<string, string>>,
  ...args: string[]
): Promise<CommandResult> {
  return runIn(createContext(environment, true), args)
}

async function runIn(
  { context, finish, fail }: ReturnType<typeof createContext>,
  args: readonly string[],
): Promise<CommandResult> {
  try {
    await runProgram(args, context)
  } catch (error) {
    if (!(error instanceof CommandError || error instanceof ConfigError)) throw error
    context.setExitCode(error instanceof CommandError ? error.exitCode : 1)
    fail(error)
  }
  return finish()
}
