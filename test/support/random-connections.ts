import type { Socket } from 'node:net'
import { setImmediate as nextTick } from 'node:timers/promises'
import { openConnection } from './raw-connection.ts'

const head = 'Host: localhost\r\nx-cal-secret-key: demo-secret\r\n'
const json = `${head}Content-Type: application/json\r\nAccept: application/json\r\n`
const user = '/v1/v2/oauth-clients/cm9demo/users'
const ping = '{"jsonrpc":"2.0","id":1,"method":"ping"}'

/** What clients send, each a whole request or the beginning of one; what follows it may be swallowed by it. */
const pieces = [
  `GET /openapi.json HTTP/1.1\r\n${head}\r\n`,
  `GET ${user}/4711 HTTP/1.1\r\n${head}\r\n`,
  `GET ${user}/4711 HTTP/1.1\r\n${head}Connection: close\r\n\r\n`,
  `DELETE ${user}/4711 HTTP/1.1\r\n${head}\r\n`,
  `POST ${user} HTTP/1.1\r\n${json}Content-Length: 100\r\n\r\n{"email":`,
  `POST /mcp HTTP/1.1\r\n${json}Content-Length: ${ping.length}\r\n\r\n${ping}`,
  `POST /mcp HTTP/1.1\r\n${json}Transfer-Encoding: chunked\r\n\r\n5\r\n{"jso\r\n`,
  `POST /mcp HTTP/1.1\r\n${json}Transfer-Encoding: chunked\r\n\r\nBROKEN`,
  `POST ${user} HTTP/1.1\r\n${json}Expect: 100-continue\r\nContent-Length: 2\r\n\r\n{}`,
  `GET ${user} HTTP/1.1\r\n${head}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
  'CONNECT x:1 HTTP/1.1\r\nHost: x:1\r\n\r\n',
  'GET /nowhere HTTP/1.1\r\n\r\n',
  'BROKEN\r\n\r\n',
] as const

/** Opens connections one after another that send some of the pieces and end in one of several ways. */
export async function openRandomConnections(
  urls: readonly string[],
  count: number,
  random: () => number,
): Promise<void> {
  const pick = <Item>(items: readonly Item[]): Item | undefined => items[Math.floor(random() * items.length)]
  const open: Promise<unknown>[] = []
  for (let n = 0; n < count; n += 1) {
    const socket = openConnection(pick(urls) ?? '')
    socket.on('error', () => {})
    // However it ends, by an error too.
    open.push(new Promise((resolve) => socket.once('close', resolve)))
    const text = Array.from({ length: 1 + Math.floor(random() * 6) }, () =>
      pick(pieces)?.repeat(pick([1, 1, 1, 20]) ?? 1),
    )
    socket.write(text.join(''))
    await endSomehow(socket, Math.floor(random() * 4))
    if (open.length >= 64) await Promise.all(open.splice(0))
  }
  await Promise.all(open)
}

async function endSomehow(socket: Socket, way: number): Promise<void> {
  if (way === 0) socket.resume().end()
  else if (way === 1) socket.once('data', () => socket.destroy()).end()
  else {
    for (let tick = 0; tick < way; tick += 1) await nextTick()
    // With a reset, as of a client that was killed, or with an orderly end.
    if (way === 2) socket.resetAndDestroy()
    else socket.destroy()
  }
}
