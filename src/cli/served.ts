import { existsSync } from 'node:fs'
import { nameVariable } from '../config/api-variables.ts'
import { type Config, ConfigError, readConfig } from '../config/config.ts'
import { nameDescription, nameDescriptions } from '../config/settings.ts'
import { findUnknownVariables } from '../config/unknown-variables.ts'
import type { DescriptionOptions } from '../description/files.ts'
import { type Api, readApi } from '../document/api.ts'
import { type OpenApiDocument, readDocument } from '../document/document.ts'
import { createServers } from '../gateway.ts'
import type { GatewayServers } from '../http/gateway.ts'
import type { CommandContext, Streams } from './command.ts'
import { findOption, mockAddress } from './description-options.ts'
import { createReload, type ServedFiles } from './reload.ts'
import type { SettingsFile } from './settings-file.ts'

/** Options of `serve`. */
export interface ServeOptions extends DescriptionOptions {
  readonly config?: string
  readonly mock?: true
  readonly stdio?: true
  readonly tools?: string
  readonly allowBreaking?: true
  readonly workers?: string
}

/** What is read: the document and its API, the environment with what a file and a mock add to it, and the files. */
export interface Descriptions {
  readonly document: OpenApiDocument
  readonly api: Api
  readonly environment: CommandContext['environment']
  readonly file: SettingsFile | undefined
  readonly read: readonly string[]
  /** Stops the mock, where one was started. */
  readonly stopMock: () => Promise<void>
}

/** A gateway with what it was made of. */
export interface ServedGateway {
  readonly gateway: GatewayServers
  readonly config: Config
  readonly document: OpenApiDocument
  /** Watches the files, and returns what reloads them. */
  readonly watch: () => () => void
  readonly stopMock: () => Promise<void>
}

/** Creates the gateway that a command serves, from its arguments, the settings file and the environment. */
export async function createServed(
  files: readonly string[],
  options: ServeOptions,
  context: CommandContext,
  output: 'stdout' | 'stderr',
): Promise<ServedGateway> {
  const first = await readServedDescriptions(files, options, context)
  const { document, api, environment, file } = first
  const config = readSettings(environment, api, file)
  const logger = context.startLog(output, config.logLevel)
  for (const sentence of findUnknownVariables(environment, api, file?.references)) logger.warn(sentence)
  const { version } = context
  const watchProcess = output === 'stdout'
  const gateway = await createServers({ config, document, logger, version, watchProcess })
  const describe = (next: Descriptions, config: Config): ServedFiles => ({
    document: next.document,
    config,
    files: [...next.read, ...config.files],
  })
  const reloading = {
    ...{ gateway, logger, served: describe(first, config) },
    async read(onFiles: (files: readonly string[]) => void) {
      // A mock goes on as it was started.
      const next = options.mock ? first : await readServedDescriptions(files, options, context, onFiles)
      return describe(next, readSettings(next.environment, next.api, next.file))
    },
    async checkChanges(old: OpenApiDocument, next: OpenApiDocument) {
      if (options.allowBreaking) return
      const { refuseBreakingChanges } = await import('./breaking-changes.ts')
      await refuseBreakingChanges(old, next, context)
    },
  }
  return { gateway, config, document, watch: () => createReload(reloading), stopMock: first.stopMock }
}

/** Reads the configuration; problems name the place in the settings file that they come from. Throws a `ConfigError`. */
export function readSettings(
  environment: Descriptions['environment'],
  api: Api,
  file: SettingsFile | undefined,
): Config {
  try {
    return readConfig(environment, api, file?.findProblems(environment, api))
  } catch (error) {
    throw error instanceof ConfigError && file
      ? new ConfigError(file.locate(error, api, environment), error.files)
      : error
  }
}

/**
 * Loads what reads descriptions, settings and mocks only where there are some. `onFiles` is told what is read before it
 * is known to be right.
 */
export async function readServedDescriptions(
  named: readonly string[],
  flags: ServeOptions,
  context: CommandContext,
  onFiles: (files: readonly string[]) => void = () => {},
): Promise<Descriptions> {
  const { file, files, options } = await locateDescriptions(named, flags)
  const { overlays = [], schemas = [] } = options
  const read = [...(file ? [flags.config ?? usualSettings] : []), ...files, ...overlays, ...schemas]
  onFiles(read)
  const load = async (more: DescriptionOptions, streams: Pick<Streams, 'stderr'> = context) => {
    if (files.length === 0 && findOption(options) === undefined) return readDocument()
    const { loadServed } = await import('./served-descriptions.ts')
    return loadServed(files, { ...options, ...more }, streams)
  }
  const isShipped = files.length === 0
  const own = await load(flags.mock && !isShipped ? mockAddress : {})
  const api = readApi(own)
  const settings = file?.apply(context.environment, api) ?? context.environment
  const { tools, baseUrls = [] } = flags
  // An option goes before the variable that means the same, and so does a mock.
  const [first = ''] = nameDescriptions(files)
  const isAddressed = baseUrls.some((one) => nameDescription(readName(one) ?? first) === first)
  const environment = {
    ...settings,
    ...(tools !== undefined && { MCP_TOOLS: tools }),
    ...((flags.mock || isAddressed) && { [nameVariable(api, 'base_url')]: undefined }),
  }
  if (!flags.mock) return { document: own, api, environment, file, read, stopMock: async () => {} }
  const { startChosenMock } = await import('./mock-start.ts')
  const mocked = isShipped ? undefined : own
  const mock = await startChosenMock({ environment, port: 0, document: mocked, isBehindGateway: true })
  const stopMock = async () => mock[Symbol.asyncDispose]()
  if (isShipped)
    return { document: own, api, environment: standIn(environment, mock.variables), file, read, stopMock }
  // The mock stands in for all APIs of the descriptions.
  const document = await load({ baseUrls: [mock.url] }, silent)
  return { document, api: readApi(document), environment, file, read, stopMock }
}

/** Descriptions that a command serves, by its arguments and the settings file. */
export interface LocatedDescriptions {
  readonly file: SettingsFile | undefined
  readonly files: readonly string[]
  readonly options: ServeOptions
}

/** Finds out what a command serves: what it names, otherwise what the settings file names. */
export async function locateDescriptions(
  named: readonly string[],
  flags: ServeOptions,
): Promise<LocatedDescriptions> {
  const file = await findSettings(flags.config, named)
  const files = named.length > 0 ? named : (file?.files ?? [])
  const settings = file?.options ?? {}
  const own = (['baseUrls', 'prefixes', 'serverVariables'] as const).flatMap(
    (option): [string, readonly string[]][] => {
      const given = flags[option]
      return given ? [[option, addNamed(settings[option], given)]] : []
    },
  )
  return { file, files, options: { ...settings, ...flags, ...Object.fromEntries(own) } }
}

/** Adds what is given for names to what a settings file has for others; what is given without a name is for all. */
function addNamed(settings: readonly string[] = [], given: readonly string[]): readonly string[] {
  return given.every((one) => readName(one) !== undefined) ? [...settings, ...given] : given
}

/** Returns the name in `NAME=VALUE`. */
function readName(text: string): string | undefined {
  return /^([^=/]+)=/.exec(text)?.[1]
}

/** Puts the variables of a mock in place of those of the API, which files could hold as well. */
function standIn(
  environment: CommandContext['environment'],
  variables: CommandContext['environment'],
): CommandContext['environment'] {
  const files = Object.keys(variables).map((name) => `${name}_FILE`)
  const others = Object.entries(environment).filter(([name]) => !files.includes(name))
  return { ...Object.fromEntries(others), ...variables }
}

/** For what is loaded once more: its problems have been told. */
const silent = { stderr: { write() {} } }

const usualSettings = 'calgate.yaml'

async function findSettings(
  config: string | undefined,
  named: readonly string[],
): Promise<SettingsFile | undefined> {
  if (config === undefined && !existsSync(usualSettings)) return undefined
  const { readSettingsFile } = await import('./settings-file.ts')
  return readSettingsFile(config ?? usualSettings, named)
}
