import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'

/** What the upstream does with a request instead of responding to it. */
export type Fault = 'silence' | 'a cut response' | 'a response that is no JSON' | 'a request to wait'

/** An upstream that accepts connections and then fails its clients. */
export interface FaultyUpstream extends AsyncDisposable {
  readonly url: string
  fault: Fault
  /** Requests that have begun to arrive. */
  readonly arrived: number
}

const responses: Readonly<Record<Fault, string>> = {
  silence: '',
  'a cut response':
    'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"status":',
  'a response that is no JSON':
    'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 13\r\n\r\n<p>Hello</p>\n',
  'a request to wait':
    'HTTP/1.1 429 Too Many Requests\r\ncontent-type: application/json\r\nx-ratelimit-reset-default: 300\r\n' +
    'content-length: 2\r\n\r\n{}',
}

/** Starts the faulty upstream on a free loopback port. */
export async function startFaultyUpstream(): Promise<FaultyUpstream> {
  const sockets = new Set<Socket>()
  let arrived = 0
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    socket.once('data', () => {
      arrived += 1
      if (upstream.fault !== 'silence') socket.end(responses[upstream.fault])
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const upstream: FaultyUpstream = {
    url: `http://127.0.0.1:${readPort(server.address())}`,
    fault: 'silence',
    get arrived() {
      return arrived
    },
    async [Symbol.asyncDispose]() {
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    },
  }
  return upstream
}

/** Finds an address where nobody listens, by having listened there. */
export async function findDeadUrl(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${readPort(server.address())}`
  server.close()
  await once(server, 'close')
  return url
}

function readPort(address: ReturnType<ReturnType<typeof createServer>['address']>): number {
  if (typeof address !== 'object' || address === null) throw new TypeError('a TCP server has a port')
  return address.port
}
