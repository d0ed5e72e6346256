import { PassThrough } from 'node:stream'
import { CommandError } from '../../src/cli/command.ts'
import { runProgram } from '../../src/cli/program.ts'
import { ConfigError } from '../../src/config/config.ts'
import { createLogger } from '../../src/observability/logger.ts'

/** What a command came to. */
export interface CommandResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command in this process, as the process would, without an environment. Servers that it starts are stopped. */
export async function runCommand(...args: string[]): Promise<CommandResult> {
  return runCommandWith({}, ...args)
}

/** Runs a command with an environment. */
export async function runCommandWith(
  environment: Readonly<Record<string, string>>,
  ...args: string[]
): Promise<CommandResult> {
  const stdout = new PassThrough()
  const stderr = new PassThrough()
  let code = 0
  const stops: (() => Promise<void>)[] = []
  const setExitCode = (one: number) => {
    code = one
  }
  try {
    await runProgram(args, {
      ...{ stdin: new PassThrough().end(), stdout, stderr, environment, setExitCode },
      ...{ execPath: process.execPath, version: '0.0.0' },
      startLog: (output, level) => createLogger(level, { stdout, stderr }[output]),
      onStop: (close) => stops.push(() => close(0)),
    })
  } catch (error) {
    if (!(error instanceof CommandError || error instanceof ConfigError)) throw error
    code = error instanceof CommandError ? error.exitCode : 1
    stderr.write(error.message)
  }
  for (const stop of stops) await stop()
  return { code, stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') }
}
