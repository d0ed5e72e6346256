import { isIP } from 'node:net'
import { readCertificates } from './certificates.ts'

/** Every variable the gateway reads, its default and what it is for; docs/configuration.md is tested against it. */
export const variables = {
  CAL_COM_BASE_URL: {
    default: 'https://api.cal.com',
    description: 'Base URL of the upstream, without `/v2`',
  },
  CAL_COM_API_KEY: {
    default: '',
    description: 'API key of an organisation admin, sent as a bearer when a call carries no client secret',
  },
  CAL_COM_SECRET_KEY: {
    default: '',
    description: 'OAuth client secret for MCP over stdio; the HTTP ports never use it',
  },
  CAL_COM_CA_FILE: {
    default: '',
    description: 'File of PEM certificates to trust for the upstream, instead of the well-known ones',
  },
  REST_PORT: { default: '8080', description: 'Port of the REST door' },
  MCP_PORT: { default: '9090', description: 'Port of the MCP server' },
  CONTROL_PORT: { default: '9091', description: 'Port of the health checks, on 127.0.0.1' },
  HOST: { default: '127.0.0.1', description: 'Address both ports listen on' },
  ALLOWED_HOSTS: {
    default: '',
    description: 'Further names allowed in the Host header, comma-separated; loopback names always are',
  },
  ALLOWED_ORIGINS: {
    default: '',
    description: 'Further web origins that are not refused, comma-separated; loopback origins never are',
  },
  UPSTREAM_TIMEOUT_MS: {
    default: '30000',
    description: 'Deadline in milliseconds for a complete upstream answer',
  },
  RATE_LIMIT: {
    default: 'off',
    description:
      'Calls a caller may make, both ports together: `off`, or a number per s, min or h such as 600/min',
  },
  LOG_LEVEL: { default: 'info', description: 'One of trace, debug, info, warn, error, fatal, silent' },
} as const

type Variable = keyof typeof variables

/** The environment as the process has it. */
export type Environment = Readonly<Record<string, string | undefined>>

/** The checked configuration; nothing else in the gateway reads the environment. */
export interface Config {
  /** Upstream base URL without a trailing slash; may hold a path prefix. */
  readonly baseUrl: string
  readonly apiKey: string | undefined
  /** Only for MCP over stdio. */
  readonly secretKey: string | undefined
  /** PEM certificates of the upstream's own authority. */
  readonly ca: string | undefined
  readonly restPort: number
  readonly mcpPort: number
  readonly controlPort: number
  readonly host: string
  /** Lower-case host names, with a port where the operator gave one. */
  readonly allowedHosts: readonly string[]
  readonly allowedOrigins: readonly string[]
  /** Milliseconds. */
  readonly upstreamTimeout: number
  /** Calls a caller may make in so many milliseconds; undefined for as many as it likes. */
  readonly rateLimit: { readonly calls: number; readonly window: number } | undefined
  readonly logLevel: string
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
const windows: Readonly<Record<string, number>> = { s: 1_000, min: 60_000, h: 3_600_000 }
const credential = /^[\x21-\x7e]{1,512}$/

/** Reads the configuration and the file that it may name. Throws a `ConfigError` that lists every problem. */
export function readConfig(environment: Environment): Config {
  const problems: string[] = []
  const read = (name: Variable) => environment[name]?.trim() || variables[name].default
  const expect = (name: Variable, holds: boolean, what: string) => {
    if (!holds) problems.push(`${name} must be ${what}`)
  }
  const readInteger = (name: Variable, least: number, most: number) => {
    const text = read(name)
    expect(
      name,
      /^\d{1,9}$/.test(text) && +text >= least && +text <= most,
      `an integer from ${least} to ${most}`,
    )
    return Number(text)
  }
  const readCredential = (name: Variable) => {
    const text = read(name)
    expect(name, text === '' || credential.test(text), '1 to 512 visible ASCII characters')
    return text === '' ? undefined : text
  }
  const readAuthority = (name: Variable) => {
    const file = read(name)
    const text = file === '' ? undefined : readCertificates(file)
    expect(name, file === '' || text !== undefined, 'a readable file of PEM certificates')
    return text
  }
  const readRate = (name: Variable) => {
    const [, calls, unit = ''] = /^([1-9]\d{0,8})\/(s|min|h)$/.exec(read(name)) ?? []
    expect(
      name,
      calls !== undefined || read(name) === 'off',
      'off, or a number per s, min or h such as 600/min',
    )
    return calls === undefined ? undefined : { calls: Number(calls), window: windows[unit] ?? 0 }
  }
  const readList = (name: Variable) =>
    read(name)
      .toLowerCase()
      .split(',')
      .map((one) => one.trim())
      .filter(Boolean)

  const config: Config = {
    baseUrl: read('CAL_COM_BASE_URL').replace(/\/+$/, ''),
    apiKey: readCredential('CAL_COM_API_KEY'),
    secretKey: readCredential('CAL_COM_SECRET_KEY'),
    ca: readAuthority('CAL_COM_CA_FILE'),
    restPort: readInteger('REST_PORT', 0, 65535),
    mcpPort: readInteger('MCP_PORT', 0, 65535),
    controlPort: readInteger('CONTROL_PORT', 0, 65535),
    host: read('HOST'),
    allowedHosts: readList('ALLOWED_HOSTS'),
    allowedOrigins: readList('ALLOWED_ORIGINS'),
    upstreamTimeout: readInteger('UPSTREAM_TIMEOUT_MS', 100, 600_000),
    rateLimit: readRate('RATE_LIMIT'),
    logLevel: read('LOG_LEVEL'),
  }
  expect(
    'CAL_COM_BASE_URL',
    isBaseUrl(config.baseUrl),
    'an http or https URL without user, query and fragment',
  )
  expect('LOG_LEVEL', levels.includes(config.logLevel), `one of ${levels.join(', ')}`)
  expect(
    'ALLOWED_HOSTS',
    config.allowedHosts.every(isHost),
    'host names with an optional port, comma-separated',
  )
  expect(
    'ALLOWED_ORIGINS',
    config.allowedOrigins.every(isOrigin),
    'origins such as https://app.example.org, comma-separated',
  )
  const ports = [config.restPort, config.mcpPort, config.controlPort].filter((port) => port !== 0)
  if (new Set(ports).size < ports.length)
    problems.push('REST_PORT, MCP_PORT and CONTROL_PORT must be different ports')
  if (config.apiKey !== undefined && !isLoopback(config.host))
    problems.push(
      'HOST must be a loopback address while CAL_COM_API_KEY is set: whoever reaches the port would act with that key',
    )
  if (problems.length > 0) throw new ConfigError(problems)
  return Object.freeze(config)
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

function isHost(text: string): boolean {
  return URL.canParse(`http://${text}`) && /^[^/?#@]+$/.test(text)
}

function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text
}
