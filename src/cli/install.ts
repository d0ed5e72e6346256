import { readFileSync } from 'node:fs'
import { homedir, platform } from 'node:os'
import { resolve } from 'node:path'
import { Argument, Command, Option } from 'commander'
import { hideUrlSecrets } from '../config/urls.ts'
import type { DescriptionOptions } from '../description/files.ts'
import { readApi } from '../document/api.ts'
import { parseExactly } from '../document/exact-numbers.ts'
import { asRecord, isObject } from '../document/json.ts'
import {
  type ConfigurationValue,
  composeConfiguration,
  type McpClient,
  type McpServerEntry,
  mcpClients,
} from '../mcp/client-configuration.ts'
import { listCarried } from './carried-variables.ts'
import { type CommandContext, CommandError, formatExamples } from './command.ts'
import { addDescriptionOptions, mockAddress, writeOptions } from './description-options.ts'
import { replaceFile } from './output-file.ts'
import { describeRunning } from './running-gateway.ts'
import { locateDescriptions } from './served.ts'
import { loadServed } from './served-descriptions.ts'

interface InstallOptions extends DescriptionOptions {
  readonly config?: string
  readonly url?: string
  readonly key?: string
  readonly file?: string
  readonly print?: true
  readonly mock?: true
}

/** Creates the command that configures an MCP client. */
export function createInstall(context: CommandContext): Command {
  const command = new Command('install')
    .description(
      'Configures an MCP client to start calgate, with the descriptions and options that `calgate serve` takes and the variables that are set here and that MCP over stdio uses, or to reach a gateway by its URL. Secrets are named, never written: give them as files (`…_FILE`), or in variables that the client reads.',
    )
    .addArgument(new Argument('<client>').choices(mcpClients.map(({ id }) => id)))
    .argument('[file...]', 'descriptions; by default those of calgate.yaml, or what calgate ships with')
    .addOption(
      new Option('--config <file>', 'settings of the gateway; calgate.yaml where it exists').conflicts('url'),
    )
    .option('--url <url>', 'reach a gateway that runs, instead of starting one')
    .option('--key <variable>', 'variable with the gateway key for --url')
    .addOption(new Option('--mock', 'serve a mock in place of the API').conflicts('url'))
    .addOption(
      new Option('--file <file>', 'the file of the client, where it is not the usual one').conflicts('print'),
    )
    .option('--print', 'print the configuration instead of writing it')
    .addHelpText(
      'after',
      formatExamples({
        'calgate install claude-code --mock': 'write .mcp.json of this folder',
        'calgate install vscode --url https://gateway.example.org/mcp --key CALGATE_KEY':
          'with a gateway key',
        'calgate install cursor petstore.yaml --read-only --print': 'only print it',
      }),
    )
    .action(async (id: string, files: readonly string[], options: InstallOptions) => {
      const client = mcpClients.find((one) => one.id === id)
      if (client) await install(client, files, options, context)
    })
  return addDescriptionOptions(command)
}

async function install(
  client: McpClient,
  files: readonly string[],
  options: InstallOptions,
  context: CommandContext,
): Promise<void> {
  const server =
    options.url === undefined ? describeStart(files, options, context) : describeUrl(client, files, options)
  const configuration = compose(client, await server)
  if (options.print) {
    context.stdout.write(`${JSON.stringify(configuration, null, 2)}\n`)
    return
  }
  const file = options.file ?? locateFile(client, platform(), homedir())
  const present = readPresent(file)
  const servers = { ...asRecord(present[client.member]), ...asRecord(asRecord(configuration)[client.member]) }
  replaceFile(file, `${JSON.stringify({ ...present, [client.member]: servers }, null, 2)}\n`)
  context.stdout.write(`${file} is written; restart ${client.title} to read it\n`)
}

/** Returns the file of a client on a system, by Node's name of it, for a user with this home folder. */
export function locateFile({ file, files }: McpClient, system: string, home: string): string {
  return (files?.[system] ?? file).replace(/^~/, () => home)
}

function compose(client: McpClient, server: McpServerEntry): object {
  try {
    return composeConfiguration(client, server)
  } catch (error) {
    throw error instanceof RangeError ? new CommandError(error.message) : error
  }
}

/** Describes a gateway that runs, which has its own descriptions and options of them. */
function describeUrl(
  client: McpClient,
  files: readonly string[],
  { url = '', key, ...options }: InstallOptions,
): McpServerEntry {
  const [extra] = [...files, ...writeOptions(options)]
  if (extra !== undefined)
    throw new CommandError(`${extra} cannot be used with --url: the gateway that runs has its descriptions`)
  return describeRunning(client, url, key)
}

/** Describes a gateway that the client starts, in whatever folder that does it. */
async function describeStart(
  named: readonly string[],
  { key, mock, ...flags }: InstallOptions,
  context: CommandContext,
): Promise<McpServerEntry> {
  if (key !== undefined) throw new CommandError('--key needs --url, the gateway that takes the key')
  const { environment, execPath, program } = context
  const { file, files, options } = await locateDescriptions(named, flags)
  // A mock has the address and the credentials of the API in place of what is named.
  const own = [
    ...named.map((one) => resolve(one)),
    ...writeOptions(mock ? { ...flags, baseUrls: [] } : flags),
  ]
  checkOptions(own)
  const settings = file ? ['--config', file.path] : []
  const args = [program, 'serve', '--stdio', ...(mock ? ['--mock'] : []), ...own, ...settings]
  const references = Object.fromEntries(
    (file?.references ?? []).map((variable): [string, ConfigurationValue] => [variable, { variable }]),
  )
  const isMocked = mock && files.length > 0
  // What is wrong is told here, and not where the client hides it.
  const api = readApi(await loadServed(files, { ...options, ...(isMocked && mockAddress) }, context))
  const values = listCarried(environment, mock ? undefined : api)
  return { command: execPath, args, env: { ...references, ...values } }
}

/** Refuses options with a user, a password or a query in a URL, which would stand in the file. */
function checkOptions(written: readonly string[]): void {
  const index = written.findIndex((one) => hideUrlSecrets(one) !== one)
  if (index >= 0)
    throw new CommandError(
      `${written[index - 1]} has a user, a password or a query, which the file would have`,
    )
}

function readPresent(file: string): Readonly<Record<string, unknown>> {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if (asRecord(error).code === 'ENOENT') return {}
    throw new CommandError(`${file} cannot be read (${asRecord(error).code})`)
  }
  try {
    const present = parseExactly(text)
    if (isObject(present)) return present
  } catch {
    // Comments, which some clients allow, would be lost.
  }
  throw new CommandError(`${file} is not plain JSON; add what --print prints yourself`)
}
