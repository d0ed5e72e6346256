import { createServer, Agent as HttpAgent, request as requestHttp, type ServerResponse } from 'node:http'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'
import { closeServer, listenOnLoopback } from '../test/support/loopback.ts'
import { type CannedResponse, findCannedResponse } from './canned-responses.ts'
import { type CreatedUsers, notSent } from './created-users.ts'
import { type Exchange, type RecordedRequest, recordUpstream } from './exchanges.ts'
import { parseJson } from './values.ts'

const notOurs = {
  status: 403,
  body: JSON.stringify({ statusCode: 403, message: notSent }),
}

/** Responds in the upstream's place. */
export type Script = (request: RecordedRequest, response: ServerResponse) => void

/** A proxy in front of the upstream that shows the upstream requests and can respond itself. */
export interface Recorder extends AsyncDisposable {
  readonly url: string
  /** The upstream requests since it was last emptied. */
  readonly requests: RecordedRequest[]
  /** The `Prefer` header that the upstream is to see; the gateway itself lets no client send one. */
  prefer: string | undefined
  /** Responds instead of the upstream, as long as it is set. */
  script: Script | undefined
  /** Returns documented successes instead of asking the upstream, as long as it is true. */
  canned: boolean
}

/** What a recorder tells of what passes through it. */
export interface RecorderOptions {
  /** Learns of new users; nothing is sent on that would change another one. */
  readonly created?: CreatedUsers | undefined
  /** Gets each exchange with the upstream, but for those that a `Prefer` header shapes. */
  readonly onExchange?: ((exchange: Exchange) => void) | undefined
}

/** Starts the recorder on a free loopback port, in front of an upstream that may have a path prefix. */
export async function startRecorder(
  upstream: string,
  { created, onExchange }: RecorderOptions = {},
): Promise<Recorder> {
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
    if (recorder.canned) return sendCanned(response, findCannedResponse(method, url))
    if (created && !created.mayChange({ method, path: url })) return sendCanned(response, notOurs)
    const record = recorder.prefer === undefined && !('prefer' in headers) ? onExchange : undefined
    const preference = recorder.prefer === undefined ? {} : { prefer: recorder.prefer }
    const sent = { ...headers, host, ...preference }
    const outgoing = open({ agent, hostname, port, method, path: prefix + url, headers: sent })
    outgoing.on('response', (received) => {
      response.writeHead(received.statusCode ?? 502, received.rawHeaders)
      const chunks: Buffer[] = []
      received.on('data', (chunk: Buffer) => chunks.push(chunk))
      received.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        created?.note({ method, path: url }, received.statusCode, parseJson(text))
        const status = received.statusCode ?? 502
        record?.(recordUpstream(request, { status, headers: received.headers, text }))
      })
      received.pipe(response)
    })
    // What the upstream never said must not look like a response.
    outgoing.on('error', () => response.destroy())
    return outgoing.end(body)
  })
  const recorder: Recorder = {
    url: await listenOnLoopback(server),
    requests: [],
    prefer: undefined,
    script: undefined,
    canned: false,
    async [Symbol.asyncDispose]() {
      agent.destroy()
      await closeServer(server)
    },
  }
  return recorder
}

function sendCanned(response: ServerResponse, { status, body }: CannedResponse): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(body)
}
