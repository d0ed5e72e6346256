import { createRequire } from 'node:module'
import type { Logger } from 'pino'
import { type CommandContext, CommandError } from './cli/command.ts'
import { runProgram } from './cli/program.ts'
import { openOutput } from './cli/terminal.ts'
import { ConfigError } from './config/config.ts'
import { asRecord } from './document/json.ts'
import { openLog } from './observability/logger.ts'

function createContext(): CommandContext {
  const { stdin, stdout, stderr, env, execPath, argv } = process
  const version = readVersion()
  return {
    stdin,
    stdout,
    stderr,
    environment: env,
    execPath,
    program: argv[1] ?? '',
    version,
    setExitCode,
    startLog,
    onStop,
    onReload,
  }
}

function setExitCode(code: number): void {
  process.exitCode = code
}

/** Starts the log, and writes what is left of it when the process ends. */
function startLog(output: 'stdout' | 'stderr', level: string): Logger {
  const { logger, flush } = openLog(process[output], level)
  process.on('exit', flush)
  return logger
}

/**
 * Milliseconds that clients with an open connection get to notice that the gateway is ending. A supervisor that sends
 * SIGTERM has traffic to move elsewhere; SIGHUP without anything to reload, a terminal that closes, means the same.
 * A user who presses Ctrl-C wants the prompt.
 */
const graces = { SIGTERM: 2_000, SIGHUP: 2_000, SIGINT: 0 } as const

/**
 * The first signal lets everything finish, a second one does not wait for it. A worker ends at once with the process of
 * the workers, which passes on a signal that a supervisor or a terminal may have sent to the worker as well.
 */
function onStop(close: (grace: number) => Promise<void>, isWorker = false): void {
  let closing = false
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => {
      if (closing && (isWorker || signal === 'SIGHUP')) return
      if (signal === 'SIGHUP' && reloads) return
      if (closing) process.exit(1)
      closing = true
      close(graces[signal]).then(() => process.exit(0), fail)
    })
}

let reloads = false

/** SIGHUP asks for a reload, but at a terminal, where it means that the terminal closes. */
function onReload(reload: () => void): void {
  if (process.stdin.isTTY) return
  reloads = true
  process.on('SIGHUP', reload)
}

function readVersion(): string {
  const manifest: unknown = createRequire(import.meta.url)('calgate/package.json')
  return String(asRecord(manifest).version)
}

function fail(error: unknown): never {
  openOutput(process.stderr).write(
    describe(error)
      .map((line) => `calgate: ${line}\n`)
      .join(''),
  )
  process.exit(error instanceof CommandError ? error.exitCode : 1)
}

/** What the system refuses, such as a disk that is full, is said by its message; a stack helps only with our own errors. */
function describe(error: unknown): readonly string[] {
  if (error instanceof CommandError) return error.message.split('\n')
  if (error instanceof ConfigError) return error.problems
  if (!(error instanceof Error)) return [`stopped by ${typeof error}`]
  return [`stopped by ${'syscall' in error ? error.message : error.stack}`]
}

// A reader that has ended, such as `head`, wants no more; of messages that is no reason to end halfway.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: unknown) => {
    if (asRecord(error).code !== 'EPIPE') fail(error)
  })

runProgram(process.argv.slice(2), createContext()).catch(fail)
