import { connect, type Socket } from 'node:net'

/** Opens a connection to a loopback port, for what no HTTP client would send. */
export function openConnection(url: string): Socket {
  return connect(Number(new URL(url).port), '127.0.0.1')
}

/** Everything that comes back until the connection ends. */
export async function readAll(socket: Socket): Promise<string> {
  const chunks: Buffer[] = await socket.toArray()
  return Buffer.concat(chunks).toString()
}
