import { createServer } from 'node:http'

/** A receiver of OTLP over HTTP that keeps nothing. */
export interface TelemetryReceiver extends AsyncDisposable {
  readonly url: string
  /** Requests so far. */
  readonly hits: number
}

/** Starts it on a loopback port, by default a free one. */
export async function startTelemetryReceiver(port = 0): Promise<TelemetryReceiver> {
  let hits = 0
  const server = createServer((request, response) => {
    request.resume()
    hits += 1
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
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
