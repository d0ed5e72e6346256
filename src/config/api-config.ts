import type { Api, PinnableParameter } from '../document/api.ts'
import { readOwn } from '../document/json.ts'
import type { SecurityScheme } from '../document/security.ts'
import { nameCredentials, nameSchemeVariables, nameVariable, nameWholeVariable } from './api-variables.ts'
import type { EnvironmentReader } from './environment.ts'
import { isBaseUrl, isLoopback } from './urls.ts'

/** How an API is reached, and what the operator has configured for its calls. */
export interface ApiConfig {
  /** Upstream base URL without a trailing slash; may hold a path prefix. */
  readonly baseUrl: string
  /** PEM certificates of the upstream's own authority. */
  readonly ca: string | undefined
  /** Credentials by the names of their security schemes. */
  readonly secrets: Readonly<Record<string, string>>
  /** The one value that is served of a parameter, by its name. */
  readonly pins: Readonly<Record<string, string>>
}

/** Reads the variables of an API; problems are noted with the reader. */
export function readApiConfig(
  reader: EnvironmentReader<string>,
  api: Api,
  allowInsecure: boolean,
): ApiConfig {
  const name = (thing: string) => nameVariable(api, thing)
  const secrets = Object.fromEntries(
    api.schemes.flatMap((scheme) => toEntry(scheme.name, readSecret(reader, api, scheme))),
  )
  const pins = Object.fromEntries(
    api.pins.flatMap((pin) => toEntry(pin.name, reader.secret(name(pin.name), ...describeForm(pin)))),
  )
  for (const { name: pin, credentials } of api.pins)
    if (
      readOwn(pins, pin) !== undefined &&
      credentials.length > 0 &&
      credentials.every((one) => readOwn(secrets, one) === undefined)
    )
      reader.problems.push(
        `${name(pin)} needs ${nameCredentials(api, credentials)}, the credential that belongs to it, beside it`,
      )
  const baseUrl = reader.text(name('base_url')).replace(/\/+$/, '')
  checkBaseUrl(reader, api, baseUrl, allowInsecure)
  for (const url of api.otherBaseUrls)
    if (!allowInsecure && isInsecure(url)) reader.problems.push(`${url} ${mustBeSecure}`)
  return { baseUrl, ca: reader.certificates(name('ca_file')), secrets, pins }
}

/**
 * Selects the credentials that are used for clients: one that belongs to a pinned value only where the value is pinned,
 * or clients would use it for others.
 */
export function selectShared({ secrets, pins }: ApiConfig, api: Api): ApiConfig['secrets'] {
  const unpinned = api.pins
    .filter(({ name }) => readOwn(pins, name) === undefined)
    .flatMap(({ credentials }) => credentials)
  return Object.fromEntries(Object.entries(secrets).filter(([scheme]) => !unpinned.includes(scheme)))
}

/** The form of a value, and what it is. */
type Form = readonly [RegExp, string]

/** The user and the password of HTTP Basic in one variable (RFC 7617 §2). */
const loginForm: Form = [
  /^(?=[^:]*:)[\x21-\x7e]{1,512}$/,
  'a user and a password with a colon between them, 1 to 512 visible ASCII characters',
]

/** The user of HTTP Basic alone, which has no colon. */
const userForm: Form = [/^[\x21-\x39\x3b-\x7e]{1,512}$/, '1 to 512 visible ASCII characters without a colon']

/** One variable has the credential, or two have the user and the password of one, which go before it. */
function readSecret(reader: EnvironmentReader<string>, api: Api, scheme: SecurityScheme): string | undefined {
  const variables = nameSchemeVariables(api, scheme)
  const isSplit = variables.length > 1
  if (isSplit && variables.every((one) => reader.text(one) + reader.text(`${one}_FILE`) === ''))
    return reader.secret(nameWholeVariable(api, scheme), ...loginForm)
  const login = isSplit ? userForm : loginForm
  const form = scheme.prefix === 'Basic ' ? login : undefined
  const values = variables.map((variable, index) =>
    form && index === 0 ? reader.secret(variable, ...form) : reader.secret(variable),
  )
  const missing = variables.filter((_, index) => values[index] === undefined)
  if (missing.length > 0 && missing.length < variables.length)
    reader.problems.push(
      `${missing.join(', ')} must be set too: ${variables.join(' and ')} are one credential`,
    )
  return missing.length > 0 ? undefined : values.join(':')
}

function toEntry(thing: string, value: string | undefined): [string, string][] {
  return value === undefined ? [] : [[thing, value]]
}

function describeForm({ schema: { pattern }, name }: PinnableParameter): Form {
  const form = typeof pattern === 'string' ? new RegExp(pattern, 'u') : /^[\x21-\x7e]{1,512}$/
  return [form, `a value that the parameter ${name} allows`]
}

/**
 * Without TLS the name of a host could lead anywhere, to this machine and its link too: nothing proves the host. With it
 * the certificate does.
 */
const mustBeSecure =
  'must be an https URL: credentials would cross the network unencrypted; ALLOW_INSECURE_UPSTREAM=true allows that'

function isInsecure(url: string): boolean {
  const { protocol, hostname } = new URL(url)
  return protocol === 'http:' && !isLoopback(hostname)
}

function checkBaseUrl(
  reader: EnvironmentReader<string>,
  api: Api,
  url: string,
  allowInsecure: boolean,
): void {
  const variable = nameVariable(api, 'base_url')
  if (url === '') {
    reader.problems.push(`${variable} or --base-url must be set to the address of the API`)
    return
  }
  reader.expect(variable, isBaseUrl(url), 'an http or https URL without user, query and fragment')
  if (!isBaseUrl(url)) return
  const { pathname } = new URL(url)
  // Below another path, as of a gateway in front of the API, the same beginning may well stand twice.
  const isRepeated = `${api.commonPath}/`.startsWith(`${pathname}/`)
  // What the description says itself is taken as it stands.
  if (isRepeated && url !== api.baseUrl)
    reader.problems.push(`${variable} must leave out ${pathname}, which the paths of the API begin with`)
  if (!allowInsecure && isInsecure(url)) reader.problems.push(`${variable} ${mustBeSecure}`)
}
