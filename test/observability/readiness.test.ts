import { expect, test } from 'vitest'
import { ReadinessCheck } from '../../src/observability/readiness.ts'

test('the result of a probe is valid for five seconds, so that checks put no load on the upstream', async () => {
  let now = 0
  const states = ['reachable', 'unreachable', 'misconfigured'] as const
  let probes = 0
  const probe = async () => states[probes++] ?? 'unreachable'
  const readiness = new ReadinessCheck({ probe, clock: () => now })
  expect([await readiness.read(), await readiness.read(), probes]).toEqual(['ready', 'ready', 1])
  now = 4_999
  expect([await readiness.read(), probes]).toEqual(['ready', 1])
  now = 5_000
  expect([await readiness.read(), probes]).toEqual(['upstream_unreachable', 2])
  now = 10_000
  expect([await readiness.read(), probes]).toEqual(['upstream_misconfigured', 3])
})

test('a gateway that drains is not ready, whatever the upstream does', async () => {
  const readiness = new ReadinessCheck({ probe: async () => 'reachable', clock: () => 0 })
  readiness.drain()
  expect([await readiness.read(), readiness.draining]).toEqual(['draining', true])
})
