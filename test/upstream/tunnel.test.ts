import { once } from 'node:events'
import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { openPools } from '../../src/upstream/pools.ts'

/** Starts a proxy that gives one response to each `CONNECT`, is the API after it, and remembers what it was asked. */
async function startProxy(response: string) {
  const asked: string[] = []
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', (request) => {
      asked.push(...String(request).split('\r\n').slice(0, 2))
      socket.write(`HTTP/1.1 ${response}\r\n\r\n`)
      socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'))
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const url = new URL(`http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`)
  return { url, asked, [Symbol.asyncDispose]: async () => void server.close() }
}

async function get(origin: string, proxy: URL): Promise<string> {
  const { reads, writes } = openPools({ origin, connectTimeout: 2000, proxy })
  try {
    return await (await reads.request({ method: 'GET', path: '/' })).body.text()
  } finally {
    await Promise.all([reads.destroy(), writes.destroy()])
  }
}

test.each([
  ['http://api.example.org', 'api.example.org:80'],
  ['http://192.0.2.1:8080', '192.0.2.1:8080'],
  ['http://[::1]:4999', '[::1]:4999'],
  ['http://[2001:db8::1]', '[2001:db8::1]:80'],
])('the tunnel to %s is asked for as %s', async (origin, authority) => {
  await using proxy = await startProxy('200 Connection established')
  expect(await get(origin, proxy.url)).toBe('ok')
  expect(proxy.asked).toEqual([`CONNECT ${authority} HTTP/1.1`, `host: ${authority}`])
})

test.each(['200 OK', '201 Created', '204 No Content', '299 Tunnelled'])(
  'a tunnel is open after %s',
  async (response) => {
    await using proxy = await startProxy(response)
    expect(await get('http://api.example.org', proxy.url)).toBe('ok')
  },
)

test.each(['302 Found', '407 Proxy Authentication Required', '502 Bad Gateway'])(
  'no tunnel is open after %s',
  async (response) => {
    await using proxy = await startProxy(response)
    const refusal = `the proxy refused the tunnel with ${response.slice(0, 3)}`
    await expect(get('http://api.example.org', proxy.url)).rejects.toThrow(refusal)
  },
)
