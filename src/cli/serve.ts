import { existsSync } from 'node:fs'
import { Command } from 'commander'
import type { FastifyInstance } from 'fastify'
import { type Config, ConfigError, readConfig } from '../config/config.ts'
import { findUnknownVariables } from '../config/unknown-variables.ts'
import type { DescriptionOptions } from '../description/files.ts'
import { type Api, readApi } from '../document/api.ts'
import { type OpenApiDocument, readDocument } from '../document/document.ts'
import { createGateway } from '../gateway.ts'
import type { Gateway } from '../http/gateway.ts'
import { type CommandContext, CommandError, formatExamples } from './command.ts'
import { addDescriptionOptions } from './description-options.ts'
import { createReload, type Served } from './reload.ts'
import type { SettingsFile } from './settings-file.ts'

/** Options of `serve`. */
export interface ServeOptions extends DescriptionOptions {
  readonly config?: string
  readonly mock?: true
  readonly stdio?: true
  readonly tools?: string
  readonly allowBreaking?: true
}

/** What is read: the document, the environment with what a file and a mock add to it, and the files. */
interface Descriptions {
  readonly document: OpenApiDocument
  readonly environment: CommandContext['environment']
  readonly file: SettingsFile | undefined
  readonly read: readonly string[]
}

/** Creates the command that serves an API. */
export function createServe(context: CommandContext): Command {
  const command = new Command('serve')
    .description(
      'Serves descriptions (capabilities, OpenAPI 2.0 to 3.2) as a REST API and as MCP tools, until the process is asked to end.',
    )
    .argument('[file...]', 'descriptions; by default what calgate ships with')
    .option('--config <file>', 'settings of the gateway; calgate.yaml where it exists')
    .option('--mock', 'start a mock and serve it in place of the API')
    .option('--stdio', 'serve MCP on standard input and output; the log goes to standard error')
    .option('--tools <all|search>', 'offer all tools, or three that search, describe and call them')
    .option('--allow-breaking', 'on a reload, serve descriptions that break clients too')
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
  return addDescriptionOptions(command)
}

async function servePorts(files: readonly string[], options: ServeOptions, context: CommandContext) {
  const { gateway, config, watch } = await createServed(files, options, context, 'stdout')
  context.onStop(gateway.close)
  try {
    await listen(gateway.rest, config.host, config.restPort, 'REST_PORT')
    await listen(gateway.mcp, config.host, config.mcpPort, 'MCP_PORT')
    await listen(gateway.control, config.controlHost, config.controlPort, 'CONTROL_PORT', 'CONTROL_HOST')
    context.onReload(watch())
  } catch (error) {
    await gateway.close()
    throw error
  }
}

/** Serves MCP on standard input and output until the input ends. Standard output is MCP's, so the log goes to standard error. */
export async function serveStdio(
  files: readonly string[],
  options: ServeOptions,
  context: CommandContext,
): Promise<void> {
  const { gateway } = await createServed(files, options, context, 'stderr')
  context.onStop(gateway.close)
  await gateway.serveStdio(context.stdin, context.stdout)
  await gateway.close()
}

async function createServed(
  files: readonly string[],
  options: ServeOptions,
  context: CommandContext,
  output: 'stdout' | 'stderr',
): Promise<{ readonly gateway: Gateway; readonly config: Config; readonly watch: () => () => void }> {
  const first = await readServed(files, options, context)
  const { document, environment, file } = first
  const api = readApi(document)
  const config = readSettings(environment, api, file)
  const logger = context.startLog(output, config.logLevel)
  for (const sentence of findUnknownVariables(environment, api)) logger.warn(sentence)
  const { version } = context
  const watchProcess = output === 'stdout'
  const gateway = await createGateway({ config, document, logger, version, watchProcess })
  const describe = (next: Descriptions, config: Config): Served => ({
    document: next.document,
    config,
    files: [...next.read, ...config.files],
  })
  const reloading = {
    ...{ gateway, logger, served: describe(first, config) },
    async read() {
      // A mock goes on as it was started.
      const next = options.mock ? first : await readServed(files, options, context)
      return describe(next, readSettings(next.environment, readApi(next.document), next.file))
    },
    async checkChanges(old: OpenApiDocument, next: OpenApiDocument) {
      if (options.allowBreaking) return
      const { refuseBreakingChanges } = await import('./breaking-changes.ts')
      await refuseBreakingChanges(old, next, context)
    },
  }
  return { gateway, config, watch: () => createReload(reloading) }
}

function readSettings(
  environment: Descriptions['environment'],
  api: Api,
  file: SettingsFile | undefined,
): Config {
  try {
    return readConfig(environment, api)
  } catch (error) {
    throw error instanceof ConfigError && file ? new ConfigError(file.locate(error, api)) : error
  }
}

/** Loads what reads descriptions, settings and mocks only where there are some. */
async function readServed(
  named: readonly string[],
  flags: ServeOptions,
  context: CommandContext,
): Promise<Descriptions> {
  const file = await findSettings(flags.config)
  const files = named.length > 0 ? named : (file?.files ?? [])
  const options = { ...file?.options, ...flags }
  const { overlay = [], schemas = [] } = options
  const read = [...(file ? [flags.config ?? usualSettings] : []), ...files, ...overlay, ...schemas]
  const load = async (more: DescriptionOptions) => {
    if (files.length === 0) return readDocument()
    const { loadServed } = await import('./served-descriptions.ts')
    return loadServed(files, { ...options, ...more }, context)
  }
  const own = await load({})
  const settings = file?.apply(context.environment, readApi(own)) ?? context.environment
  const environment = flags.tools === undefined ? settings : { ...settings, MCP_TOOLS: flags.tools }
  if (!flags.mock) return { document: own, environment, file, read }
  const { startChosenMock } = await import('./mock-start.ts')
  const isShipped = files.length === 0
  const mock = await startChosenMock({ environment, port: 0, document: isShipped ? undefined : own })
  // The mock stands in for all APIs of the descriptions.
  return isShipped
    ? { document: own, environment: { ...environment, ...mock.variables }, file, read }
    : { document: await load({ baseUrl: [mock.url] }), environment, file, read }
}

const usualSettings = 'calgate.yaml'

async function findSettings(named: string | undefined): Promise<SettingsFile | undefined> {
  if (named === undefined && !existsSync(usualSettings)) return undefined
  const { readSettingsFile } = await import('./settings-file.ts')
  return readSettingsFile(named ?? usualSettings)
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
      throw new CommandError(`port ${port} is in use; set ${variable} to another port`, 1)
    if (code === 'EACCES')
      throw new CommandError(
        `port ${port} may not be opened by this user; set ${variable} to another port`,
        1,
      )
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
      throw new CommandError(`${hostVariable} is not an address of this machine`, 1)
    throw error
  }
}
