import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { openRedisStore } from '../../src/state/redis-store.ts'
import type { Store } from '../../src/state/store.ts'
import { openAddress, type RedisProcess, startRedis } from '../support/redis.ts'

const lifetime = 600_000

let redis: RedisProcess
beforeAll(async () => {
  redis = await startRedis()
})
beforeEach(() => redis.ask('flushall'))
afterAll(() => redis[Symbol.asyncDispose]())

/** Expects of a value that it becomes what it should, on a busy machine too. */
const eventually = <Value>(read: () => Value) => expect.poll(read, { timeout: 30_000 })

/** Opens the stores of two replicas on a clock that the test moves; the first one can be cut off from Redis. */
async function openStores() {
  const clock = { now: Date.now() }
  const address = await openAddress(redis)
  const starved: boolean[] = []
  const options = {
    secret: 'a-secret-that-only-tests-have-0123456789',
    clock: () => clock.now,
    onChange() {},
    onStarve: (isStarved: boolean) => starved.push(isStarved),
  }
  const [first, second] = await Promise.all(
    [address.url, redis.url].map((url) => openRedisStore<string>({ ...options, url })),
  )
  if (!first || !second) throw new Error('there are no stores')
  return {
    address,
    clock,
    starved,
    first,
    second,
    async cut() {
      address.cut()
      await eventually(() => first.available).toBe(false)
    },
    async join() {
      address.join()
      await eventually(() => first.available).toBe(true)
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([first.close(), second.close()])
      await address[Symbol.asyncDispose]()
    },
  }
}

/** Keeps a response as the gateway does. */
async function keep(store: Store<string>, name: string, marks: readonly string[] = []): Promise<void> {
  const { now } = await store.take(name)
  await store.keep(name, { value: 'kept', began: now, ttl: 60_000 }, marks)
}

async function take(store: Store<string>, name: string): Promise<string | undefined> {
  const { kept } = await store.take(name)
  return kept?.value
}

it('returns a response that is not written down, once, and none that has expired', async () => {
  await using stores = await openStores()
  const { first, clock } = stores
  await stores.cut()
  await keep(first, 'taken')
  await keep(first, 'expired')
  expect(await take(first, 'taken')).toBe('kept')
  expect(await take(first, 'taken')).toBeUndefined()
  clock.now += 60_000
  expect(await take(first, 'expired')).toBeUndefined()
})

it('writes a response down for what is left of its time', async () => {
  await using stores = await openStores()
  const { first, clock } = stores
  await stores.cut()
  await keep(first, 'expired')
  clock.now += 30_000
  await keep(first, 'late')
  clock.now += 40_000
  await stores.join()
  await eventually(() => redis.ask('keys', '*:response:*')).toContain('response')
  const names = (await redis.ask('keys', '*:response:*')).trim().split('\n')
  expect(names).toHaveLength(1)
  const left = Number(await redis.ask('pttl', String(names[0])))
  expect(left).toBeGreaterThan(0)
  expect(left).toBeLessThanOrEqual(20_000)
})

it('writes down what became of a key for what is left of its time', async () => {
  await using stores = await openStores()
  const { first, second, clock } = stores
  await first.claim('key', 'running', lifetime, 'a')
  await stores.cut()
  await first.set('key', 'done', lifetime)
  clock.now += lifetime - 20_000
  await stores.join()
  await eventually(() => second.claim('key', 'running', lifetime, 'b')).toBe('done')
  const [name] = (await redis.ask('keys', '*:record:*')).trim().split('\n')
  const left = Number(await redis.ask('pttl', String(name)))
  expect(left).toBeGreaterThan(0)
  expect(left).toBeLessThanOrEqual(20_000)
})

it('returns no response that another replica made stale while this one was cut off', async () => {
  await using stores = await openStores()
  const { first, second } = stores
  await stores.cut()
  await keep(first, 'stale', ['user 1'])
  await keep(first, 'fresh', ['user 2'])
  await second.mark(['user 1'])
  await stores.join()
  expect(await take(first, 'stale')).toBeUndefined()
  expect(await take(first, 'fresh')).toBe('kept')
})

it('makes nothing stale that began after a write whose mark is set late', async () => {
  await using stores = await openStores()
  const { first, second, clock } = stores
  await stores.cut()
  await first.mark(['user 1'])
  await keep(second, 'after', ['user 1'])
  // Redis has a clock of its own, by which all of this takes less time.
  clock.now += 30_000
  await stores.join()
  await eventually(() => redis.ask('keys', '*:mark:*')).toContain('mark')
  expect(await take(second, 'after')).toBe('kept')
})

/** Sets a mark as a write does, and keeps the response of that write. */
async function keepOwn(store: Store<string>): Promise<void> {
  const until = await store.mark(['user 1'])
  await store.keep('own', { value: 'kept', began: until, ttl: 60_000 }, ['user 1'])
}

it('makes no response stale by the mark of its own write, which is set late', async () => {
  await using stores = await openStores()
  const { first, second } = stores
  await stores.cut()
  await keepOwn(first)
  await stores.join()
  for (const kind of ['mark', 'response'])
    await eventually(() => redis.ask('keys', '*')).toContain(`:${kind}:`)
  expect(await take(second, 'own')).toBe('kept')
})

it('makes no response stale by the mark of its own write, which Redis sets after it hung', async () => {
  await using stores = await openStores()
  const { first, second } = stores
  await take(first, 'own')
  redis.hang()
  await keepOwn(first)
  redis.resume()
  for (const kind of ['mark', 'response'])
    await eventually(() => redis.ask('keys', '*')).toContain(`:${kind}:`)
  expect(await take(second, 'own')).toBe('kept')
})

it('returns a response once that Redis has though it did not say so', async () => {
  await using stores = await openStores()
  const { first, address } = stores
  // Redis knows a script after its first use.
  await keep(first, 'own')
  const { now } = await first.take('own')
  await eventually(() => redis.ask('keys', '*')).not.toContain(':response:')
  address.mute()
  await first.keep('own', { value: 'kept', began: now, ttl: 60_000 }, [])
  expect(await redis.ask('keys', '*')).toContain(':response:')
  expect(await take(first, 'own')).toBe('kept')
  address.unmute()
  await eventually(() => redis.ask('keys', '*')).not.toContain(':response:')
  expect(await take(first, 'own')).toBeUndefined()
})

it('keeps what became of a key however many calls are refused meanwhile', async () => {
  await using stores = await openStores()
  const { first, second } = stores
  expect(await first.claim('key', 'running', lifetime, 'a')).toBeUndefined()
  await stores.cut()
  await first.set('key', 'done', lifetime)
  for (let n = 0; n < 10_000; n += 1) {
    await first.take(`name ${n}`)
    await first.claim(`key ${n}`, 'running', lifetime, 'a').catch(() => {})
  }
  await stores.join()
  await eventually(() => second.claim('key', 'running', lifetime, 'b')).toBe('done')
})

it('deletes no record of another call when it repeats a deletion that Redis has not confirmed', async () => {
  await using stores = await openStores()
  const { first, second, address } = stores
  // Redis knows a script after its first use.
  await first.claim('other', 'running', lifetime, 'a')
  await first.delete('other', 'running')
  await first.claim('key', 'first', lifetime, 'a')
  await first.set('last', 'done', lifetime)
  address.mute()
  await first.delete('key', 'first')
  await first.set('last', 'done', lifetime)
  expect(await second.claim('key', 'second', lifetime, 'a')).toBeUndefined()
  await second.set('last', 'replaced', lifetime)
  address.unmute()
  await eventually(() => second.claim('last', 'running', lifetime, 'a')).toBe('done')
  expect(await second.claim('key', 'third', lifetime, 'a')).toBe('second')
})

it('does not write down what became of a key after its time', async () => {
  await using stores = await openStores()
  const { first, second, clock } = stores
  await first.claim('deleted', 'running', lifetime, 'a')
  await stores.cut()
  await first.delete('deleted', 'running')
  await first.set('set', 'old', lifetime)
  clock.now += lifetime
  await first.set('last', 'done', lifetime)
  await second.claim('set', 'running', lifetime, 'b')
  await stores.join()
  await eventually(() => second.claim('last', 'running', lifetime, 'b')).toBe('done')
  expect(await second.claim('deleted', 'running', lifetime, 'b')).toBe('running')
  expect(await second.claim('set', 'running', lifetime, 'b')).toBe('running')
})

it('refuses calls with a key while Redis has no memory for a response, and writes it down once it has', async () => {
  await using stores = await openStores()
  const { first, second, starved } = stores
  const used = Number(/used_memory:(\d+)/.exec(await redis.ask('info', 'memory'))?.[1])
  await first.claim('released', 'running', lifetime, 'a')
  await first.claim('key', 'running', lifetime, 'a')
  // Redis knows a script after its first use.
  await first.claim('other', 'running', lifetime, 'a')
  await first.delete('other', 'running')
  try {
    await redis.ask('config', 'set', 'maxmemory', String(used + 1_000_000))
    await redis.ask('config', 'set', 'maxmemory-policy', 'noeviction')
    const response = 'x'.repeat(2_000_000)
    await first.set('key', response, lifetime)
    await expect(first.claim('new', 'running', lifetime, 'a')).rejects.toMatchObject({
      code: 'state_unavailable',
      headers: { 'retry-after': '1' },
    })
    await first.delete('released', 'running')
    expect((await redis.ask('keys', '*:record:*')).trim().split('\n')).toHaveLength(1)
    expect(await second.claim('key', 'running', lifetime, 'b')).toBe('running')
    expect(starved).toEqual([true])
    await redis.ask('config', 'set', 'maxmemory', '0')
    await eventually(() => second.claim('key', 'running', lifetime, 'b')).toBe(response)
    await eventually(() => first.claim('new', 'running', lifetime, 'a').catch(() => 'refused')).not.toBe(
      'refused',
    )
    expect(starved).toEqual([true, false])
  } finally {
    await redis.ask('config', 'set', 'maxmemory', '0')
  }
})
