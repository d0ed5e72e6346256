import { once } from 'node:events'
import { Agent, createServer, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http'
import { buffer } from 'node:stream/consumers'

/** A request on its way through the hop, read whole. */
export interface WireRequest {
  readonly method: string
  /** Path and query. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
}

/** An answer on its way back, read whole. */
export interface WireAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
}

/** What a hop does with what passes; by default nothing. */
export interface Interference {
  readonly onRequest?: ((request: WireRequest) => WireRequest) | undefined
  readonly onAnswer?: ((answer: WireAnswer, request: WireRequest) => WireAnswer) | undefined
}

/** A hop between two parties that spoils what passes through it. */
export interface Hop extends AsyncDisposable {
  /** Where it listens, without a trailing slash. */
  readonly url: string
  /** Chooses what happens to every later exchange. */
  interfere(interference: Interference): void
}

/** Headers that belong to one connection (RFC 9110 §7.6.1) or that the length of the body decides. */
const framing = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length'])

/** Starts a hop on a free loopback port. */
export async function startHop(upstream: string): Promise<Hop> {
  const { hostname, port, host } = new URL(upstream)
  const agent = new Agent({ keepAlive: true })
  let interference: Interference = {}

  const server = createServer((incoming, response) => {
    const { onRequest = keep, onAnswer = keep } = interference
    const pass = async () => {
      const sent = onRequest({
        method: incoming.method ?? 'GET',
        url: incoming.url ?? '/',
        headers: flatten(incoming.headers),
        text: await readText(incoming),
      })
      const answer = onAnswer(await forward(sent), sent)
      const length = { 'content-length': Buffer.byteLength(answer.text) }
      response.writeHead(answer.status, { ...answer.headers, ...length }).end(answer.text)
    }
    // An answer that broke off on its way here breaks off on its way back as well.
    pass().catch(() => response.destroy())
  })
  // A caller of the Host that a request names is only understood when the name is the upstream's own.
  const forward = async ({ method, url, headers, text: body }: WireRequest): Promise<WireAnswer> => {
    const own = headers.host === new URL(hop.url).host ? { ...headers, host } : headers
    const length = body === '' ? {} : { 'content-length': Buffer.byteLength(body) }
    const outgoing = request({
      hostname,
      port,
      path: url,
      agent,
      method,
      headers: { ...own, ...length },
    }).end(body)
    const [answer] = await once(outgoing, 'response')
    return {
      status: answer.statusCode ?? 502,
      headers: flatten(answer.headers),
      text: await readText(answer),
    }
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const hop: Hop = {
    url: `http://127.0.0.1:${Object(server.address()).port}`,
    interfere: (wanted) => {
      interference = wanted
    },
    async [Symbol.asyncDispose]() {
      agent.destroy()
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  return hop
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
