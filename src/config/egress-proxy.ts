import { isIPv6 } from 'node:net'

/** The proxies by which the gateway reaches APIs. */
export interface EgressProxies {
  /** For APIs with a base URL of plain `http`, and of `https`. */
  readonly http: string | undefined
  readonly https: string | undefined
  /** Hosts that are reached directly, in lower case: names with all names below them, with a port where one is given. */
  readonly exceptions: readonly string[]
}

/** Finds the URL of the proxy for an origin; undefined where it is reached directly. */
export function findProxy({ http, https, exceptions }: EgressProxies, origin: string): URL | undefined {
  const { protocol, hostname, port } = new URL(origin)
  const proxy = protocol === 'https:' ? https : http
  const own = port || (protocol === 'https:' ? '443' : '80')
  const isException = exceptions.some((one) => {
    const { name, port: only } = readException(one)
    const matches = one === '*' || hostname === name || hostname.endsWith(`.${name}`)
    return matches && (only === undefined || only === own)
  })
  return proxy === undefined || isException ? undefined : new URL(proxy)
}

/** Reads a host with its port, if it has one; an IPv6 address has no port without brackets, and any of its spellings. */
function readException(text: string): { readonly name: string; readonly port?: string | undefined } {
  const [, host = '', port] = isIPv6(text) ? ['', `[${text}]`] : (form.exec(text) ?? [])
  const url = `http://${host}`
  return { name: host.startsWith('[') && URL.canParse(url) ? new URL(url).hostname : host, port }
}

const form = /^(?:\*?\.)?(.*?)(?::(\d+))?$/
