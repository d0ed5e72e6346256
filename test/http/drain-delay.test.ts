import { expect, test } from 'vitest'
import { startGateway } from '../support/gateway.ts'
import { startUpstream } from '../support/upstream-stub.ts'

test('while DRAIN_DELAY lasts, connections are accepted and readiness says no', async () => {
  await using upstream = await startUpstream()
  await using running = await startGateway(upstream.url, { DRAIN_DELAY: '1' })
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
