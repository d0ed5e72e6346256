import type { Api } from '../document/api.ts'
import { type ApiConfig, readApiConfig, selectShared } from './api-config.ts'
import { listApiVariables, nameCredential } from './api-variables.ts'
import type { EgressProxies } from './egress-proxy.ts'
import { type Environment, EnvironmentReader, type Rate } from './environment.ts'
import type { GatewayKey } from './gateway-keys.ts'
import {
  type FixedReader,
  readProxies,
  readSharedState,
  readTelemetry,
  readTls,
  type SharedStateConfig,
  type TlsConfig,
} from './network.ts'
import { hideUrlSecrets, isHost, isLoopback, isOrigin, isSafeUrl } from './urls.ts'
import { variables } from './variables.ts'

/** The checked configuration; nothing else in the gateway reads the environment. */
export interface Config extends ApiConfig {
  /** The credentials that are used for clients, by the names of their security schemes. */
  readonly shared: ApiConfig['secrets']
  readonly restPort: number
  readonly mcpPort: number
  readonly controlPort: number
  readonly controlHost: string
  readonly host: string
  /** Lower-case host names, with a port where the operator gave one. */
  readonly allowedHosts: readonly string[]
  readonly allowedOrigins: readonly string[]
  /** Who is let in by a key of the gateway's own: nobody where the list is empty, and no key is asked for without one. */
  readonly keys: readonly GatewayKey[] | undefined
  /** Where the keys stand. */
  readonly keysFile: string
  /** Who is let in by an access token; nobody without. */
  readonly oauth: OAuthConfig | undefined
  /** Whether users' tokens stay out of MCP results. */
  readonly redactTokens: boolean
  /** Whether MCP offers tools that search, describe and call the others, in their place. */
  readonly offersSearch: boolean
  readonly allowDelete: boolean
  /** Whether a deletion on MCP needs a confirmation. */
  readonly confirmDelete: boolean
  /** Deletions that a client may make on MCP in so many milliseconds; undefined for as many as it likes. */
  readonly deleteLimit: Rate | undefined
  /** Bytes of a request body: of what is read as a text, and of files. */
  readonly bodyLimits: { readonly text: number; readonly file: number }
  /** Bytes of a message on MCP over HTTP. */
  readonly messageLimit: number
  /** Milliseconds. */
  readonly upstreamTimeout: number
  /** Milliseconds from the wish to end until no connection is accepted any longer. */
  readonly drainDelay: number
  /** Calls that a client may make in so many milliseconds; undefined for as many as it likes. */
  readonly rateLimit: Rate | undefined
  /** Share of the upstream's responses that are compared with the document. */
  readonly sampledShare: number
  /** Whether browsers get pages at `/` of both servers. */
  readonly pages: boolean
  readonly logLevel: string
  /** What replicas share; undefined for a gateway that runs alone. */
  readonly sharedState: SharedStateConfig | undefined
  readonly proxies: EgressProxies
  /** Milliseconds that a connection of a client may stay open without a request. */
  readonly keepAlive: number
  /** Milliseconds for a client to read on from its response. */
  readonly writeTimeout: number
  /** Certificate of both servers, and its key; they speak plain HTTP without. */
  readonly tls: TlsConfig | undefined
  /** Base URL of the OTLP receiver of traces and metrics; none are sent without. */
  readonly telemetryUrl: string | undefined
  /** The files that it was read from. */
  readonly files: readonly string[]
}

/** Whose access tokens let a client in. */
export interface OAuthConfig {
  readonly issuer: string
  readonly jwksUrl: string
  /** URL of the MCP endpoint as clients know it (RFC 8707 resource indicator). */
  readonly audience: string
}

/** Says everything that is wrong with the environment at once, one sentence a variable, never a value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: readonly string[]
  /** The files that were read. */
  readonly files: readonly string[]

  constructor(problems: readonly string[], files: readonly string[] = []) {
    const safe = problems.map(hideUrlSecrets)
    super(safe.join('\n'))
    this.problems = safe
    this.files = files
  }
}

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']

/**
 * Reads the configuration of a gateway for an API, and the files that it may name. Throws a `ConfigError` that lists
 * every problem, after those that were found earlier.
 */
export function readConfig(environment: Environment, api: Api, earlier: readonly string[] = []): Config {
  const reader = new EnvironmentReader(environment, variables, { problems: [...earlier], files: [] })
  const apiReader = new EnvironmentReader(environment, listApiVariables(api), reader)
  const allowsInsecure = reader.choice('ALLOW_INSECURE_UPSTREAM', ['true', 'false']) === 'true'
  const apiConfig = readApiConfig(apiReader, api, allowsInsecure)
  const shared = selectShared(apiConfig, api)
  const tokens = reader.choice('MCP_TOKENS', ['reveal', 'withhold'])
  const config: Config = {
    ...apiConfig,
    shared,
    restPort: reader.integer('REST_PORT', 0, 65535),
    mcpPort: reader.integer('MCP_PORT', 0, 65535),
    controlPort: reader.integer('CONTROL_PORT', 0, 65535),
    controlHost: reader.text('CONTROL_HOST'),
    host: reader.text('HOST'),
    allowedHosts: reader.list('ALLOWED_HOSTS'),
    allowedOrigins: reader.list('ALLOWED_ORIGINS'),
    keys: reader.keys('GATEWAY_KEYS_FILE'),
    keysFile: reader.text('GATEWAY_KEYS_FILE'),
    oauth: readOAuth(reader),
    redactTokens: tokens === undefined ? Object.keys(apiConfig.secrets).length > 0 : tokens === 'withhold',
    offersSearch: reader.choice('MCP_TOOLS', ['all', 'search']) === 'search',
    allowDelete: reader.choice('ALLOW_DELETE', ['true', 'false']) !== 'false',
    confirmDelete: reader.choice('CONFIRM_DELETE', ['true', 'false']) === 'true',
    deleteLimit: reader.rate('MCP_DELETE_LIMIT'),
    bodyLimits: {
      text: reader.integer('BODY_LIMIT', 1_024, 104_857_600),
      file: reader.integer('FILE_LIMIT', 1_024, 999_999_999),
    },
    messageLimit: reader.integer('MCP_MESSAGE_LIMIT', 1_024, 104_857_600),
    upstreamTimeout: reader.integer('UPSTREAM_TIMEOUT_MS', 100, 600_000),
    drainDelay: reader.integer('DRAIN_DELAY', 0, 600) * 1_000,
    rateLimit: reader.rate('RATE_LIMIT'),
    sampledShare: reader.share('DRIFT_SAMPLE'),
    pages: reader.choice('PAGES', ['on', 'off']) !== 'off',
    logLevel: reader.text('LOG_LEVEL'),
    sharedState: readSharedState(reader),
    proxies: readProxies(reader),
    keepAlive: reader.integer('KEEP_ALIVE_TIMEOUT', 1, 3_600) * 1_000,
    writeTimeout: reader.integer('WRITE_TIMEOUT', 1, 600) * 1_000,
    tls: readTls(reader),
    telemetryUrl: readTelemetry(reader),
    files: reader.files,
  }
  checkTexts(reader, config)
  checkReach(reader, config, api)
  if (reader.problems.length > 0) throw new ConfigError(reader.problems, reader.files)
  return Object.freeze(config)
}

/** Reads three variables that only mean something together. */
function readOAuth(reader: FixedReader): OAuthConfig | undefined {
  const names = ['OAUTH_ISSUER', 'OAUTH_JWKS_URL', 'OAUTH_AUDIENCE'] as const
  const [issuer = '', jwksUrl = '', audience = ''] = names.map((name) => reader.text(name))
  if (issuer + jwksUrl + audience === '') return undefined
  for (const name of names)
    reader.expect(name, isSafeUrl(reader.text(name)), 'an https URL, or http on a loopback address')
  return { issuer, jwksUrl, audience }
}

function checkTexts(reader: FixedReader, config: Config): void {
  const { logLevel, allowedHosts, allowedOrigins } = config
  reader.expect('LOG_LEVEL', levels.includes(logLevel), `one of ${levels.join(', ')}`)
  const hosts = 'host names such as api.example.org or *.example.org, with an optional port, comma-separated'
  reader.expect('ALLOWED_HOSTS', allowedHosts.every(isHost), hosts)
  const origins = 'origins such as https://app.example.org, comma-separated'
  reader.expect('ALLOWED_ORIGINS', allowedOrigins.every(isOrigin), origins)
}

/** Checks that clients are authenticated where others reach a port: they act with the configured credentials. */
function checkReach({ problems }: FixedReader, config: Config, api: Api): void {
  const { restPort, mcpPort, controlPort, shared, keys, oauth, host, allowedHosts } = config
  const ports = [restPort, mcpPort, controlPort].filter((port) => port !== 0)
  if (new Set(ports).size < ports.length)
    problems.push('REST_PORT, MCP_PORT and CONTROL_PORT must be different ports')
  const [scheme] = Object.keys(shared)
  if (scheme === undefined || keys || oauth) return
  const names = nameCredential(api, scheme)
  const set = `${names.join(' and ')} ${names.length > 1 ? 'are' : 'is'} set`
  const reason = `while ${set} and neither GATEWAY_KEYS_FILE nor OAUTH_ISSUER is: everybody who reaches the port would act with that credential`
  if (!isLoopback(host)) problems.push(`HOST must be a loopback address ${reason}`)
  // A name of another kind is that of a proxy, which others can reach.
  if (!allowedHosts.every((name) => isLoopback(name.replace(/:\d*$/, ''))))
    problems.push(`ALLOWED_HOSTS must have loopback names alone ${reason}`)
}
