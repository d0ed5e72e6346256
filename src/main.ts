#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type { FastifyInstance } from 'fastify'
import { listScopes } from './access/grant.ts'
import { CommandError } from './cli/command.ts'
import { ConfigError, readConfig } from './config/config.ts'
import { createKey } from './config/gateway-keys.ts'
import { readApi } from './document/api.ts'
import { readDocument } from './document/document.ts'
import { readOperations } from './document/operations.ts'
import { createGateway } from './gateway.ts'
import { openLog } from './observability/logger.ts'

const usage = `Usage: calgate [start]        serve REST and MCP on their ports
       calgate serve FILE…    serve descriptions of other APIs: capabilities, OpenAPI 2.0 to 3.2
       calgate mcp --stdio    serve MCP on standard input and output
       calgate check FILE…    tell every problem of descriptions of APIs, with file, line and fix
       calgate derive FILE…   write the OpenAPI document that descriptions come to
       calgate key NAME SCOPE… make a key that lets a caller in; its line is for GATEWAY_KEYS_FILE
       calgate diff OLD NEW   tell what changes for callers from one OpenAPI document to another;
                              exits with 1 on a breaking change, with 2 when they cannot be compared
       calgate --help | --version

Configuration is read from the environment; docs/configuration.md lists every variable.
`

/** A reason to stop that is the operator's to mend: printed as one line, without a stack. */
class OperatorError extends Error {
  readonly exitCode: number

  constructor(message: string, exitCode = 1) {
    super(message)
    this.exitCode = exitCode
  }
}

/** Commands that read descriptions, with what they need to do so: a gateway that serves has no use for it. */
const descriptionCommands = {
  check: async () => (await import('./cli/check.ts')).check,
  derive: async () => (await import('./cli/derive.ts')).derive,
} as const

const commands = { start: serve, 'mcp --stdio': serveStdio } as const

async function run(): Promise<void> {
  const [first, ...args] = process.argv.slice(2)
  const load = Object.entries(descriptionCommands).find(([name]) => name === first)?.[1]
  if (load) {
    process.exitCode = await (await load())(args, process)
    return
  }
  if (first === 'serve') return args.length === 0 ? serve() : serveDescriptions(args)
  const { values, positionals } = parseArguments()
  if (values.help) process.stdout.write(usage)
  else if (values.version) process.stdout.write(`${readVersion()}\n`)
  else if (positionals[0] === 'key') makeKey(positionals.slice(1))
  else if (positionals[0] === 'diff') await diff(positionals.slice(1))
  else {
    const name = [...positionals, ...(values.stdio ? ['--stdio'] : [])].join(' ') || 'start'
    const command = Object.entries(commands).find(([known]) => known === name)?.[1]
    if (!command) throw new OperatorError(`there is no command "${name}"\n${usage}`)
    await command()
  }
}

function parseArguments() {
  const options = {
    help: { type: 'boolean' },
    version: { type: 'boolean' },
    stdio: { type: 'boolean' },
  } as const
  try {
    return parseArgs({ options, allowPositionals: true })
  } catch (error) {
    throw new OperatorError(`${error instanceof Error ? error.message : error}\n${usage}`)
  }
}

async function serveDescriptions(args: readonly string[]): Promise<void> {
  const { loadServed } = await import('./cli/serve.ts')
  await serve(await loadServed(args, process))
}

async function serve(document = readDocument()): Promise<void> {
  const config = readConfig(process.env, readApi(document))
  const logger = openLog(1, config.logLevel)
  const gateway = await createGateway({
    config,
    document,
    logger,
    version: readVersion(),
    watchProcess: true,
  })
  closeOnSignal(gateway.close)
  try {
    await listen(gateway.rest, config.host, config.restPort, 'REST_PORT')
    await listen(gateway.mcp, config.host, config.mcpPort, 'MCP_PORT')
    await listen(gateway.control, config.controlHost, config.controlPort, 'CONTROL_PORT', 'CONTROL_HOST')
  } catch (error) {
    await gateway.close()
    throw error
  }
}

async function listen(
  app: FastifyInstance,
  host: string,
  port: number,
  variable: string,
  hostVariable = 'HOST',
): Promise<void> {
  try {
    await app.listen({ host, port })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'EADDRINUSE')
      throw new OperatorError(`port ${port} is in use; set ${variable} to another port`)
    if (code === 'EACCES')
      throw new OperatorError(`port ${port} may not be opened by this user; set ${variable} to another port`)
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
      throw new OperatorError(`${hostVariable} is not an address of this machine`)
    throw error
  }
}

/** Standard output belongs to the protocol, so the log goes to standard error. */
async function serveStdio(): Promise<void> {
  const document = readDocument()
  const config = readConfig(process.env, readApi(document))
  const logger = openLog(2, config.logLevel)
  const gateway = await createGateway({ config, document, logger, version: readVersion() })
  closeOnSignal(gateway.close)
  await gateway.serveStdio(process.stdin, process.stdout)
  await gateway.close()
}

/** The line goes to the file that standard output leads to, the key itself to the one who runs the command. */
function makeKey([name = '', ...scopes]: readonly string[]): void {
  const known = listScopes(readOperations(readDocument()))
  const unknown = scopes.filter((scope) => !known.includes(scope))
  if (name === '' || scopes.length === 0 || unknown.length > 0)
    throw new OperatorError(`key takes a name and scopes; there are ${known.join(', ')}`)
  try {
    const { key, line } = createKey(name, scopes)
    process.stdout.write(`${line}\n`)
    process.stderr.write(`The key of ${name}, which is told only now: ${key}\n`)
  } catch (error) {
    throw error instanceof RangeError ? new OperatorError(error.message) : error
  }
}

/** Loaded only here: a gateway that serves has no use for it. */
async function diff(files: readonly string[]): Promise<void> {
  const [old, next, ...more] = files
  if (old === undefined || next === undefined || more.length > 0)
    throw new OperatorError(`diff takes two files, OLD and NEW\n${usage}`, 2)
  const { ComparisonError, formatChanges, listChanges } = await import('./description/document-changes.ts')
  const changes = await listChanges(old, next, process).catch((error) => {
    throw error instanceof ComparisonError ? new OperatorError(error.message, 2) : error
  })
  process.stdout.write(formatChanges(changes))
  process.exitCode = changes.some(({ breaking }) => breaking) ? 1 : 0
}

/**
 * Milliseconds that callers with an open connection get to notice that the gateway is ending. Whoever sends
 * SIGTERM has traffic to move elsewhere, whoever presses Ctrl-C wants to be gone.
 */
const graces = { SIGTERM: 2_000, SIGINT: 0 } as const

/** The first signal lets everything finish, a second one does not wait for it. */
function closeOnSignal(close: (grace: number) => Promise<void>): void {
  let closing = false
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      if (closing) process.exit(1)
      closing = true
      close(graces[signal]).then(() => process.exit(0), fail)
    })
}

function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  return String(Object(manifest).version)
}

function fail(error: unknown): never {
  if (error instanceof OperatorError || error instanceof CommandError)
    process.stderr.write(`calgate: ${error.message}\n`)
  else if (error instanceof ConfigError)
    process.stderr.write(error.problems.map((one) => `calgate: ${one}\n`).join(''))
  else process.stderr.write(`calgate: stopped by ${error instanceof Error ? error.stack : typeof error}\n`)
  process.exit(error instanceof OperatorError || error instanceof CommandError ? error.exitCode : 1)
}

run().catch(fail)
