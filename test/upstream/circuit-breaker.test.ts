import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { GatewayError } from '../../src/errors/gateway-error.ts'
import { breakCircuit, CircuitBreaker, type Report } from '../../src/upstream/circuit-breaker.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** Lets calls through that end as said, each after the other; true where one was let in. */
async function run(circuit: CircuitBreaker, times: number, health: Parameters<Report>[0]): Promise<number> {
  let admitted = 0
  for (let n = 0; n < times; n += 1) {
    const report = circuit.enter()
    if (report) admitted += 1
    report?.(health)
    await vi.advanceTimersByTimeAsync(0)
  }
  return admitted
}

async function openCircuit(pause = 500): Promise<CircuitBreaker> {
  const circuit = new CircuitBreaker({ pause })
  await run(circuit, 60, 'failed')
  return circuit
}

test('an upstream that fails fifty times in a row is asked no more', async () => {
  expect(await run(new CircuitBreaker(), 200, 'failed')).toBe(50)
})

test('an upstream that fails less often than every other time is asked on', async () => {
  const circuit = new CircuitBreaker()
  await run(circuit, 1, 'well')
  for (let n = 0; n < 100; n += 1) {
    await run(circuit, 1, 'well')
    await run(circuit, 1, 'failed')
  }
  expect(await run(circuit, 1, 'well')).toBe(1)
})

test.each<[Parameters<Report>[0], Parameters<Report>[0]]>([
  ['well', 'failed'],
  ['failed', 'well'],
])('an upstream that fails every other time is asked no more (%s, %s)', async (first, second) => {
  const circuit = new CircuitBreaker()
  await run(circuit, 25, first)
  expect([await run(circuit, 25, second), circuit.state]).toEqual([25, 'open'])
})

test('failures of long ago open no circuit', async () => {
  const circuit = new CircuitBreaker()
  await run(circuit, 45, 'failed')
  await vi.advanceTimersByTimeAsync(3_600_000)
  await run(circuit, 5, 'failed')
  expect(circuit.state).toBe('closed')
})

test('calls that went well long ago keep no circuit closed', async () => {
  const circuit = new CircuitBreaker()
  await run(circuit, 2_000, 'well')
  await vi.advanceTimersByTimeAsync(3_600_000)
  expect(await run(circuit, 200, 'failed')).toBe(50)
})

test('a call counts for nine seconds and no more than ten', async () => {
  const counted = async (age: number) => {
    const circuit = new CircuitBreaker()
    await run(circuit, 49, 'failed')
    await vi.advanceTimersByTimeAsync(age)
    await run(circuit, 1, 'failed')
    return circuit.state
  }
  expect([await counted(9_000), await counted(10_000)]).toEqual(['open', 'closed'])
})

test.each([-600_000, 600_000])('a system clock that is set %i ms ahead changes nothing', async (step) => {
  const circuit = await openCircuit()
  vi.setSystemTime(Date.now() + step)
  await vi.advanceTimersByTimeAsync(500)
  await run(circuit, 1, 'well')
  expect(circuit.state).toBe('closed')
  await run(circuit, 25, 'failed')
  vi.setSystemTime(Date.now() + step)
  await run(circuit, 25, 'failed')
  expect(circuit.state).toBe('open')
})

test('failures that are rare say nothing', async () => {
  const circuit = new CircuitBreaker()
  for (let n = 0; n < 100; n += 1) {
    expect(await run(circuit, 1, 'failed')).toBe(1)
    await vi.advanceTimersByTimeAsync(1000)
  }
})

test('calls that were given up are no failures', async () => {
  expect(await run(new CircuitBreaker(), 200, 'unknown')).toBe(200)
})

test('after a pause one call finds out, and no second beside it', async () => {
  const circuit = await openCircuit()
  await vi.advanceTimersByTimeAsync(499)
  expect(circuit.enter()).toBeUndefined()
  await vi.advanceTimersByTimeAsync(1)
  expect([circuit.enter(), circuit.enter()]).toEqual([expect.any(Function), undefined])
})

test('an upstream that is back is asked as before', async () => {
  const circuit = await openCircuit()
  await vi.advanceTimersByTimeAsync(500)
  expect(await run(circuit, 1, 'well')).toBe(1)
  expect(await run(circuit, 30, 'well')).toBe(30)
})

test('an upstream that still fails is asked once a pause', async () => {
  const circuit = await openCircuit()
  let asked = 0
  for (let n = 0; n < 10; n += 1) {
    await vi.advanceTimersByTimeAsync(500)
    asked += await run(circuit, 20, 'failed')
  }
  expect(asked).toBe(10)
})

test('a probe that hangs does not hold up the next', async () => {
  const circuit = await openCircuit()
  await vi.advanceTimersByTimeAsync(500)
  circuit.enter()
  await vi.advanceTimersByTimeAsync(499)
  expect(circuit.enter()).toBeUndefined()
  await vi.advanceTimersByTimeAsync(1)
  expect(await run(circuit, 2, 'well')).toBe(2)
})

test('a probe that fails late does not put off the next', async () => {
  const circuit = await openCircuit()
  await vi.advanceTimersByTimeAsync(500)
  const report = circuit.enter()
  await vi.advanceTimersByTimeAsync(499)
  report?.('failed')
  await vi.advanceTimersByTimeAsync(1)
  expect(await run(circuit, 2, 'well')).toBe(2)
})

test('an upstream that is back, but slow, is asked as before', async () => {
  const circuit = await openCircuit()
  await vi.advanceTimersByTimeAsync(500)
  const report = circuit.enter()
  await vi.advanceTimersByTimeAsync(1200)
  report?.('well')
  await vi.advanceTimersByTimeAsync(0)
  expect([circuit.enter(), circuit.enter()]).toEqual([expect.any(Function), expect.any(Function)])
})

test('calls that fail after the circuit has opened put off no probe', async () => {
  const circuit = new CircuitBreaker({ pause: 500 })
  const late = circuit.enter()
  await run(circuit, 60, 'failed')
  await vi.advanceTimersByTimeAsync(500)
  late?.('failed')
  await vi.advanceTimersByTimeAsync(0)
  expect(await run(circuit, 2, 'well')).toBe(2)
})

test('a probe that was given up decides nothing, and the next call probes', async () => {
  const circuit = await openCircuit()
  await vi.advanceTimersByTimeAsync(500)
  circuit.enter()?.('unknown')
  await vi.advanceTimersByTimeAsync(0)
  const report = circuit.enter()
  expect([report, circuit.enter()]).toEqual([expect.any(Function), undefined])
  report?.('well')
  await vi.advanceTimersByTimeAsync(0)
  expect(circuit.state).toBe('closed')
})

test.each([
  [500, 'closed'],
  [501, 'closed'],
  [429, 'closed'],
  [502, 'open'],
  [503, 'open'],
  [504, 'open'],
])('after sixty responses with %s the circuit is %s', async (status, state) => {
  const circuit = new CircuitBreaker()
  const send = breakCircuit(circuit)(async () => ({ status, headers: {}, body: Buffer.alloc(0) }))
  for (let n = 0; n < 60; n += 1) {
    await send({ method: 'GET', path: '/', headers: {} }).catch(() => {})
    await vi.advanceTimersByTimeAsync(0)
  }
  expect(circuit.state).toBe(state)
})

test('it says whether calls go through', async () => {
  const circuit = new CircuitBreaker()
  expect(circuit.state).toBe('closed')
  await run(circuit, 60, 'failed')
  expect(circuit.state).toBe('open')
  await vi.advanceTimersByTimeAsync(500)
  const report = circuit.enter()
  expect(circuit.state).toBe('half_open')
  report?.('well')
  await vi.advanceTimersByTimeAsync(0)
  expect(circuit.state).toBe('closed')
})

test.each([
  'upstream_invalid_response',
  'upload_incomplete',
  'upload_too_large',
  'overloaded',
  'client_disconnected',
] as const)('what the gateway itself refuses (%s) says nothing about the upstream', async (code) => {
  const circuit = new CircuitBreaker()
  const send = breakCircuit(circuit)(() => Promise.reject(new GatewayError(code)))
  for (let n = 0; n < 60; n += 1) {
    await expect(send({ method: 'GET', path: '/', headers: {} })).rejects.toMatchObject({ code })
    await vi.advanceTimersByTimeAsync(0)
  }
  expect(circuit.state).toBe('closed')
})
