import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { readDocument } from '../../src/document/document.ts'
import { startGateway } from '../support/gateway.ts'
import { openConnection, readAll } from '../support/raw-connection.ts'
import { respondJson, startSlowUpstream, startUpstream } from '../support/upstream-stub.ts'

test('while DRAIN_DELAY lasts, connections are accepted and readiness says no', async () => {
  await using upstream = await startUpstream()
  await using running = await startGateway(upstream.url, { DRAIN_DELAY: '3' })
  const { gateway, restUrl, mcpUrl } = running
  const closing = gateway.close(1)
  const ready = await gateway.control.inject({ url: '/health/ready', headers: { host: 'localhost' } })
  expect(ready.statusCode).toBe(503)
  for (const url of [`${restUrl}/openapi.json`, `${mcpUrl}/mcp`]) {
    const response = await fetch(url, { headers: { connection: 'close' } })
    expect(response.status).toBeLessThan(500)
    await response.text()
  }
  await closing
  await expect(fetch(`${restUrl}/openapi.json`)).rejects.toThrow()
})

test('a gateway that ends without a grace does not wait for it', async () => {
  await using upstream = await startUpstream()
  const { gateway, restUrl } = await startGateway(upstream.url, { DRAIN_DELAY: '300' })
  await gateway.close()
  await expect(fetch(`${restUrl}/openapi.json`)).rejects.toThrow()
})

test('a client that reads slowly gets its whole response, and its connection ends with it', async () => {
  const bio = 'x'.repeat(8_000_000)
  await using upstream = await startUpstream((_request, response) =>
    respondJson(response, 200, { status: 'success', data: { bio } }),
  )
  await using running = await startGateway(upstream.url)
  const socket = openConnection(running.restUrl)
  socket.write(
    'GET /v1/v2/oauth-clients/cm9demo/users HTTP/1.1\r\nHost: 127.0.0.1\r\nx-cal-secret-key: demo-secret\r\n\r\n',
  )
  await once(socket, 'readable')
  const idle = openConnection(running.restUrl)
  idle.write('GET /openapi.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')
  await once(idle, 'data')
  // The response began before the gateway was told to end, so that it does not say `connection: close`.
  const closing = running.gateway.close(1)
  // It reads on only after connections that have nothing to send were closed.
  await once(idle.resume(), 'close')
  const read = readAll(socket)
  await closing
  const response = await read
  expect(response).toMatch(/^HTTP\/1\.1 200 /)
  expect(response.length).toBeGreaterThan(bio.length)
})

test.each([
  ['600000', '600000', 605_000, 200],
  ['600000', '600000', 615_000, 'lost'],
  ['600000', '100', 605_000, 200],
  ['30000', '600000', 605_000, 200],
  ['30000', '100', 59_000, 200],
  ['30000', '100', 61_000, 'lost'],
])('a drain with UPSTREAM_TIMEOUT_MS=%s, then %s lasts %d ms: %s', async (first, second, passed, outcome) => {
  await using upstream = await startSlowUpstream()
  await using running = await startGateway(upstream.url, { UPSTREAM_TIMEOUT_MS: first })
  const config = { ...running.config, upstreamTimeout: Number(second) }
  const headers = { 'x-cal-secret-key': 'demo-secret' }
  const url = `${running.restUrl}/v1/v2/oauth-clients/cm9demo/users/7`
  const answer = fetch(url, { method: 'DELETE', headers }).then(
    ({ status }) => status,
    () => 'lost',
  )
  await upstream.arrived
  await running.gateway.reload({ config, document: readDocument() })
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const closing = running.gateway.close()
  vi.advanceTimersByTime(passed)
  vi.useRealTimers()
  // A connection that is cut is closed by then.
  await Promise.race([answer, wait(200)])
  upstream.release()
  expect(await answer).toBe(outcome)
  await closing
})
