import { connect } from 'node:net'

/** Why the gateway should or should not be sent requests now. */
export type Readiness = 'ready' | 'draining' | 'upstream_unreachable'

/** What readiness depends on. */
export interface ReadinessOptions {
  /** Tells whether the upstream takes connections. */
  readonly probe: () => Promise<boolean>
  /** Milliseconds, monotonic. */
  readonly clock: () => number
}

/** Milliseconds that a probe's finding is good for, so that health checks put no load on the upstream. */
const validity = 5_000

/** Knows whether the gateway is ready; once it drains it never is again. */
export class ReadinessCheck {
  readonly #options: ReadinessOptions
  #draining = false
  #probed = Number.NEGATIVE_INFINITY
  #finding: Promise<boolean> = Promise.resolve(false)

  constructor(options: ReadinessOptions) {
    this.#options = options
  }

  /** True from the moment the gateway has been asked to end. */
  get draining(): boolean {
    return this.#draining
  }

  drain(): void {
    this.#draining = true
  }

  async read(): Promise<Readiness> {
    if (this.#draining) return 'draining'
    const now = this.#options.clock()
    if (now - this.#probed >= validity) {
      this.#probed = now
      this.#finding = this.#options.probe()
    }
    return (await this.#finding) ? 'ready' : 'upstream_unreachable'
  }
}

/** Probes an origin by a TCP connection that is closed again at once; `timeout` in milliseconds. */
export function probeOrigin(origin: string, timeout: number): Promise<boolean> {
  const { hostname, port, protocol } = new URL(origin)
  return new Promise((resolve) => {
    const host = hostname.replace(/^\[(.*)\]$/, '$1')
    const socket = connect({ host, port: Number(port || (protocol === 'https:' ? 443 : 80)), timeout })
    const settle = (reachable: boolean) => {
      socket.destroy()
      resolve(reachable)
    }
    socket.once('connect', () => settle(true))
    socket.once('error', () => settle(false))
    socket.once('timeout', () => settle(false))
  })
}
