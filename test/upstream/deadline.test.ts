import { Readable } from 'node:stream'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { GatewayError } from '../../src/errors/gateway-error.ts'
import { CircuitBreaker } from '../../src/upstream/circuit-breaker.ts'
import { findOperation, openRequester } from './requester-fixture.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

const create = findOperation('POST', '/users')
const { redeliver: _, singleUse: __, ...upload } = create

/** Sends sixty uploads that never end, as the API sees them; gives the last error, and whether calls still go through. */
async function sendStalled(
  change: (body: Readable) => void,
): Promise<{ error: GatewayError | undefined; state: string }> {
  const circuit = new CircuitBreaker()
  const { call } = openRequester({ circuit, timeout: 5000 })
  let error: GatewayError | undefined
  for (let n = 0; n < 60; n += 1) {
    const body = new Readable({ read() {} })
    change(body)
    const received = await call(upload, { body })
    await vi.advanceTimersByTimeAsync(5000)
    error = received.error ?? error
  }
  return { error, state: circuit.state }
}

test('a client whose upload stalls is told so, and is no failure of the API', async () => {
  const { error, state } = await sendStalled(() => {})
  expect(error?.toProblem()).toMatchObject({ code: 'upstream_timeout', outcome: 'unknown', retryable: false })
  expect(error?.message).toContain('did not send the whole body')
  expect(state).toBe('closed')
})

test.each<[string, (body: Readable) => void]>([
  ['waits', (body) => body.push('taken by nobody')],
  ['is paused', (body) => body.pause().push(null)],
])('an API has failed that does not take what a client has uploaded, which %s', async (_how, change) => {
  const { error, state } = await sendStalled(change)
  expect(error?.code).toBe('upstream_unavailable')
  expect(state).toBe('open')
})
