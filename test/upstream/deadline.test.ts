import { Readable } from 'node:stream'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { GatewayError } from '../../src/errors/gateway-error.ts'
import type { UpstreamRequest } from '../../src/upstream/call.ts'
import { CircuitBreaker } from '../../src/upstream/circuit-breaker.ts'
import { findOperation, openRequester } from './requester-fixture.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

const create = findOperation('POST', '/users')
const { redeliver: _, singleUse: __, ...upload } = create

/** Sends sixty uploads that never end, as the API sees them; gives the last error, and whether calls still go through. */
async function sendStalled(chunk?: string): Promise<{ error: GatewayError | undefined; state: string }> {
  const circuit = new CircuitBreaker()
  const { call } = openRequester({ circuit, timeout: 5000 })
  let error: GatewayError | undefined
  for (let n = 0; n < 60; n += 1) {
    const body: UpstreamRequest['body'] = new Readable({ read() {} })
    if (chunk !== undefined) body.push(chunk)
    const received = await call(upload, { body })
    await vi.advanceTimersByTimeAsync(5000)
    error = received.error ?? error
  }
  return { error, state: circuit.state }
}

test('a client whose upload stalls is told so, and is no failure of the API', async () => {
  const { error, state } = await sendStalled()
  expect(error?.toProblem()).toMatchObject({ code: 'request_timeout', outcome: 'unknown', retryable: false })
  expect(state).toBe('closed')
})

test('an API that does not take what a client has uploaded has failed', async () => {
  const { error, state } = await sendStalled('taken by nobody')
  expect(error?.code).toBe('upstream_unavailable')
  expect(state).toBe('open')
})
