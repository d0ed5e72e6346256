import { createKey } from '../src/config/gateway-keys.ts'
import { startGateway } from '../test/support/gateway.ts'
import { writeKeys } from '../test/support/key-file.ts'
import { calls, toMcpRequest, toRestRequest } from '../test/support/servers.ts'
import { startUpstream } from '../test/support/upstream-stub.ts'
import { type Finding, report } from './finding.ts'

/** Counts what one client gets beyond its share: of a rate limit by batches and made-up secrets, and of a store by many keys. */
export async function limitOneClient(): Promise<Finding[]> {
  return [await sendBatch(), await makeUpSecrets(), await fillStore()]
}

async function sendBatch(): Promise<Finding> {
  await using upstream = await startUpstream()
  await using gateway = await startGateway(upstream.url, { RATE_LIMIT: '5/min', LOG_LEVEL: 'silent' })
  const { path, init } = toMcpRequest(calls.get)
  const message = JSON.parse(init.body)
  const body = JSON.stringify(Array.from({ length: 100 }, (_, id) => ({ ...message, id })))
  await (await fetch(gateway.mcpUrl + path, { ...init, body })).text()
  return count('A5: a batch of 100 calls with RATE_LIMIT=5/min', 5, upstream.requests.length)
}

async function makeUpSecrets(): Promise<Finding> {
  const { key, line } = createKey('probe', ['managed-users:read'])
  using file = writeKeys([line])
  await using upstream = await startUpstream()
  const settings = { RATE_LIMIT: '5/min', GATEWAY_KEYS_FILE: file.path, LOG_LEVEL: 'silent' }
  await using gateway = await startGateway(upstream.url, settings)
  for (let n = 0; n < 100; n += 1) {
    const headers = { authorization: `Bearer ${key}` }
    const { path, init } = toRestRequest(calls.get, { secret: `made-up-${n}`, headers })
    await (await fetch(gateway.restUrl + path, init)).text()
  }
  return count('A6: 100 calls, each with another secret beside one gateway key', 5, upstream.requests.length)
}

async function fillStore(): Promise<Finding> {
  await using upstream = await startUpstream()
  await using gateway = await startGateway(upstream.url, { LOG_LEVEL: 'silent' })
  const order = async (secret: string, key: string, name: string) => {
    const body = JSON.stringify({ email: 'ada@example.org', name })
    const { path, init } = toRestRequest(calls.create, { secret, headers: { 'idempotency-key': key } })
    await (await fetch(gateway.restUrl + path, { ...init, body })).text()
  }
  await order('victim-secret', 'order-1', 'Ada')
  for (let n = 0; n < 260; n += 1) await order('other-secret', `key-${n}`, `Bob${' '.repeat(90_000)}`)
  await order('victim-secret', 'order-1', 'Ada')
  const sent = upstream.requests.filter(({ headers }) => headers['x-cal-secret-key'] === 'victim-secret')
  return count(
    'A7: an order that is repeated after 260 creations of 100 KB by another client',
    1,
    sent.length,
  )
}

function count(what: string, expected: number, calls: number): Finding {
  return {
    what,
    figure: `${expected} upstream calls`,
    measured: `${calls} upstream calls`,
    ok: calls === expected,
  }
}

if (import.meta.main) report(await limitOneClient())
