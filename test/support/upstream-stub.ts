import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import { closeServer, listenOnLoopback } from './loopback.ts'

/** A request as it arrived at the stub. */
export interface ReceivedRequest {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** A plain HTTP server in the upstream's place that remembers what arrived. */
export interface UpstreamStub extends AsyncDisposable {
  readonly url: string
  readonly requests: ReceivedRequest[]
}

/** Responds to a request. */
export type Responder = (request: ReceivedRequest, response: ServerResponse) => void

/** Answers with a JSON body and the headers Cal.com would send. */
export function respondJson(response: ServerResponse, status: number, body: unknown, headers = {}): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers }).end(text)
}

/** Starts the stub on a free loopback port; without a responder every call gets an empty success. */
export async function startUpstream(
  respond: Responder = (_request, response) => respondJson(response, 200, { status: 'success', data: {} }),
): Promise<UpstreamStub> {
  const requests: ReceivedRequest[] = []
  const server = createServer(async (incoming, response) => {
    const chunks: Buffer[] = await incoming.toArray()
    const { method = '', url = '', headers } = incoming
    const request = { method, url, headers, body: Buffer.concat(chunks) }
    requests.push(request)
    respond(request, response)
  })
  const url = await listenOnLoopback(server)
  return { url, requests, [Symbol.asyncDispose]: () => closeServer(server) }
}

/** Responses that wait until they are released. */
export interface HeldResponses {
  /** Resolves when a call has arrived. */
  readonly arrived: Promise<void>
  readonly respond: Responder
  release(): void
}

/** Has a responder wait until it is released. */
export function holdResponses(respond: Responder): HeldResponses {
  const arrived = Promise.withResolvers<void>()
  const released = Promise.withResolvers<void>()
  return {
    arrived: arrived.promise,
    release: released.resolve,
    async respond(request, response) {
      arrived.resolve()
      await released.promise
      respond(request, response)
    },
  }
}

/** A stub whose responses wait until they are released. */
export interface SlowUpstream extends UpstreamStub, Omit<HeldResponses, 'respond'> {}

/** Starts a stub that responds to all calls with one text, once it is released. */
export async function startSlowUpstream(
  body: unknown = { status: 'success', data: {} },
): Promise<SlowUpstream> {
  const { respond, ...held } = holdResponses((_request, response) => respondJson(response, 200, body))
  return { ...(await startUpstream(respond)), ...held }
}
