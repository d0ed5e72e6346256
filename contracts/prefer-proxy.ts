import { Agent, createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A proxy between the gateway and Prism that says which of the described responses Prism is to give. */
export interface PreferProxy {
  /** Where it listens, without a trailing slash. */
  readonly url: string
  /** Chooses the response to every later call, `code=404, example=user_not_found`; `undefined` leaves it to Prism. */
  setPrefer(prefer: string | undefined): void
  /** Closes its port and every connection. */
  close(): Promise<void>
}

/**
 * Starts the proxy on a free loopback port. It exists because the gateway passes no `Prefer` header on: what a
 * test wants of the mock must not be something that a client could ask of Cal.com.
 */
export async function startPreferProxy(options: { upstream: string; prefer?: string }): Promise<PreferProxy> {
  const { hostname, port, host } = new URL(options.upstream)
  const agent = new Agent({ keepAlive: true })
  let prefer = options.prefer

  const server = createServer((incoming, response) => {
    const { method, url: path, headers } = incoming
    const preference = prefer === undefined ? {} : { prefer }
    const outgoing = request({
      agent,
      hostname,
      port,
      method,
      path,
      headers: { ...headers, host, ...preference },
    })
    outgoing.on('response', (received) => {
      response.writeHead(received.statusCode ?? 502, received.rawHeaders)
      received.pipe(response)
    })
    // What the mock never said must not look like a response.
    outgoing.on('error', () => response.destroy())
    incoming.pipe(outgoing)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address() as AddressInfo

  return {
    url: `http://127.0.0.1:${address.port}`,
    setPrefer: (value) => {
      prefer = value
    },
    async close() {
      agent.destroy()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
