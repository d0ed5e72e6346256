import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { createKey } from '../../src/config/gateway-keys.ts'
import { startGatewayProcess } from '../../stress/gateway-process.ts'
import { load } from '../../stress/load.ts'
import { startUpstream } from '../support/upstream-stub.ts'

const reloads = 100

it('a hundred reloads under load fail no call', { timeout: 600_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'calgate-reloads-'))
  const keys = join(folder, 'keys')
  const key = createKey('ada', ['managed-users:read'])
  writeFileSync(keys, `${key.line}\n`)
  await using upstream = await startUpstream()
  const environment = [
    `GATEWAY_KEYS_FILE=${keys}`,
    'CAL_COM_SECRET_KEY=demo-secret',
    'CAL_COM_CLIENT_ID=cm9demo',
  ]
  const command = ['env', ...environment, process.execPath, 'bin/calgate.js', 'serve'] as const
  await using gateway = await startGatewayProcess(upstream.url, 'info', command)
  const request = `GET /v1/v2/oauth-clients/cm9demo/users/4711 HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${key.key}\r\n\r\n`
  const over = new AbortController()
  const loading = load({ port: gateway.restPort, request, connections: 16, signal: over.signal })
  const count = () => gateway.readLog().match(/"msg":"reloaded"/g)?.length ?? 0
  for (let done = 0; done < reloads; done += 1) {
    const other = createKey(`client-${done}`, ['managed-users:read'])
    writeFileSync(keys, `${key.line}\n${other.line}\n`)
    gateway.child.kill('SIGHUP')
    await expect.poll(count, { timeout: 30_000, interval: 5 }).toBeGreaterThan(done)
    const sent = upstream.requests.length
    await expect.poll(() => upstream.requests.length, { timeout: 30_000, interval: 5 }).toBeGreaterThan(sent)
  }
  over.abort()
  const { statuses, lost, refused } = await loading
  expect({ statuses: [...statuses.keys()], lost, refused }).toEqual({ statuses: [200], lost: 0, refused: 0 })
  expect(statuses.get(200)).toBeGreaterThanOrEqual(reloads)
  expect(gateway.readLog()).not.toContain('reload refused')
  rmSync(folder, { recursive: true })
})
