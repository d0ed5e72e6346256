import { expect, test } from 'vitest'
import { ReadinessCheck } from '../../src/observability/readiness.ts'

test('a finding is good for five seconds, so that checks put no load on the upstream', async () => {
  let now = 0
  const findings = [true, false]
  let probes = 0
  const probe = async () => findings[probes++] ?? false
  const readiness = new ReadinessCheck({ probe, clock: () => now })
  expect([await readiness.read(), await readiness.read(), probes]).toEqual(['ready', 'ready', 1])
  now = 4_999
  expect([await readiness.read(), probes]).toEqual(['ready', 1])
  now = 5_000
  expect([await readiness.read(), probes]).toEqual(['upstream_unreachable', 2])
})

test('who drains is not ready, whatever the upstream does', async () => {
  const readiness = new ReadinessCheck({ probe: async () => true, clock: () => 0 })
  readiness.drain()
  expect([await readiness.read(), readiness.draining]).toEqual(['draining', true])
})
