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
    const [, name = '', only] = /^(?:\*?\.)?(.*?)(?::(\d+))?$/.exec(one) ?? []
    const matches = one === '*' || hostname === name || hostname.endsWith(`.${name}`)
    return matches && (only === undefined || only === own)
  })
  return proxy === undefined || isException ? undefined : new URL(proxy)
}
