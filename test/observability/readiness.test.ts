import { once } from 'node:events'
import { createServer } from 'node:tls'
import { expect, test } from 'vitest'
import { createReadinessCheck, ReadinessCheck } from '../../src/observability/readiness.ts'
import { createCertificate } from '../support/certificate.ts'

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

test('the authority of the API is trusted for the API, and not for a proxy before it', async () => {
  const { cert, key } = createCertificate()
  const server = createServer({ cert, key }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `https://127.0.0.1:${Object(server.address()).port}`
  const probe = (baseUrl: string, https?: string) =>
    createReadinessCheck(
      { baseUrl, ca: cert, proxies: { http: undefined, https, exceptions: [] } },
      () => 0,
    ).readUpstream()
  expect([await probe(url), await probe('https://api.example.org', url)]).toEqual([
    'reachable',
    'misconfigured',
  ])
  server.close()
})
