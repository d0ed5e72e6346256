import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, it } from 'vitest'
import { startGatewayProcess } from '../../stress/gateway-process.ts'
import { listDescendants } from '../support/processes.ts'
import { startRedis } from '../support/redis.ts'
import { startUpstream } from '../support/upstream-stub.ts'

const folder = mkdtempSync(join(tmpdir(), 'calgate-workers-'))
const stateKey = join(folder, 'state-key')
writeFileSync(stateKey, 'a-secret-that-only-tests-have-0123456789')
afterAll(() => rmSync(folder, { recursive: true }))

const main = fileURLToPath(new URL('../../bin/calgate.js', import.meta.url))
const serve = [process.execPath, main, 'serve', '--workers', '2'] as const

async function countCalls(controlPort: number): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${controlPort}/metrics`)).text()
  return Number(/^calgate_requests_total\{.*\} (\d+)$/m.exec(text)?.[1] ?? 0)
}

it('two workers share the ports, and each serves 40 to 60 percent of the calls', async () => {
  await using redis = await startRedis()
  await using upstream = await startUpstream()
  const environment = [`REDIS_URL=${redis.url}`, `STATE_KEY_FILE=${stateKey}`]
  await using gateway = await startGatewayProcess(upstream.url, 'error', ['env', ...environment, ...serve])
  const { controlPort, restPort, child } = gateway
  const ready = (port: number) => fetch(`http://127.0.0.1:${port}/health/ready`).then(({ status }) => status)
  await expect.poll(() => ready(controlPort + 1).catch(() => 0), { timeout: 60_000 }).toBe(200)
  const url = `http://127.0.0.1:${restPort}/v1/v2/oauth-clients/cm9demo/users/7`
  const headers = { 'x-cal-secret-key': 'demo-secret', connection: 'close' }
  const call = async () => (await fetch(url, { headers })).status
  // Few at a time: of many at once the worker that happens to run gets more, which evens out only over seconds.
  for (let sent = 0; sent < 400; sent += 4)
    expect(new Set(await Promise.all(Array.from({ length: 4 }, call)))).toEqual(new Set([200]))
  const counts = await Promise.all([countCalls(controlPort), countCalls(controlPort + 1)])
  expect(counts.reduce((sum, one) => sum + one)).toBe(400)
  for (const count of counts) expect(count).toBeGreaterThanOrEqual(160)

  const workers = listDescendants(child.pid ?? 0)
  expect(workers).toHaveLength(2)
  process.kill(workers[0] ?? 0, 'SIGKILL')
  const replaced = () => listDescendants(child.pid ?? 0).filter((pid) => !workers.includes(pid)).length
  await expect.poll(async () => replaced(), { timeout: 60_000 }).toBe(1)
  await expect.poll(() => ready(controlPort).catch(() => 0), { timeout: 60_000 }).toBe(200)
  child.kill('SIGTERM')
  expect(await gateway.ended).toBe(0)
})

it('without shared state there is only one process', async () => {
  const { status, stderr } = spawnSync(serve[0], serve.slice(1), { encoding: 'utf8' })
  expect(status).toBe(2)
  expect(stderr).toContain('calgate: --workers needs REDIS_URL')
})
