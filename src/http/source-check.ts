import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { isLoopback } from '../config/urls.ts'
import { GatewayError } from '../errors/gateway-error.ts'

/** Which hosts and origins a server serves beside the loopback ones. */
export interface SourceOptions {
  /** Lower-case names, with a port where only that port is meant; `*.` at the beginning covers all names below. */
  readonly allowedHosts: readonly string[]
  readonly allowedOrigins: readonly string[]
  /** Whether IP addresses are allowed as hosts; DNS rebinding takes a name. */
  readonly allowAddresses?: boolean | undefined
}

/**
 * Creates a check of Host and Origin against DNS rebinding (MCP 2025-11-25 "Transports", Security Warning). The check
 * throws `host_not_allowed` or `origin_not_allowed`; a public route is for every origin.
 */
export function createSourceCheck(
  options: SourceOptions,
): (request: IncomingMessage, isPublic?: boolean) => void {
  return ({ headers, url = '/' }, isPublic = false) => {
    const { host = '', origin } = headers
    // The authority of a target in absolute form stands in for Host (RFC 9112 §3.2.2).
    const authority = url.startsWith('/') ? undefined : /^https?:\/\/([^/?#]*)/i.exec(url)?.[1]
    if (!isHostAllowed(authority ?? host, options)) throw new GatewayError('host_not_allowed')
    if (origin !== undefined && !isPublic && !isOriginAllowed(origin, options))
      throw new GatewayError('origin_not_allowed')
  }
}

function isHostAllowed(host: string, { allowedHosts, allowAddresses }: SourceOptions): boolean {
  const name = host.toLowerCase()
  const bare = name.replace(/:\d*$/, '')
  if (isLoopback(bare) || allowedHosts.some((one) => covers(one, name) || covers(one, bare))) return true
  return allowAddresses === true && isIP(bare.replace(/^\[(.*)\]$/, '$1')) > 0
}

/** True for the allowed name itself; one that begins with `*.` covers every name below it. */
function covers(allowed: string, name: string): boolean {
  return allowed.startsWith('*.')
    ? name.length > allowed.length - 1 && name.endsWith(allowed.slice(1))
    : name === allowed
}

/** True for a loopback web page and for what the operator has listed. */
export function isOriginAllowed(origin: string, { allowedOrigins }: SourceOptions): boolean {
  if (allowedOrigins.includes(origin.toLowerCase())) return true
  if (!URL.canParse(origin)) return false
  const { protocol, hostname } = new URL(origin)
  return /^https?:$/.test(protocol) && isLoopback(hostname)
}
