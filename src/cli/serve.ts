import { setFlagsFromString } from 'node:v8'
import { Command, Option } from 'commander'
import type { FastifyInstance } from 'fastify'
import { asRecord } from '../document/json.ts'
import { type CommandContext, CommandError, formatExamples } from './command.ts'
import { addDescriptionOptions } from './description-options.ts'
import { describePortError } from './port.ts'
import { createServed, type ServeOptions } from './served.ts'
import { composeStartupMessage } from './startup-message.ts'
import { isTerminal } from './terminal.ts'

/** Creates the command that serves an API. */
export function createServe(context: CommandContext): Command {
  const command = new Command('serve')
    .description(
      'Serves descriptions (capabilities, OpenAPI 2.0 to 3.2) as a REST API and as MCP tools, until the process is asked to end.',
    )
    .argument('[file...]', 'descriptions; by default what calgate ships with')
    .option('--stdio', 'serve MCP on standard input and output; the log goes to standard error')
    .addOption(
      new Option('--workers <number>', 'run so many processes on the same ports; needs REDIS_URL').conflicts([
        'mock',
        'stdio',
      ]),
    )
    .addHelpText(
      'after',
      formatExamples({
        'calgate serve --mock': 'try it, without an account',
        'calgate serve petstore.yaml --base-url https://api.example.org': 'another API',
        'calgate serve stripe.json --read-only --tag Customers': 'a part of one',
        'calgate serve --stdio': 'for an MCP client that starts it',
      }),
    )
    .action((files: readonly string[], options: ServeOptions) =>
      options.stdio ? serveStdio(files, options, context) : servePorts(files, options, context),
    )
  return addServeOptions(command)
}

/** Adds the options of a command that serves: what is served, and with which settings. */
export function addServeOptions(command: Command): Command {
  command
    .option('--config <file>', 'settings of the gateway; calgate.yaml where it exists')
    .option('--mock', 'start a mock and serve it in place of the API')
    .addOption(
      new Option(
        '--tools <all|search>',
        'offer all tools, or three that search, describe and call them',
      ).choices(['all', 'search']),
    )
    .option('--allow-breaking', 'on a reload, serve descriptions that break clients too')
  return addDescriptionOptions(command)
}

const needsSharedState =
  '--workers needs REDIS_URL, or each worker would have its own idempotency keys and limits'

async function servePorts(files: readonly string[], options: ServeOptions, base: CommandContext) {
  const workers = options.workers ? await import('./workers.ts') : undefined
  const worker = workers?.readWorkerNumber(base.environment)
  if (options.workers && worker === undefined) return workers?.runWorkers(options.workers, base)
  const context = workers?.createWorkerContext(base) ?? base
  const start = awaitStart(context)
  const { gateway, config, document, watch } = await createServed(files, options, context, 'stdout')
  context.onStop(gateway.close)
  // Each worker has metrics of its own.
  const controlPort = config.controlPort && config.controlPort + (worker ?? 0)
  try {
    if (worker !== undefined && !config.sharedState) throw new CommandError(needsSharedState)
    await listen(gateway.rest, config.host, config.restPort, 'REST_PORT')
    await listen(gateway.mcp, config.host, config.mcpPort, 'MCP_PORT')
    await listen(gateway.control, config.controlHost, controlPort, 'CONTROL_PORT', 'CONTROL_HOST')
    start.resolve(watch())
    // On a large machine V8 lets garbage grow to several times what is in use; under attack that took 650 MB instead of 480.
    // Spans live long enough to make each collection a large one, which would cost a request two fifths more.
    if (!config.telemetryUrl) setFlagsFromString('--heap-growing-percent=20')
    workers?.announceReady()
    if (isTerminal(context.stderr) && !worker) context.stderr.write(composeStartupMessage(document, gateway))
  } catch (error) {
    await gateway.close()
    throw error
  }
}

/** Keeps a request to reload, which would end the process during its start, until it resolves with what reloads. */
function awaitStart({ onReload }: CommandContext): PromiseWithResolvers<() => void> {
  const start = Promise.withResolvers<() => void>()
  onReload(async () => (await start.promise)())
  return start
}

/** Serves MCP on standard input and output until the input ends. Standard output is MCP's, so the log goes to standard error. */
export async function serveStdio(
  files: readonly string[],
  options: ServeOptions,
  context: CommandContext,
): Promise<void> {
  const { stdin, stdout, stderr } = context
  const start = awaitStart(context)
  const { gateway, watch, stopMock } = await createServed(files, options, context, 'stderr')
  context.onStop(gateway.close)
  start.resolve(watch())
  if (isTerminal(stdin))
    stderr.write('An MCP client is meant to start this: see `calgate install`. Ctrl-C stops it.\n')
  await gateway.serveStdio(stdin, stdout)
  await gateway.close()
  // A mock that listens would keep the process alive after its client.
  await stopMock()
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
    const { code } = asRecord(error)
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
      throw new CommandError(`${hostVariable} is not an address of this machine`, 1)
    throw describePortError(error, port, variable) ?? error
  }
}
