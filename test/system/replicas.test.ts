import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate, setTimeout as wait } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { connectRedis } from '../../src/state/redis-connection.ts'
import { deleteKey } from '../../src/state/redis-scripts.ts'
import { openRedisStore } from '../../src/state/redis-store.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { openAddress, type RedisProcess, startRedis } from '../support/redis.ts'
import { holdResponses, respondJson, startUpstream, type UpstreamStub } from '../support/upstream-stub.ts'

const folder = mkdtempSync(join(tmpdir(), 'calgate-replicas-'))
const stateKey = join(folder, 'state-key')
writeFileSync(stateKey, 'a-secret-that-only-tests-have-0123456789')

const users = '/v1/v2/oauth-clients/cm9demo/users'
const credentials = { 'x-cal-secret-key': 'demo-secret', 'content-type': 'application/json' }

let redis: RedisProcess
let upstream: UpstreamStub
let replicas: RunningGateway[]
/** What the upstream does with a request. */
let respond: Parameters<typeof startUpstream>[0]

async function startReplicas(environment: Record<string, string> = {}): Promise<void> {
  await redis.ask('flushall')
  const shared = { REDIS_URL: redis.url, STATE_KEY_FILE: stateKey, ...environment }
  replicas = await Promise.all([0, 1].map(() => startGateway(upstream.url, shared)))
}

async function stopReplicas(): Promise<void> {
  await Promise.all(replicas.map((one) => one[Symbol.asyncDispose]()))
}

interface More {
  readonly key?: string
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

/** Sends a call to one of the replicas. */
function call(replica: number, method: string, path: string, more: More = {}): Promise<Response> {
  const { key, body = null, signal = null } = more
  const headers = { ...credentials, ...more.headers, ...(key && { 'idempotency-key': key }) }
  return fetch(`${replicas[replica % 2]?.restUrl}${path}`, { method, headers, body, signal })
}

const create = (replica: number, key: string) =>
  call(replica, 'POST', users, { key, body: JSON.stringify({ email: `${key}@example.org`, name: 'Ada' }) })

/** Expects of a value that it becomes what it should, on a busy machine too. */
const eventually = <Value>(read: () => Promise<Value>) => expect.poll(read, { timeout: 30_000 })

/** Has the upstream create users only when it is released. */
function holdCreations() {
  const held = holdResponses((_request, response) =>
    respondJson(response, 201, { status: 'success', data: { number: upstream.requests.length } }),
  )
  respond = held.respond
  return held
}

/** Creates a user as a client would that repeats its call until it has a response. */
async function createUntilDone(replica: number, key: string): Promise<string> {
  for (;;) {
    const response = await create(replica, key)
    const text = await response.text()
    if (response.status !== 409 && response.status !== 503) return text
    await wait(20)
  }
}

function readErrorCode(error: unknown): unknown {
  return Object(error).code
}

async function readCode(response: Response): Promise<unknown> {
  return Object(await response.json()).code
}

beforeAll(async () => {
  redis = await startRedis()
  upstream = await startUpstream((request, response) => respond?.(request, response))
})
beforeEach(() => {
  upstream.requests.splice(0)
  let number = 0
  respond = (_request, response) => {
    number += 1
    respondJson(response, 201, { status: 'success', data: { number } })
  }
})
afterAll(async () => {
  await upstream[Symbol.asyncDispose]()
  await redis[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true })
})

describe('two replicas with one Redis', () => {
  beforeAll(() =>
    startReplicas({ RATE_LIMIT: '100000/h', MCP_DELETE_LIMIT: '3/min', CONFIRM_DELETE: 'true' }),
  )
  afterAll(stopReplicas)

  it('send a call with an idempotency key once, 1,000 of 1,000', async () => {
    const keys = Array.from({ length: 1_000 }, (_, index) => `key-${index}`)
    for (let first = 0; first < keys.length; first += 50)
      await Promise.all(
        keys.slice(first, first + 50).map(async (key) => {
          const texts = await Promise.all([0, 1].map((replica) => createUntilDone(replica, key)))
          expect(texts[0]).toContain('"status":"success"')
          expect(texts[0]).toBe(texts[1])
        }),
      )
    expect(upstream.requests).toHaveLength(1_000)
  })

  it('give the response that a client did not get to the same call on the other one, once', async () => {
    const leaving = new AbortController()
    const { arrived, release } = holdCreations()
    const body = JSON.stringify({ email: 'grace@example.org', name: 'Grace' })
    const lost = call(0, 'POST', users, { body, signal: leaving.signal }).catch(() => 'lost')
    await arrived
    leaving.abort()
    expect(await lost).toBe('lost')
    release()
    await eventually(() => redis.ask('keys', '*:response:*')).toContain('response')
    const second = await call(1, 'POST', users, { body })
    expect(await second.json()).toMatchObject({ data: { number: 1 } })
    const third = await call(0, 'POST', users, { body })
    expect(await third.json()).toMatchObject({ data: { number: 2 } })
  })

  it('keep clients that the upstream has asked to wait from both', async () => {
    respond = (_request, response) => respondJson(response, 429, {}, { 'retry-after': '60' })
    const headers = { 'x-cal-secret-key': 'a-client-that-waits' }
    const read = (replica: number) => call(replica, 'GET', `${users}/7`, { headers })
    expect((await read(0)).status).toBe(429)
    await eventually(async () => readCode(await read(1))).toBe('upstream_rate_limited')
    const sent = upstream.requests.length
    expect(await readCode(await read(0))).toBe('upstream_rate_limited')
    expect(await readCode(await read(1))).toBe('upstream_rate_limited')
    expect(upstream.requests).toHaveLength(sent)
  })

  it('name keys by hashes and encrypt values', async () => {
    await createUntilDone(0, 'a-secret-key')
    const names = (await redis.ask('keys', '*')).trim().split('\n')
    expect(names.filter((name) => !/^calgate:\{[\w-]{8}\}:[a-z]+(:[\w-]+)*$/.test(name))).toEqual([])
    const dump = await redis.dump()
    expect(dump).toContain(names[0])
    expect(dump).not.toMatch(/demo-secret|a-secret-key|example\.org|"status"/)
  })
})

describe('a replica that ends', () => {
  beforeEach(() => startReplicas())
  afterEach(stopReplicas)

  it.each([
    ['with an idempotency key', { key: 'ends' }],
    ['without an idempotency key', {}],
  ])('hands over the response that a client of a call %s did not get', async (_what, more) => {
    // Each replica sends a script whole where Redis does not know it, which takes a second request.
    await redis.ask('script', 'flush')
    const leaving = new AbortController()
    const { arrived, release } = holdCreations()
    const parts = { ...more, body: JSON.stringify({ email: 'ends@example.org', name: 'Ada' }) }
    const lost = call(0, 'POST', users, { ...parts, signal: leaving.signal }).catch(() => 'lost')
    await arrived
    leaving.abort()
    expect(await lost).toBe('lost')
    const end = replicas[0]?.gateway.close()
    release()
    await end
    const second = await call(1, 'POST', users, parts)
    expect(await second.json()).toMatchObject({ data: { number: 1 } })
    expect(upstream.requests).toHaveLength(1)
  })
})

describe('a limit of two replicas', () => {
  beforeAll(() => startReplicas({ RATE_LIMIT: '1000/min' }))
  afterAll(stopReplicas)

  it('is exact', async () => {
    const statuses: number[] = []
    for (let sent = 0; sent < 1_200; sent += 50)
      statuses.push(
        ...(await Promise.all(
          Array.from({ length: 50 }, async (_, replica) => (await call(replica, 'GET', `${users}/7`)).status),
        )),
      )
    expect(statuses.filter((status) => status !== 429)).toHaveLength(1_000)
  })
})

describe('while Redis cannot be reached', () => {
  beforeAll(() => startReplicas({ RATE_LIMIT: '1000/min' }))
  afterAll(stopReplicas)

  it('reads go on, keyed writes are refused, and both come back by themselves', async () => {
    await createUntilDone(0, 'before')
    await redis.kill()
    const down = await create(0, 'during')
    expect([down.status, await readCode(down)]).toEqual([503, 'state_unavailable'])
    expect((await call(1, 'GET', `${users}/7`)).status).toBe(201)
    expect(
      (await call(1, 'POST', users, { body: JSON.stringify({ email: 'a@example.org', name: 'A' }) })).status,
    ).toBe(201)
    await redis.restart()
    await eventually(async () => (await create(0, 'during')).status).toBe(201)
    await eventually(async () => (await create(1, 'before')).status).toBe(201)
    const paths = upstream.requests.filter(({ body }) => /before|during/.test(body.toString()))
    expect(paths).toHaveLength(2)
  })

  it('the response of a call under way is kept until it can be written down', async () => {
    const { arrived, release } = holdCreations()
    const first = create(0, 'under-way')
    await arrived
    await redis.kill()
    release()
    const text = await (await first).text()
    await redis.restart()
    expect(await createUntilDone(1, 'under-way')).toBe(text)
    expect(upstream.requests).toHaveLength(1)
  })

  it('a Redis that comes back empty is noticed, by both', async () => {
    await createUntilDone(0, 'remembered')
    await redis.kill()
    await redis.restart({ empty: true })
    await eventually(async () => readCode(await create(0, 'remembered'))).toBe('state_unavailable')
    const response = await create(1, 'remembered')
    expect(await readCode(response)).toBe('state_unavailable')
    await eventually(async () => (await call(0, 'GET', `${users}/7`)).status).toBe(201)
    expect(upstream.requests.filter(({ body }) => body.includes('remembered'))).toHaveLength(1)
  })
})

describe('where limited calls are refused without Redis', () => {
  beforeAll(async () => {
    await startReplicas({ RATE_LIMIT: '1000/min', LIMITS_WITHOUT_REDIS: 'refuse' })
  })
  afterAll(stopReplicas)

  it('no call is let in uncounted', async () => {
    expect((await call(0, 'GET', `${users}/7`)).status).toBe(201)
    await redis.kill()
    expect(await readCode(await call(0, 'GET', `${users}/7`))).toBe('state_unavailable')
    await redis.restart()
    await eventually(async () => (await call(0, 'GET', `${users}/7`)).status).toBe(201)
  })
})

describe('while Redis hangs', () => {
  beforeAll(() => startReplicas({ RATE_LIMIT: '1000/min' }))
  afterAll(async () => {
    redis.resume()
    await stopReplicas()
  })

  const read = async () => (await call(0, 'GET', `${users}/7`)).status
  const measure = async <Value>(run: () => Promise<Value>) => {
    const began = performance.now()
    return { result: await run(), milliseconds: performance.now() - began }
  }
  const readUp = async () => {
    const response = await replicas[0]?.gateway.control.inject('/metrics')
    return /^calgate_shared_state_up (\d)$/m.exec(response?.payload ?? '')?.[1]
  }
  const told = () => replicas[0]?.log.filter((line) => line.includes('shared state'))

  it('one call waits for it, all others go on at once, and it is back by itself', async () => {
    await createUntilDone(0, 'before-it-hangs')
    redis.hang()
    const first = await measure(() => create(0, 'while-it-hangs'))
    expect([first.result.status, await readCode(first.result)]).toEqual([503, 'state_unavailable'])
    expect(first.milliseconds).toBeLessThan(3_000)
    expect(await readUp()).toBe('0')
    const reads = await measure(async () => [await read(), await read(), await read()])
    expect(reads.result).toEqual([201, 201, 201])
    const writes = await measure(async () => readCode(await create(0, 'while-it-hangs')))
    expect(writes.result).toBe('state_unavailable')
    expect(reads.milliseconds + writes.milliseconds).toBeLessThan(1_000)
    redis.resume()
    await eventually(readUp).toBe('1')
    await eventually(async () => (await create(0, 'while-it-hangs')).status).toBe(201)
    expect((await create(0, 'before-it-hangs')).status).toBe(201)
    expect(upstream.requests.filter(({ body }) => body.includes('before-it-hangs'))).toHaveLength(1)
    expect(told()?.map((line) => JSON.parse(line).msg)).toEqual([
      'shared state reachable',
      'shared state unreachable',
      'shared state reachable',
    ])
  })

  it('it is noticed without a call too', async () => {
    redis.hang()
    await eventually(readUp).toBe('0')
    const { result, milliseconds } = await measure(read)
    expect(result).toBe(201)
    expect(milliseconds).toBeLessThan(1_000)
    redis.resume()
    await eventually(readUp).toBe('1')
  })

  it('a process that was busy itself takes no reply for late', async () => {
    const changes: boolean[] = []
    const onChange = (available: boolean) => void changes.push(available)
    const connection = await connectRedis({ url: redis.url, onChange }, [deleteKey])
    // The first run teaches Redis the script.
    await connection.run(deleteKey, { keys: ['none'] })
    const reply = connection.run(deleteKey, { keys: ['none'] })
    // The command is on its way when the process becomes busy.
    await setImmediate()
    await setImmediate()
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2_100)
    expect(await reply).toEqual([0])
    expect(changes).toEqual([true])
    await connection.close()
  })

  it('gateways start and end', async () => {
    redis.hang()
    const started = await measure(() =>
      startGateway(upstream.url, { REDIS_URL: redis.url, STATE_KEY_FILE: stateKey }),
    )
    const ended = await measure(() => started.result.gateway.close())
    expect(started.milliseconds + ended.milliseconds).toBeLessThan(15_000)
    redis.resume()
  })

  it('a gateway ends that has not noticed yet', async () => {
    const one = await startGateway(upstream.url, { REDIS_URL: redis.url, STATE_KEY_FILE: stateKey })
    redis.hang()
    const { milliseconds } = await measure(() => one.gateway.close())
    expect(milliseconds).toBeLessThan(5_000)
    redis.resume()
  })
})

describe('a Redis that becomes a replica of another', () => {
  it('is left for the other, with all that it knew and what waits are told', async () => {
    await using other = await startRedis()
    await redis.ask('flushall')
    await other.ask('replicaof', '127.0.0.1', String(redis.port))
    await eventually(() => other.ask('info', 'replication')).toContain('master_link_status:up')
    await using address = await openAddress(redis)
    const options = { secret: 'a-secret-that-only-tests-have-0123456789', clock: Date.now }
    const changes: boolean[] = []
    const onChange = (available: boolean) => void changes.push(available)
    const store = await openRedisStore<string>({ ...options, url: address.url, onChange })
    expect(await store.claim('before', 'known', 600_000, 'a')).toBeUndefined()
    await eventually(() => other.ask('dbsize')).toBe(await redis.ask('dbsize'))

    address.target.port = other.port
    await other.ask('replicaof', 'no', 'one')
    await redis.ask('replicaof', '127.0.0.1', String(other.port))
    const claim = (name: string) => store.claim(name, 'new', 600_000, 'a').catch(readErrorCode)
    expect(await claim('after')).toBe('state_unavailable')
    await eventually(() => claim('after')).toBeUndefined()
    expect(await claim('before')).toBe('known')
    expect(changes).toEqual([true, false, true])

    const second = await openRedisStore<string>({ ...options, url: other.url, onChange() {} })
    second.waits.add('a-client', 60_000)
    await eventually(async () => store.waits.remaining('a-client')).toBeGreaterThan(0)
    await Promise.all([store.close(), second.close()])
    await redis.ask('replicaof', 'no', 'one')
  })
})

describe('a Redis that asks for another password', () => {
  afterAll(async () => {
    await redis.ask('-a', 'planted-password', 'config', 'set', 'requirepass', '')
  })

  it.each(['redis://127.0.0.1:PORT', 'redis://:wrong@127.0.0.1:PORT'])(
    'counts as one that cannot be reached, at the start too: %s',
    async (url) => {
      const state = { REDIS_URL: url.replace('PORT', String(redis.port)), STATE_KEY_FILE: stateKey }
      await redis.ask('config', 'set', 'requirepass', 'planted-password')
      await using gateway = await startGateway(upstream.url, state)
      const headers = { ...credentials, 'idempotency-key': 'k' }
      const body = JSON.stringify({ email: 'ada@example.org', name: 'Ada' })
      const response = await fetch(`${gateway.restUrl}${users}`, { method: 'POST', headers, body })
      expect([response.status, Object(await response.json()).code]).toEqual([503, 'state_unavailable'])
    },
  )
})
