import { connect as connectTcp, isIP } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { Config } from '../config/config.ts'
import { findProxy } from '../config/egress-proxy.ts'

/**
 * What a probe of the upstream found. `unreachable`: it refuses, times out or resets. `misconfigured`: no connection
 * can come about before the operator changes something, such as a certificate that is not trusted or an unknown host.
 */
export type UpstreamState = 'reachable' | 'unreachable' | 'misconfigured'

/** Whether the gateway should be sent requests, and why not. */
export type Readiness = 'ready' | 'draining' | 'upstream_unreachable' | 'upstream_misconfigured'

/** What readiness depends on. */
export interface ReadinessOptions {
  readonly probe: () => Promise<UpstreamState>
  /** Milliseconds, monotonic. */
  readonly clock: () => number
}

/** Milliseconds for which the result of a probe is valid, so that health checks put no load on the upstream. */
const validity = 5_000

/** Knows whether the gateway is ready. Once it drains it never is again. */
export class ReadinessCheck {
  readonly #options: ReadinessOptions
  /** True from the moment that the gateway was told to end. */
  draining = false
  #probedAt = Number.NEGATIVE_INFINITY
  #state: Promise<UpstreamState> = Promise.resolve('unreachable')

  constructor(options: ReadinessOptions) {
    this.#options = options
  }

  drain(): void {
    this.draining = true
  }

  /** Returns the state of the upstream, or of the proxy before it, at most some seconds old. */
  readUpstream(): Promise<UpstreamState> {
    const now = this.#options.clock()
    if (now - this.#probedAt >= validity) {
      this.#probedAt = now
      this.#state = this.#options.probe()
    }
    return this.#state
  }

  async read(): Promise<Readiness> {
    if (this.draining) return 'draining'
    const state = await this.readUpstream()
    return state === 'reachable' ? 'ready' : `upstream_${state}`
  }
}

/**
 * Returns whether an orchestrator should send requests. An upstream that is down concerns all replicas alike, so that
 * no other one would do better.
 */
export function isServing(readiness: Readiness): boolean {
  return readiness === 'ready' || readiness === 'upstream_unreachable'
}

/** Milliseconds for a connection to the upstream, with its TLS handshake. */
const probeTimeout = 2_000

/** Creates the readiness check of a gateway, which probes the origin of the configured base URL, or the proxy before it. */
export function createReadinessCheck(
  { baseUrl, ca, proxies }: Pick<Config, 'baseUrl' | 'ca' | 'proxies'>,
  clock: ReadinessOptions['clock'],
): ReadinessCheck {
  const proxy = findProxy(proxies, baseUrl)
  const { origin } = proxy ?? new URL(baseUrl)
  // A tunnel trusts a proxy by the well-known authorities.
  const probed = { origin, ca: proxy ? undefined : ca, timeout: probeTimeout }
  return new ReadinessCheck({ probe: () => probeOrigin(probed), clock })
}

/** How to probe the upstream. */
interface ProbeOptions {
  readonly origin: string
  /** PEM certificates that are trusted instead of the well-known ones. */
  readonly ca?: string | undefined
  /** Milliseconds. */
  readonly timeout: number
}

/** Codes of an upstream or a network that is down for now. */
const outages = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'EAI_AGAIN'],
  ...['EHOSTUNREACH', 'EHOSTDOWN', 'ENETUNREACH', 'ENETDOWN'],
])

/** Probes an origin by a connection, with a TLS handshake for https, that is closed again at once. */
function probeOrigin({ origin, ca, timeout }: ProbeOptions): Promise<UpstreamState> {
  const { hostname, port, protocol } = new URL(origin)
  const isTls = protocol === 'https:'
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  const target = { host, port: Number(port || (isTls ? 443 : 80)), timeout }
  return new Promise((resolve) => {
    const socket = isTls
      ? connectTls({ ...target, ...(isIP(host) === 0 && { servername: host }), ...(ca && { ca }) })
      : connectTcp(target)
    const settle = (state: UpstreamState) => {
      socket.destroy()
      resolve(state)
    }
    socket.once(isTls ? 'secureConnect' : 'connect', () => settle('reachable'))
    socket.once('timeout', () => settle('unreachable'))
    socket.once('error', (error: NodeJS.ErrnoException) =>
      settle(outages.has(error.code ?? '') ? 'unreachable' : 'misconfigured'),
    )
  })
}
