import { createServer, type IncomingMessage, request as requestHttp } from 'node:http'
import { buffer, text } from 'node:stream/consumers'

/** A response on its way back. */
export interface PassingResponse {
  readonly status: number
  readonly text: string
}

/** A proxy that changes what comes back from the server behind it. */
export interface BreakingProxy extends AsyncDisposable {
  readonly url: string
}

/** Starts the proxy in front of a server; `change` gets each response with the request's method and path, and `dropped` headers do not come through. */
export async function startBreakingProxy(
  behind: string,
  change: (response: PassingResponse, line: string) => PassingResponse,
  dropped: readonly string[] = [],
): Promise<BreakingProxy> {
  const { hostname, port, origin } = new URL(behind)
  const server = createServer(async (incoming, response) => {
    const { method = '', url = '', headers } = incoming
    const { host: _, ...others } = headers
    const body = await buffer(incoming)
    const received = await new Promise<IncomingMessage>((resolve, reject) => {
      const outgoing = requestHttp({ hostname, port, method, path: url, headers: others }, resolve)
      outgoing.on('error', reject).end(body)
    })
    const passing = { status: received.statusCode ?? 502, text: await text(received) }
    const changed = change(passing, `${method} ${url}`)
    const { 'content-length': _length, 'transfer-encoding': _framing, ...kept } = received.headers
    for (const name of dropped) delete kept[name]
    response.writeHead(changed.status, kept).end(changed.text)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const own = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  return {
    url: behind.replace(origin, own),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
