import { setTimeout as wait } from 'node:timers/promises'
import { respondJson, startUpstream } from '../test/support/upstream-stub.ts'
import { type Finding, report } from './finding.ts'
import type { GatewayProcess } from './gateway-process.ts'
import { startSharedState } from './shared-state.ts'

const users = '/v1/v2/oauth-clients/cm9demo/users'
const headers = { 'x-cal-secret-key': 'demo-secret', 'content-type': 'application/json' }
/** Keys that are sent to both replicas, and calls at a time. */
const keys = 1_000
const clients = 25
/** Calls a period that the limit lets in, and those that are sent. */
const limit = 1_000
const sent = 1_300
/** Rounds over all replicas for a key that a killed one has in use, and milliseconds between two attempts. */
const rounds = 40
const pause = 100

/** Sends the same keyed creations to two replicas on one Redis, and exceeds their common limit. */
export async function shareState(): Promise<Finding[]> {
  await using upstream = await startUpstream((_request, response) =>
    respondJson(response, 201, { status: 'success', data: { number: upstream.requests.length } }),
  )
  await using shared = await startSharedState()
  await using first = await shared.start(upstream.url)
  await using second = await shared.start(upstream.url)
  const replicas = [first, second]
  let equal = 0
  await runAll(keys, async (number) => {
    const texts = await Promise.all(replicas.map((one) => createUntilDone([one], `key-${number}`)))
    if (texts[0] !== undefined && texts[0] === texts[1]) equal += 1
  })
  const calls = upstream.requests.length
  return [
    {
      what: `${keys} idempotency keys, each sent to two replicas at once`,
      figure: `exactly ${keys} upstream calls, both get the same response`,
      measured: `${calls} upstream calls, ${equal} of ${keys} the same response`,
      ok: calls === keys && equal === keys,
    },
    await exceedLimit(),
  ]
}

async function exceedLimit(): Promise<Finding> {
  await using upstream = await startUpstream()
  await using shared = await startSharedState()
  const variables = { RATE_LIMIT: `${limit}/h` }
  await using first = await shared.start(upstream.url, variables)
  await using second = await shared.start(upstream.url, variables)
  const replicas = [first, second]
  let refused = 0
  await runAll(sent, async (number) => {
    const response = await fetch(`http://127.0.0.1:${replicas[number % 2]?.restPort}${users}/7`, { headers })
    await response.arrayBuffer()
    if (response.status === 429) refused += 1
  })
  const admitted = upstream.requests.length
  return {
    what: `${sent} calls of one client on two replicas, RATE_LIMIT=${limit}/h`,
    figure: `${limit} calls within 1 %`,
    measured: `${admitted} upstream calls, ${refused} refused`,
    ok: Math.abs(admitted - limit) <= limit / 100 && admitted + refused === sent,
  }
}

/** Kills Redis (`appendfsync always`), and then one of two replicas, while clients create with idempotency keys. */
export async function killReplica(calls = 1_000): Promise<Finding> {
  const executed = new Map<string, number>()
  await using upstream = await startUpstream(async ({ body }, response) => {
    const { email } = JSON.parse(body.toString('utf8'))
    executed.set(email, (executed.get(email) ?? 0) + 1)
    await wait(5)
    respondJson(response, 201, { status: 'success', data: { number: executed.size } })
  })
  await using shared = await startSharedState()
  await using first = await shared.start(upstream.url)
  await using second = await shared.start(upstream.url)
  const finished = new Map<string, string>()
  let begun = 0
  const finish = async (number: number) => {
    begun = Math.max(begun, number)
    const replicas = number % 2 === 0 ? [first, second] : [second, first]
    const text = await createUntilDone(replicas, `call-${number}`)
    if (text !== undefined) finished.set(`call-${number}`, text)
  }
  const whileDown = runAll(calls / 2, finish)
  while (begun < calls / 4) await wait(5)
  await shared.redis.kill()
  await wait(200)
  await shared.redis.restart()
  await whileDown
  // A response that came while Redis was down is lost with a replica that is killed before Redis is back.
  for (let round = 0; round < rounds && (await countKept(finished, second)) < finished.size; round += 1)
    await wait(pause)
  const whileKilled = runAll(calls / 2, (number) => finish(calls / 2 + number))
  while (begun < (calls * 3) / 4) await wait(5)
  first.child.kill('SIGKILL')
  await whileKilled
  const kept = await countKept(finished, second)
  const twice = [...executed.values()].filter((count) => count > 1).length
  const unfinished = calls - finished.size
  return {
    what: `Redis and one of two replicas killed (SIGKILL) during ${calls} keyed creations`,
    figure: `0 executed twice, every response kept, at most ${clients} keys in use afterwards`,
    measured: `${twice} executed twice, ${kept} of ${finished.size} responses kept, ${unfinished} keys in use`,
    ok: twice === 0 && kept === finished.size && unfinished <= clients,
  }
}

/** Counts the responses that a replica repeats for their keys. */
async function countKept(responses: ReadonlyMap<string, string>, replica: GatewayProcess): Promise<number> {
  let kept = 0
  for (const [key, text] of responses) {
    const [status, again] = await create(replica, key)
    if (status === 201 && again === text) kept += 1
  }
  return kept
}

/** Runs numbered tasks, so many at a time. */
async function runAll(count: number, run: (number: number) => Promise<void>): Promise<void> {
  let next = 0
  const work = async () => {
    for (let number = next++; number < count; number = next++) await run(number)
  }
  await Promise.all(Array.from({ length: clients }, work))
}

/** Returns status and body; 0 where there was no response. */
async function create({ restPort }: GatewayProcess, key: string): Promise<readonly [number, string]> {
  try {
    const response = await fetch(`http://127.0.0.1:${restPort}${users}`, {
      method: 'POST',
      headers: { ...headers, 'idempotency-key': key },
      body: JSON.stringify({ email: `${key}@example.org`, name: 'Ada' }),
    })
    return [response.status, await response.text()]
  } catch {
    return [0, '']
  }
}

/** Repeats a call on the replicas in turn: another may have its key in use, be killed, or miss its Redis. */
async function createUntilDone(
  replicas: readonly GatewayProcess[],
  key: string,
): Promise<string | undefined> {
  for (const replica of Array.from({ length: rounds }, () => replicas).flat()) {
    const [status, text] = await create(replica, key)
    if (status === 201) return text
    await wait(pause)
  }
  return undefined
}

if (import.meta.main) report([...(await shareState()), await killReplica()])
