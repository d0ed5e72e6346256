import { readFileSync } from 'node:fs'
import type { Logger } from 'pino'
import { type Command, type CommandContext, CommandError } from './cli/command.ts'
import { ConfigError } from './config/config.ts'
import { asRecord } from './document/json.ts'
import { openLog } from './observability/logger.ts'

const usage = `Usage: calgate [start]        serve REST and MCP on their ports
       calgate serve FILE…    serve descriptions of other APIs: capabilities, OpenAPI 2.0 to 3.2
       calgate mcp --stdio    serve MCP on standard input and output
       calgate check FILE…    tell every problem of descriptions of APIs, with file, line and fix
       calgate derive FILE…   write the OpenAPI document that descriptions come to
       calgate key NAME SCOPE… make a key that lets a client in; its line is for GATEWAY_KEYS_FILE
       calgate diff OLD NEW   tell what changes for clients from one OpenAPI document to another;
                              exits with 1 on a breaking change, with 2 when they cannot be compared
       calgate --help | --version

Configuration is read from the environment; docs/configuration.md lists every variable.
`

/** Loads one command with what it needs: a gateway that serves has no use for what reads descriptions. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  start: async () => (await import('./cli/serve.ts')).serve,
  serve: async () => (await import('./cli/serve.ts')).serve,
  mcp: async () => (await import('./cli/mcp.ts')).mcp,
  check: async () => (await import('./cli/check.ts')).check,
  derive: async () => (await import('./cli/derive.ts')).derive,
  key: async () => (await import('./cli/key.ts')).key,
  diff: async () => (await import('./cli/diff.ts')).diff,
}

async function run(): Promise<void> {
  const [name = 'start', ...args] = process.argv.slice(2)
  if (name === '--help' || name === '-h') process.stdout.write(usage)
  else if (name === '--version') process.stdout.write(`${readVersion()}\n`)
  else {
    const load = Object.hasOwn(commands, name) ? commands[name] : undefined
    if (!load) throw new CommandError(`there is no command "${name}"\n${usage}`, 1)
    const command = await load()
    process.exitCode = await command(args, createContext())
  }
}

function createContext(): CommandContext {
  const { stdin, stdout, stderr, env, execPath } = process
  return { stdin, stdout, stderr, environment: env, execPath, version: readVersion(), startLog, onStop }
}

/** Starts the log, and writes what is left of it when the process ends. */
function startLog(output: 'stdout' | 'stderr', level: string): Logger {
  const { logger, flush } = openLog(process[output], level)
  process.on('exit', flush)
  return logger
}

/**
 * Milliseconds that clients with an open connection get to notice that the gateway is ending. A supervisor that sends
 * SIGTERM has traffic to move elsewhere; nothing is reloaded yet, so that SIGHUP, a terminal that closes, means the same.
 * A user who presses Ctrl-C wants the prompt.
 */
const graces = { SIGTERM: 2_000, SIGHUP: 2_000, SIGINT: 0 } as const

/** The first signal lets everything finish, a second one does not wait for it. */
function onStop(close: (grace: number) => Promise<void>): void {
  let closing = false
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => {
      if (closing) process.exit(1)
      closing = true
      close(graces[signal]).then(() => process.exit(0), fail)
    })
}

function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  return String(asRecord(manifest).version)
}

function fail(error: unknown): never {
  if (error instanceof CommandError) process.stderr.write(`calgate: ${error.message}\n`)
  else if (error instanceof ConfigError)
    process.stderr.write(error.problems.map((one) => `calgate: ${one}\n`).join(''))
  else process.stderr.write(`calgate: stopped by ${error instanceof Error ? error.stack : typeof error}\n`)
  process.exit(error instanceof CommandError ? error.exitCode : 1)
}

run().catch(fail)
