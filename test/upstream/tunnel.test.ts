import { once } from 'node:events'
import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { closePools, openPools } from '../../src/upstream/pools.ts'
import { openTunnel } from '../../src/upstream/tunnel.ts'
import { startSlowUpstream } from '../support/upstream-stub.ts'

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

test('a proxy that drips its headers opens no tunnel in time', async () => {
  const proxy = createServer((socket) => {
    socket.on('error', () => {})
    const drip = setInterval(() => socket.write('x: y\r\n'), 50)
    socket.once('close', () => clearInterval(drip)).write('HTTP/1.1 200 OK\r\n')
  }).listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  const address = proxy.address()
  const url = new URL(`http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`)
  const target = { hostname: 'api.example.org', port: '', protocol: 'https:' }
  await expect(openTunnel(url, target, 300)).rejects.toThrow('the proxy opened no tunnel in time')
  proxy.close()
  await once(proxy, 'close')
})

test('pools are closed in time, whatever still waits for them', async () => {
  await using upstream = await startSlowUpstream()
  const pools = openPools({ origin: upstream.url, connectTimeout: 2_000 })
  const call = pools.reads.request({ method: 'GET', path: '/' }).catch((error: Error) => error.name)
  await upstream.arrived
  const start = performance.now()
  await closePools(pools, 200)
  expect(performance.now() - start).toBeLessThan(10_000)
  expect(await call).toBe('ClientDestroyedError')
})
