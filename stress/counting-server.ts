import { createServer, type RequestListener } from 'node:http'

/** A server of a scenario, which counts its requests. */
export interface CountingServer extends AsyncDisposable {
  readonly url: string
  /** Requests so far. */
  readonly hits: number
}

/** Starts it on a loopback port, by default a free one. The bodies of requests are read and dropped. */
export async function startCountingServer(respond: RequestListener, port = 0): Promise<CountingServer> {
  let hits = 0
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    request.resume()
    hits += 1
    respond(request, response)
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
    get hits() {
      return hits
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
