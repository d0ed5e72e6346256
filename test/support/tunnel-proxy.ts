import { createServer } from 'node:http'
import { connect } from 'node:net'
import { listenOnLoopback } from './loopback.ts'

/** Starts a proxy that only knows tunnels, and remembers whom they were for. */
export async function startProxy() {
  const tunnels: (string | undefined)[][] = []
  const server = createServer((_request, response) => response.writeHead(405).end())
  server.on('connect', ({ url = '', headers: sent }, client) => {
    tunnels.push([url, sent['proxy-authorization']])
    const { hostname, port } = new URL(`http://${url}`)
    const upstream = connect(Number(port), hostname, () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n')
      upstream.pipe(client).pipe(upstream)
    })
    for (const socket of [upstream, client]) socket.on('error', () => client.destroy())
  })
  const port = Number(new URL(await listenOnLoopback(server)).port)
  return { port, tunnels, [Symbol.asyncDispose]: async () => void server.close() }
}
