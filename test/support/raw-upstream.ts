import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { listenOnLoopback } from './loopback.ts'

/** What the upstream does with the connection once a whole request has arrived on it. */
export type Behaviour = (socket: Socket) => void

/** A server in the upstream's place that speaks raw bytes, for answers that no HTTP library would write. */
export interface RawUpstream extends AsyncDisposable {
  readonly url: string
  /** Whole requests that arrived. */
  readonly hits: number
  behave: Behaviour
}

/** A JSON text as the body of an answer, with everything that makes it a good one. */
export function writeAnswer(body: string, status = '200 OK', headers = ''): string {
  return (
    `HTTP/1.1 ${status}\r\ncontent-type: application/json; charset=utf-8\r\n${headers}` +
    `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  )
}

/** The answer that every operation may give. */
export const goodBody = '{"status":"success","data":{"id":4711}}'

/** Answers as a healthy upstream would. */
export const behaveWell: Behaviour = (socket) => {
  socket.write(writeAnswer(goodBody))
}

/** Starts the raw upstream on a free loopback port, or on a given one. */
export async function startRawUpstream(behave: Behaviour = behaveWell, port = 0): Promise<RawUpstream> {
  const sockets = new Set<Socket>()
  let hits = 0
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    let received = ''
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1')
      for (let length = measureRequest(received); length > 0; length = measureRequest(received)) {
        received = received.slice(length)
        hits += 1
        upstream.behave(socket)
      }
    })
  })
  const upstream: RawUpstream = {
    url: await listenOnLoopback(server, port),
    get hits() {
      return hits
    },
    behave,
    async [Symbol.asyncDispose]() {
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    },
  }
  return upstream
}

/** Length of the first request in the text, 0 while it is not complete. */
function measureRequest(text: string): number {
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) return 0
  const length = Number(/\r\ncontent-length: *(\d+)/i.exec(text.slice(0, end))?.[1] ?? 0)
  return text.length >= end + 4 + length ? end + 4 + length : 0
}
