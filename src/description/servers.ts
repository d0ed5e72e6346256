import { extensions } from '../document/extensions.ts'
import { asRecord, asText } from '../document/json.ts'
import { listPathVariables } from '../document/path-template.ts'
import type { Description } from './description.ts'
import type { DescriptionProblem } from './problem.ts'

/** What the operator says of the addresses that descriptions lead to. */
export interface ServerOptions {
  /** The API's base URL, by the name of a description; `''` for all of them. */
  readonly baseUrls: ReadonlyMap<string, string>
  /** Values of the variables of templated servers. */
  readonly serverVariables: ReadonlyMap<string, string>
}

/** The base URL of a list of servers, or why there is none. */
export interface ResolvedServer {
  /** Without slashes at its end. */
  readonly url?: string
  readonly problem?: Pick<DescriptionProblem, 'message' | 'expected' | 'severity'>
}

/**
 * Finds the base URL of Server Objects, or of the URL that stands for them: that of the operator, otherwise the first
 * server with its variables filled in. A document alone leads neither to this machine nor to its link: such addresses are
 * reached only when the operator names them, since the author of a document could otherwise read what only this machine may.
 */
export function resolveServer(
  servers: unknown,
  { name }: Pick<Description, 'name'>,
  { baseUrls, serverVariables }: ServerOptions,
): ResolvedServer {
  const named = baseUrls.get(name) ?? baseUrls.get('')
  if (named !== undefined) return { url: toAddress(named) }
  const { template, variables } = readServer(servers)
  if (template === '') return refuse('no server is named')
  const missing = new Set<string>()
  for (const [name, value] of serverVariables) {
    const choices = [asRecord(variables[name]).enum ?? []].flat().map(String)
    if (choices.length === 0 || choices.includes(value)) continue
    const expected = `--server-variable ${name}= with one of ${choices.join(', ')}`
    return {
      problem: {
        message: `${describeServer(template)} has no ${name} ${value || '""'}`,
        expected,
        severity: 'error',
      },
    }
  }
  const url = (template.startsWith('//') ? `https:${template}` : template).replaceAll(
    /\{([^}]+)\}/g,
    (_, variable: string) => {
      const given = serverVariables.get(variable)
      const { default: preset, enum: choices } = asRecord(variables[variable])
      // An empty default that is no choice is that of an author who knows no value.
      const isOpen = preset === undefined || (preset === '' && ![choices].flat().includes(''))
      if (given === undefined && isOpen) missing.add(variable)
      return given ?? String(preset ?? '')
    },
  )
  const [variable] = missing
  if (variable !== undefined)
    return refuse(
      `${describeServer(template)} needs a value of ${variable}`,
      `--server-variable ${variable}=…`,
    )
  if (!/^https?:\/\//i.test(url)) return refuse(`${describeServer(url)} is relative`)
  if (!URL.canParse(url)) return refuse(`${describeServer(url)} is no URL`)
  const { hostname, search, hash, username } = new URL(url)
  if (search !== '' || hash !== '' || username !== '')
    return refuse(`${describeServer(template)} is more than an address`)
  if (isLocal(hostname)) return refuse(`${describeServer(template)} is this machine or its link`)
  const address = toAddress(url)
  // A URL may have a query or a user that is empty, and characters or slashes that its parser passes over.
  if (!addressForm.test(address))
    return refuse(`${describeServer(template)} is ${/[?#@]/.test(url) ? 'more than an address' : 'no URL'}`)
  return { url: address }
}

const addressForm = new RegExp(extensions.document['x-base-url'].pattern)

/** Writes a URL as paths are appended to it: its scheme in lower case, without slashes at its end. */
function toAddress(url: string): string {
  return url.replace(/^https?/i, (scheme) => scheme.toLowerCase()).replace(/\/+$/, '')
}

/** Returns the first of Server Objects, or the URL that stands for them. */
function readServer(servers: unknown): {
  readonly template: string
  readonly variables: Readonly<Record<string, unknown>>
} {
  const [server] = [servers ?? []].flat()
  const { url, variables } = asRecord(typeof server === 'string' ? { url: server } : server)
  return { template: asText(url), variables: asRecord(variables) }
}

/** Names the variables of the server that is used of Server Objects. */
export function listServerVariables(servers: unknown): string[] {
  return listPathVariables(readServer(servers).template)
}

/** Describes a server without its query, which may have a key. */
function describeServer(server: string): string {
  return `the server ${server.replace(/([?#]).*$/s, '$1[redacted]')}`
}

function refuse(message: string, expected = '--base-url with the address of the API'): ResolvedServer {
  return { problem: { message, expected, severity: 'warning' } }
}

/**
 * Returns whether a host is loopback (RFC 1122 §3.2.1.3, RFC 4291 §2.5.3) or link-local (RFC 3927, RFC 4291 §2.5.6).
 */
function isLocal(hostname: string): boolean {
  const host = hostname.replaceAll(/[[\]]/g, '').replace(/\.$/, '')
  return (
    /(^|\.)localhost$/.test(host) ||
    /^(0|127|169\.254)(\.|$)/.test(host) ||
    /^::(1|ffff:(0|7f|a9fe)[0-9a-f]{0,2}:.*)?$/.test(host) ||
    /^fe[89ab][0-9a-f]:/.test(host)
  )
}
