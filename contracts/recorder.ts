import {
  createServer,
  Agent as HttpAgent,
  type IncomingMessage,
  request as requestHttp,
  type ServerResponse,
} from 'node:http'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'

/** A request as it arrived at the recorder. */
export interface RecordedRequest {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

/** Responds in the upstream's place. */
export type Script = (request: RecordedRequest, response: ServerResponse) => void

/** A proxy in front of the upstream that shows what goes up and can say what comes back. */
export interface Recorder {
  readonly url: string
  /** What has gone up since it was last emptied. */
  readonly requests: RecordedRequest[]
  /** The `Prefer` header that the upstream is to see; the gateway itself lets no caller send one. */
  prefer: string | undefined
  /** Responds instead of the upstream, as long as it is set. */
  script: Script | undefined
  close(): Promise<void>
}

/** Starts the recorder on a free loopback port, in front of an upstream that may have a path prefix. */
export async function startRecorder(upstream: string): Promise<Recorder> {
  const { hostname, port, host, pathname, protocol } = new URL(upstream)
  const secure = protocol === 'https:'
  const open = secure ? requestHttps : requestHttp
  const prefix = pathname.replace(/\/$/, '')
  const agent = secure ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true })
  const server = createServer(async (incoming, response) => {
    const { method = '', url = '', headers } = incoming
    const body = Buffer.concat(await incoming.toArray())
    const request = { method, url, headers, body }
    recorder.requests.push(request)
    if (recorder.script) return recorder.script(request, response)
    const preference = recorder.prefer === undefined ? {} : { prefer: recorder.prefer }
    const sent = { ...headers, host, ...preference }
    const outgoing = open({ agent, hostname, port, method, path: prefix + url, headers: sent })
    outgoing.on('response', (received) => {
      response.writeHead(received.statusCode ?? 502, received.rawHeaders)
      received.pipe(response)
    })
    // What the upstream never said must not look like a response.
    outgoing.on('error', () => response.destroy())
    return outgoing.end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const recorder: Recorder = {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
    requests: [],
    prefer: undefined,
    script: undefined,
    async close() {
      agent.destroy()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return recorder
}
