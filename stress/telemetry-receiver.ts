import { type CountingServer, startCountingServer } from './counting-server.ts'

/** Starts a receiver of OTLP over HTTP that keeps nothing, on a loopback port, by default a free one. */
export function startTelemetryReceiver(port = 0): Promise<CountingServer> {
  return startCountingServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  }, port)
}
