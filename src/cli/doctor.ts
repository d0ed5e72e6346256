import { Command } from 'commander'
import { checkScopes, listScopes } from '../access/authorization.ts'
import { type Config, ConfigError } from '../config/config.ts'
import { findProxy } from '../config/egress-proxy.ts'
import type { SharedStateConfig } from '../config/network.ts'
import { findUnknownVariables } from '../config/unknown-variables.ts'
import { hideCredentials } from '../config/urls.ts'
import type { Api } from '../document/api.ts'
import { asRecord } from '../document/json.ts'
import { type Operation, readOperations } from '../document/operations.ts'
import { listUndescribedTools } from '../mcp/response-selection.ts'
import { listSecretTools } from '../mcp/schema-redaction.ts'
import { createReadinessCheck } from '../observability/readiness.ts'
import { openPools } from '../upstream/pools.ts'
import { type CommandContext, CommandError, formatExamples, Unserved } from './command.ts'
import { addDescriptionOptions } from './description-options.ts'
import { tryPort } from './port.ts'
import { readServedDescriptions, readSettings, type ServeOptions } from './served.ts'

/** One thing that was looked at; a fix where it is not as it must be. */
interface Finding {
  readonly what: string
  readonly found: string
  readonly fix?: string
}

const unreadable = 'name a file that exists, and that this user may read'

/** Milliseconds that the API may take. */
const timeout = 5_000

/** Seconds that the clock may differ before tokens are refused for it. */
const clockTolerance = 5

/** Creates the command that looks at everything a gateway needs before it starts. */
export function createDoctor(context: CommandContext): Command {
  const { stdout, setExitCode } = context
  const command = new Command('doctor')
    .description(
      'Checks what a gateway needs: configuration, ports, TLS and reachability of the API, shared state, credentials and clock. Each line that is wrong says what mends it. Nothing is sent with a credential. Exits with 1 when something is wrong.',
    )
    .argument('[file...]', 'descriptions; by default what calgate ships with')
    .option('--config <file>', 'settings of the gateway; calgate.yaml where it exists')
    .addHelpText('after', formatExamples({ 'calgate doctor': 'before the first start' }))
    .action(async (files: readonly string[], options: ServeOptions) => {
      const findings = await examine(files, options, context)
      for (const { what, found, fix } of findings)
        stdout.write(
          `${fix === undefined ? 'ok    ' : 'wrong '} ${what.padEnd(14)} ${hideCredentials(found)}${fix ? `; ${fix}` : ''}\n`,
        )
      setExitCode(findings.some(({ fix }) => fix !== undefined) ? 1 : 0)
    })
  return addDescriptionOptions(command)
}

async function examine(
  files: readonly string[],
  options: ServeOptions,
  context: CommandContext,
): Promise<Finding[]> {
  try {
    const { document, api, environment, file } = await readServedDescriptions(files, options, context)
    const config = readSettings(environment, api, file)
    const unknown = findUnknownVariables(environment, api, file?.references)
    const operations = readOperations(document, () => {})
    const redacted = config.redactTokens ? operations : []
    checkScopes(config.keys ?? [], listScopes(operations))
    const variables = unknown.map((found) => ({ what: 'configuration', found, fix: 'correct or remove it' }))
    return [
      ...(variables.length > 0 ? variables : [{ what: 'configuration', found: 'is complete' }]),
      ...(await examinePorts(config)),
      ...(await Promise.all(
        listOrigins(config, api).map((baseUrl) => examineUpstream({ ...config, baseUrl })),
      )),
      ...(config.sharedState ? [await examineState(config.sharedState)] : []),
      describeCredentials(config),
      ...describeTools(listSecretTools(redacted), 'is no tool: its response has nothing but secrets'),
      ...describeTools(listUndescribedTools(redacted), 'shows no response: none is described'),
      await examineClock(config),
    ]
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof CommandError)) throw error
    const hint = error instanceof Unserved ? 'run calgate check' : 'see docs/configuration.md of the package'
    const problems = error instanceof ConfigError ? error.problems : error.message.split('\n')
    return problems.map((problem) => {
      const [found = '', expected] = problem.split('; expected ')
      const fix = expected === undefined ? hint : `expected ${expected}`
      return { what: 'configuration', found, fix: found.includes(' cannot be read ') ? unreadable : fix }
    })
  }
}

async function examinePorts({
  host,
  controlHost,
  restPort,
  mcpPort,
  controlPort,
}: Config): Promise<Finding[]> {
  const ports = [
    ['REST_PORT', host, restPort],
    ['MCP_PORT', host, mcpPort],
    ['CONTROL_PORT', controlHost, controlPort],
  ] as const
  return Promise.all(
    ports.map(async ([variable, address, port]) => {
      const code = await tryPort(address, port)
      const found = `${address}:${port} ${code === undefined ? 'is free' : `cannot be opened (${code})`}`
      return { what: 'port', found, ...(code !== undefined && { fix: `set ${variable} to another port` }) }
    }),
  )
}

/** Lists one base URL of each origin that is called. */
function listOrigins({ baseUrl }: Config, { otherBaseUrls }: Api): string[] {
  const urls = [...otherBaseUrls, baseUrl].map((url) => [new URL(url).origin, url] as const)
  return [...new Map(urls).values()]
}

async function examineUpstream(config: Config): Promise<Finding> {
  const { baseUrl } = config
  const state = await createReadinessCheck(config, performance.now.bind(performance)).readUpstream()
  const found = `${baseUrl} ${states[state]}`
  if (state === 'reachable') return { what: 'upstream', found }
  const fix =
    state === 'unreachable'
      ? 'check the network, a proxy (HTTPS_PROXY) and whether the API runs'
      : 'check the host name and, for an authority of your own, the variable …_CA_FILE'
  return { what: 'upstream', found, fix }
}

const states = {
  reachable: 'is reachable',
  unreachable: 'is unreachable',
  misconfigured: 'has an unknown host name, or a certificate that is not trusted',
} as const

/** Connects to Redis, and disconnects. Its URL may have a password, and is not repeated. */
async function examineState(config: SharedStateConfig): Promise<Finding> {
  const { connectRedis } = await import('../state/redis-connection.ts')
  let cause: unknown
  const onChange = (_available: boolean, error?: unknown) => {
    cause = error
  }
  const connection = await connectRedis({ ...config, onChange }, [])
  const { available } = connection
  await connection.close()
  if (available) return { what: 'shared state', found: 'Redis is reachable' }
  const { code = 'it does not reply, or refuses the password' } = asRecord(cause)
  const fix = 'check REDIS_URL, and whether Redis runs'
  return { what: 'shared state', found: `Redis is unreachable (${code})`, fix }
}

function describeCredentials({ secrets, shared, keys, oauth }: Config): Finding {
  if (keys?.length === 0 && !oauth)
    return {
      what: 'credentials',
      found: 'GATEWAY_KEYS_FILE has no key: nobody is let in',
      fix: 'add the line that calgate key prints',
    }
  const names = Object.keys(secrets)
  if (names.length === 0)
    return { what: 'credentials', found: 'none is configured: each client brings its own with each call' }
  const unused = names.filter((name) => !(name in shared))
  if (unused.length > 0)
    return {
      what: 'credentials',
      found: `${unused.join(', ')} is used for MCP over stdio alone`,
      fix: 'set the pinned value that belongs to it as well',
    }
  const clients = keys || oauth ? 'clients are authenticated' : 'only this machine reaches it'
  return { what: 'credentials', found: `${names.join(', ')} is configured; ${clients}` }
}

function describeTools(operations: readonly Operation[], found: string): Finding[] {
  return operations.map(({ method, path }) => ({ what: 'tools', found: `${method} ${path} ${found}` }))
}

/** Compares the clock with the API's `Date` header (RFC 9110 §6.6.1): a wrong one makes valid tokens invalid. */
async function examineClock({ baseUrl, ca, proxies }: Config): Promise<Finding> {
  const { origin } = new URL(baseUrl)
  const pools = openPools({ origin, ca, proxy: findProxy(proxies, origin), connectTimeout: timeout })
  const signal = AbortSignal.timeout(timeout)
  const request = pools.reads.request({ method: 'HEAD', path: '/', signal })
  const date = await request.then(({ headers }) => headers.date).catch(() => undefined)
  await Promise.all([pools.reads.destroy(), pools.writes.destroy()])
  if (date === undefined) return { what: 'clock', found: 'was not compared: the API told no time' }
  const seconds = Math.round(Math.abs(Date.now() - Date.parse(String(date))) / 1_000)
  if (seconds <= clockTolerance) return { what: 'clock', found: `is within ${clockTolerance} s of the API's` }
  return { what: 'clock', found: `is ${seconds} s from the API's`, fix: 'synchronize it (NTP)' }
}
