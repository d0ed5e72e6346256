import { connect, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { openRandomConnections } from '../test/support/random-connections.ts'
import { userOf } from './attack-upstream.ts'
import type { GatewayProcess } from './gateway-process.ts'
import { createRandom } from './random.ts'

/** The ports under attack. */
type Target = Pick<GatewayProcess, 'restPort' | 'mcpPort'>

/** One client that takes what it can get, until the signal ends it. */
export interface Attack {
  readonly name: string
  run(target: Target, signal: AbortSignal): Promise<unknown>
}

const users = '/v1/v2/oauth-clients/cm9demo/users'
const line = (method: string, path: string) =>
  `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nx-cal-secret-key: other-secret\r\n`
const get = (path: string) => `${line('GET', path)}\r\n`
const send = (method: string, path: string, body: string, headers = '') =>
  `${line(method, path)}Content-Type: application/json\r\nAccept: application/json\r\n${headers}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
const call = (id: number, name: string, values: object) => ({
  ...{ jsonrpc: '2.0', id, method: 'tools/call' },
  params: { name, arguments: { clientId: 'cm9demo', ...values } },
})
const readUser = (id: number, userId: number) => call(id, 'get-managed-user', { userId })
const newUser = JSON.stringify({ email: 'ada@example.org', name: 'Ada' })
/** White space counts for the size of a body, and for no limit of a field. */
const largeBody = `${newUser.slice(0, -1)}${' '.repeat(100_000)}}`
const connects = 'CONNECT x:1 HTTP/1.1\r\nHost: x:1\r\n\r\n'

const toRest = ({ restPort }: Target) => restPort
const toMcp = ({ mcpPort }: Target) => mcpPort

/**
 * Keeps so many connections open, each with the same text on it, and reads nothing. A connection that ends, or that has
 * lasted so many milliseconds, is replaced by another.
 */
function occupy(
  port: (target: Target) => number,
  connections: number,
  text: () => string,
  lifetime = 60_000,
) {
  return async (target: Target, signal: AbortSignal) => {
    await repeat(connections, signal, async () => {
      const socket = open(port(target), text())
      await Promise.race([ended(socket), wait(lifetime, undefined, { signal }).catch(() => {})])
      socket.destroy()
    })
  }
}

/** Sends requests over so many connections, each after the response to the last, which is read. */
function flood(port: (target: Target) => number, connections: number, text: () => string) {
  return async (target: Target, signal: AbortSignal) => {
    await repeat(connections, signal, async () => {
      const socket = open(port(target), text().replace('\r\n', '\r\nConnection: close\r\n'))
      signal.addEventListener('abort', () => socket.destroy(), { once: true })
      socket.resume()
      await ended(socket)
    })
  }
}

async function repeat(times: number, signal: AbortSignal, once: () => Promise<void>): Promise<void> {
  const loop = async () => {
    while (!signal.aborted) {
      const began = performance.now()
      await once()
      // What is refused at once is not tried again at once.
      if (performance.now() - began < 20) await wait(20)
    }
  }
  await Promise.all(Array.from({ length: times }, loop))
}

function open(port: number, text: string): Socket {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  socket.write(text)
  return socket
}

async function ended(socket: Socket): Promise<void> {
  if (!socket.destroyed) await new Promise((resolve) => socket.once('close', resolve))
}

let serial = 0
/** Counts the requests that must differ from each other. */
function count(): number {
  serial += 1
  return serial
}

/** What one client can do to all others, by the names of the results page. */
export const attacks: readonly Attack[] = [
  {
    name: 'A1: 60 requests and CONNECT in one write, on 6 connections again and again',
    run: occupy(toRest, 6, () => get('/openapi.json').repeat(60) + connects, 1_000),
  },
  {
    name: 'A1: connections with random requests and random ends',
    async run({ restPort, mcpPort }, signal) {
      const random = createRandom(16)
      const urls = [restPort, mcpPort].map((port) => `http://127.0.0.1:${port}`)
      const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
      while (!signal.aborted) await Promise.race([openRandomConnections(urls, 16, random), aborted])
    },
  },
  {
    name: 'A2: reads of a user whose bio is 99 KB of beginnings of tokens',
    run: flood(toMcp, 4, () => send('POST', '/mcp', JSON.stringify(readUser(1, userOf.tokens)))),
  },
  {
    name: 'A3: 256 bodies that are never completed',
    run: occupy(
      toMcp,
      256,
      () => `${line('POST', '/mcp')}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{`,
    ),
  },
  {
    name: 'A3: 256 responses that nobody reads',
    run: occupy(toRest, 256, () => get('/openapi.json').repeat(40)),
  },
  {
    name: 'A4: 90 writes at a time whose clients leave',
    run: occupy(toRest, 90, () => send('PATCH', `${users}/1`, '{"bio":null}'), 50),
  },
  {
    name: 'A5: batches of 100 calls on 8 connections',
    run: flood(toMcp, 8, () =>
      send('POST', '/mcp', JSON.stringify(Array.from({ length: 100 }, (_, id) => readUser(id, 1)))),
    ),
  },
  {
    name: 'A7: creations of 100 KB, each with another idempotency key',
    run: flood(toRest, 32, () => send('POST', users, largeBody, `Idempotency-Key: key-${count()}\r\n`)),
  },
  {
    name: 'A8: creations of 100 KB whose clients leave',
    run: occupy(toRest, 64, () => send('POST', users, `${largeBody}${' '.repeat(count() % 100)}`), 100),
  },
  {
    name: 'A8: 64 lists of 25 MB that nobody reads',
    run: occupy(toRest, 64, () => get(`${users}?limit=250`)),
  },
  {
    name: 'A9: a tenant whose calls all fail with 500',
    run: flood(toRest, 32, () => get(`${users}/${userOf.failure}`)),
  },
]
