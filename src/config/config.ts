import { isIP } from 'node:net'
import { type Environment, EnvironmentReader, type Rate } from './environment.ts'
import type { GatewayKey } from './gateway-keys.ts'

/** The checked configuration; nothing else in the gateway reads the environment. */
export interface Config {
  /** Upstream base URL without a trailing slash; may hold a path prefix. */
  readonly baseUrl: string
  readonly apiKey: string | undefined
  /** The one client that is served, with the secret held for it. */
  readonly client: HeldClient | undefined
  /** Secret for MCP over stdio where no client is held. */
  readonly secretKey: string | undefined
  /** PEM certificates of the upstream's own authority. */
  readonly ca: string | undefined
  readonly restPort: number
  readonly mcpPort: number
  readonly controlPort: number
  readonly controlHost: string
  readonly host: string
  /** Lower-case host names, with a port where the operator gave one. */
  readonly allowedHosts: readonly string[]
  readonly allowedOrigins: readonly string[]
  /** Who is let in by a key of the gateway's own. */
  readonly keys: readonly GatewayKey[]
  /** Who is let in by an access token; nobody without. */
  readonly oauth: OAuthConfig | undefined
  /** Whether users' tokens stay out of what MCP answers. */
  readonly redactTokens: boolean
  readonly allowDelete: boolean
  /** Whether a deletion on MCP needs a confirmation. */
  readonly confirmDelete: boolean
  /** Deletions that a caller may make on MCP in so many milliseconds; undefined for as many as it likes. */
  readonly deleteLimit: Rate | undefined
  /** Milliseconds. */
  readonly upstreamTimeout: number
  /** Calls a caller may make in so many milliseconds; undefined for as many as it likes. */
  readonly rateLimit: Rate | undefined
  /** Share of the upstream's answers that are held against the document. */
  readonly driftShare: number
  readonly logLevel: string
}

/** An OAuth client of the upstream whose secret the gateway holds. */
export interface HeldClient {
  readonly id: string
  readonly secret: string
}

/** Whose access tokens let a caller in. */
export interface OAuthConfig {
  readonly issuer: string
  readonly jwksUrl: string
  /** URL of the MCP endpoint as callers know it (RFC 8707 resource indicator). */
  readonly audience: string
}

/** Says everything that is wrong with the environment at once, one sentence a variable, never a value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.problems = problems
  }
}

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']
const clientId = /^[A-Za-z0-9_-]{1,64}$/

/** Reads the configuration and the files that it may name. Throws a `ConfigError` that lists every problem. */
export function readConfig(environment: Environment): Config {
  const reader = new EnvironmentReader(environment)
  const id = reader.secret('CAL_COM_CLIENT_ID', clientId, '1 to 64 letters, digits, underscores and hyphens')
  const secret = reader.secret('CAL_COM_SECRET_KEY')
  const apiKey = reader.secret('CAL_COM_API_KEY')
  const client = id !== undefined && secret !== undefined ? { id, secret } : undefined
  const holds = client !== undefined || apiKey !== undefined
  const tokens = reader.choice('MCP_TOKENS', ['reveal', 'withhold'])
  const config: Config = {
    baseUrl: reader.text('CAL_COM_BASE_URL').replace(/\/+$/, ''),
    apiKey,
    client,
    secretKey: secret,
    ca: reader.certificates('CAL_COM_CA_FILE'),
    restPort: reader.integer('REST_PORT', 0, 65535),
    mcpPort: reader.integer('MCP_PORT', 0, 65535),
    controlPort: reader.integer('CONTROL_PORT', 0, 65535),
    controlHost: reader.text('CONTROL_HOST'),
    host: reader.text('HOST'),
    allowedHosts: reader.list('ALLOWED_HOSTS'),
    allowedOrigins: reader.list('ALLOWED_ORIGINS'),
    keys: reader.keys('GATEWAY_KEYS_FILE'),
    oauth: readOAuth(reader),
    redactTokens: tokens === undefined ? holds : tokens === 'withhold',
    allowDelete: reader.choice('ALLOW_DELETE', ['true', 'false']) !== 'false',
    confirmDelete: reader.choice('CONFIRM_DELETE', ['true', 'false']) === 'true',
    deleteLimit: reader.rate('MCP_DELETE_LIMIT'),
    upstreamTimeout: reader.integer('UPSTREAM_TIMEOUT_MS', 100, 600_000),
    rateLimit: reader.rate('RATE_LIMIT'),
    driftShare: reader.share('DRIFT_SAMPLE'),
    logLevel: reader.text('LOG_LEVEL'),
  }
  checkTexts(reader, config)
  if (id !== undefined && secret === undefined)
    reader.problems.push('CAL_COM_CLIENT_ID needs CAL_COM_SECRET_KEY, the secret of that client, beside it')
  checkReach(reader, config)
  if (reader.problems.length > 0) throw new ConfigError(reader.problems)
  return Object.freeze(config)
}

/** Three variables that only mean something together. */
function readOAuth(reader: EnvironmentReader): OAuthConfig | undefined {
  const names = ['OAUTH_ISSUER', 'OAUTH_JWKS_URL', 'OAUTH_AUDIENCE'] as const
  const [issuer = '', jwksUrl = '', audience = ''] = names.map((name) => reader.text(name))
  if (issuer + jwksUrl + audience === '') return undefined
  for (const name of names)
    reader.expect(name, isSafeUrl(reader.text(name)), 'an https URL, or http on a loopback address')
  return { issuer, jwksUrl, audience }
}

function checkTexts(reader: EnvironmentReader, config: Config): void {
  const { baseUrl, logLevel, allowedHosts, allowedOrigins } = config
  const url = 'an http or https URL without user, query and fragment'
  reader.expect('CAL_COM_BASE_URL', isBaseUrl(baseUrl), url)
  reader.expect('LOG_LEVEL', levels.includes(logLevel), `one of ${levels.join(', ')}`)
  const hosts = 'host names with an optional port, comma-separated'
  reader.expect('ALLOWED_HOSTS', allowedHosts.every(isHost), hosts)
  const origins = 'origins such as https://app.example.org, comma-separated'
  reader.expect('ALLOWED_ORIGINS', allowedOrigins.every(isOrigin), origins)
}

/** Whoever reaches a port acts with the credentials held behind it, so somebody has to stand at the door. */
function checkReach({ problems }: EnvironmentReader, config: Config): void {
  const { restPort, mcpPort, controlPort, apiKey, client, keys, oauth, host, allowedHosts } = config
  const ports = [restPort, mcpPort, controlPort].filter((port) => port !== 0)
  if (new Set(ports).size < ports.length)
    problems.push('REST_PORT, MCP_PORT and CONTROL_PORT must be different ports')
  const held = client ? 'CAL_COM_SECRET_KEY' : apiKey && 'CAL_COM_API_KEY'
  if (!held || keys.length > 0 || oauth) return
  const reason = `while ${held} is set and neither GATEWAY_KEYS_FILE nor OAUTH_ISSUER is: whoever reaches the port would act with that credential`
  if (!isLoopback(host)) problems.push(`HOST must be a loopback address ${reason}`)
  // A name of another kind is that of a proxy, which others can reach.
  if (!allowedHosts.every((name) => isLoopback(name.replace(/:\d*$/, ''))))
    problems.push(`ALLOWED_HOSTS must have loopback names alone ${reason}`)
}

/** True for the addresses and the name that never leave this machine. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase()
  return (
    name === 'localhost' ||
    name === '::1' ||
    name === '[::1]' ||
    (isIP(name) === 4 && name.startsWith('127.'))
  )
}

function isBaseUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, username, password, search, hash } = new URL(text)
  return /^https?:$/.test(protocol) && [username, password, search, hash].every((part) => part === '')
}

function isSafeUrl(text: string): boolean {
  if (!isBaseUrl(text)) return false
  const { protocol, hostname } = new URL(text)
  return protocol === 'https:' || isLoopback(hostname)
}

function isHost(text: string): boolean {
  return URL.canParse(`http://${text}`) && /^[^/?#@]+$/.test(text)
}

function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text
}
