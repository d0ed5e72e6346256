import { Agent, createServer, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { closeServer, listenOnLoopback } from '../../test/support/loopback.ts'

/** A request on its way through the proxy, read whole. */
export interface WireRequest {
  readonly method: string
  /** Path and query. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
}

/** A response on its way back, read whole. */
export interface WireResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
}

/** What a proxy does with what passes; by default nothing. */
export interface Interference {
  readonly onRequest?: ((request: WireRequest) => WireRequest) | undefined
  readonly onResponse?: ((response: WireResponse, request: WireRequest) => WireResponse) | undefined
}

/** A proxy between two parties that spoils what passes through it. */
export interface MutatingProxy extends AsyncDisposable {
  /** Where it listens, without a trailing slash. */
  readonly url: string
  /** Chooses what happens to every later exchange. */
  interfere(interference: Interference): void
}

/** Headers that belong to one connection (RFC 9110 §7.6.1) or that the length of the body decides. */
const framing = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length'])

/** Starts a proxy on a free loopback port. */
export async function startMutatingProxy(upstream: string): Promise<MutatingProxy> {
  const { hostname, port, host } = new URL(upstream)
  const agent = new Agent({ keepAlive: true })
  let interference: Interference = {}

  // A client that pauses must not lose its connection just as it sends.
  const keepAliveTimeout = 120_000
  const server = createServer({ keepAliveTimeout }, (incoming, response) => {
    const { onRequest = keep, onResponse = keep } = interference
    const pass = async () => {
      const sent = onRequest({
        method: incoming.method ?? 'GET',
        url: incoming.url ?? '/',
        headers: flatten(incoming.headers),
        text: await readText(incoming),
      })
      const changed = onResponse(await forward(sent), sent)
      const length = { 'content-length': Buffer.byteLength(changed.text) }
      response.writeHead(changed.status, { ...changed.headers, ...length }).end(changed.text)
    }
    // A response that broke off on its way here breaks off on its way back as well.
    pass().catch(() => response.destroy())
  })
  // The upstream understands a Host header only when it names the upstream itself.
  const forward = async ({ method, url, headers, text: body }: WireRequest): Promise<WireResponse> => {
    const own = headers.host === new URL(proxy.url).host ? { ...headers, host } : headers
    const length = body === '' ? {} : { 'content-length': Buffer.byteLength(body) }
    const outgoing = request({
      hostname,
      port,
      path: url,
      agent,
      method,
      headers: { ...own, ...length },
    }).end(body)
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.on('response', resolve).on('error', reject)
    })
    return {
      status: response.statusCode ?? 502,
      headers: flatten(response.headers),
      text: await readText(response),
    }
  }
  const proxy: MutatingProxy = {
    url: await listenOnLoopback(server),
    interfere: (wanted) => {
      interference = wanted
    },
    async [Symbol.asyncDispose]() {
      agent.destroy()
      await closeServer(server)
    },
  }
  return proxy
}

/** Unlike a decoder, it leaves a byte order mark where it is. */
async function readText(stream: IncomingMessage): Promise<string> {
  return (await buffer(stream)).toString('utf8')
}

function keep<Value>(value: Value): Value {
  return value
}

function flatten(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => !framing.has(name))
      .map(([name, value]) => [name, String(value)]),
  )
}
