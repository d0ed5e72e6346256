import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, it } from 'vitest'
import { startGatewayProcess } from '../../stress/gateway-process.ts'
import { startRedis } from '../support/redis.ts'
import { respondJson, startUpstream } from '../support/upstream-stub.ts'

const folder = mkdtempSync(join(tmpdir(), 'calgate-killed-'))
const stateKey = join(folder, 'state-key')
writeFileSync(stateKey, 'a-secret-that-only-tests-have-0123456789')
afterAll(() => rmSync(folder, { recursive: true }))

const main = fileURLToPath(new URL('../../bin/calgate.js', import.meta.url))
const users = '/v1/v2/oauth-clients/cm9demo/users'

/** Calls at a time, and calls in all. */
const clients = 16
const calls = 400

it('with a replica and Redis killed under load, no call is executed twice and no response is lost', async () => {
  const executed = new Map<string, number>()
  await using redis = await startRedis()
  await using upstream = await startUpstream(async ({ body }, response) => {
    const { email } = JSON.parse(body.toString('utf8'))
    executed.set(email, (executed.get(email) ?? 0) + 1)
    await wait(5)
    respondJson(response, 201, { status: 'success', data: { number: executed.size } })
  })
  const environment = [`REDIS_URL=${redis.url}`, `STATE_KEY_FILE=${stateKey}`]
  const command = ['env', ...environment, process.execPath, main, 'start'] as const
  const start = () => startGatewayProcess(upstream.url, 'error', command)
  await using first = await start()
  await using second = await start()
  const replicas = [first, second]

  /** Returns status and body; 0 where there was no response. */
  const create = async (replica: number, key: string): Promise<readonly [number, string]> => {
    try {
      const response = await fetch(`http://127.0.0.1:${replicas[replica % 2]?.restPort}${users}`, {
        method: 'POST',
        headers: {
          ...{ 'x-cal-secret-key': 'demo-secret', 'content-type': 'application/json' },
          'idempotency-key': key,
        },
        body: JSON.stringify({ email: `${key}@example.org`, name: 'Ada' }),
      })
      return [response.status, await response.text()]
    } catch {
      return [0, '']
    }
  }
  const finished = new Map<string, string>()
  let begun = 0
  const run = async () => {
    for (let number = begun++; number < calls; number = begun++) {
      const key = `call-${number}`
      // A call of a replica that was killed stays in use: its client gives up after some attempts.
      for (let attempt = 0; attempt < 40 && !finished.has(key); attempt += 1) {
        const [status, text] = await create(number + attempt, key)
        if (status === 201) finished.set(key, text)
        else await wait(50)
      }
    }
  }
  const running = Array.from({ length: clients }, run)
  while (begun < calls / 4) await wait(5)
  await redis.kill()
  await wait(200)
  await redis.restart()
  while (begun < calls / 2) await wait(5)
  first.child.kill('SIGKILL')
  await Promise.all(running)

  expect([...executed].filter(([, count]) => count > 1)).toEqual([])
  const unfinished = calls - finished.size
  expect(unfinished).toBeLessThanOrEqual(clients)
  for (const [key, text] of finished) expect(await create(1, key)).toEqual([201, text])
  expect([...executed].filter(([, count]) => count > 1)).toEqual([])
})
