import { createServer, type RequestListener } from 'node:http'
import { closeServer, listenOnLoopback } from '../test/support/loopback.ts'

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
  return {
    url: await listenOnLoopback(server, port),
    get hits() {
      return hits
    },
    [Symbol.asyncDispose]: () => closeServer(server),
  }
}
