import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { ConfigError, readConfig } from '../../src/config/config.ts'
import { readApi } from '../../src/document/api.ts'
import { readDocument } from '../../src/document/document.ts'
import { signOneself } from '../support/certificate.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { calls, servers } from '../support/servers.ts'
import { respondJson } from '../support/upstream-stub.ts'

const api = readApi(readDocument())

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const certificate = signOneself(privateKey, publicKey)
const folder = mkdtempSync(join(tmpdir(), 'calgate-'))
const file = join(folder, 'ca.pem')
const key = privateKey.export({ type: 'pkcs8', format: 'pem' })
const server = createServer({ key, cert: certificate }, (_request, response) =>
  respondJson(response, 200, { status: 'success', data: {} }),
)
let url = ''

beforeAll(async () => {
  writeFileSync(file, certificate)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `https://127.0.0.1:${Object(server.address()).port}`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
  rmSync(folder, { recursive: true })
})

test('an upstream whose certificate nobody vouches for gets no call', async () => {
  await using gateway = await startGateway(url)
  const { code, outcome } = await servers.rest(gateway, calls.create)
  expect([code, outcome]).toEqual(['upstream_unreachable', 'not_executed'])
})

test('the log and readiness say that a certificate is not trusted', async () => {
  await using gateway = await startGateway(url)
  await servers.rest(gateway, calls.create)
  await servers.mcp(gateway, calls.create)
  const causes = await vi.waitFor(
    () => {
      const lines = gateway.log
        .map((line) => JSON.parse(line))
        .filter(({ msg }) => msg === 'request completed')
      expect(lines).toHaveLength(2)
      return lines.map(({ code, cause }) => [code, cause])
    },
    { timeout: 60_000 },
  )
  const cause = 'DEPTH_ZERO_SELF_SIGNED_CERT'
  expect(causes).toEqual([
    ['upstream_unreachable', cause],
    ['upstream_unreachable', cause],
  ])
  expect(await readReadiness(gateway)).toEqual([503, 'upstream_misconfigured', '0'])
})

test('readiness is well when the certificate is trusted', async () => {
  await using gateway = await startGateway(url, { CAL_COM_CA_FILE: file })
  expect(await readReadiness(gateway)).toEqual([200, 'ready', '1'])
})

test.each([
  ['an upstream that refuses', 'http://127.0.0.1:1', 200, 'upstream_unreachable'],
  ['a host that does not exist', 'http://nowhere.invalid', 503, 'upstream_misconfigured'],
])('%s is told by readiness and by a metric', async (_, base, status, text) => {
  const environment = { ALLOW_INSECURE_UPSTREAM: 'true' }
  await using gateway = await startGateway(base, environment)
  expect(await readReadiness(gateway)).toEqual([status, text, '0'])
})

async function readReadiness({ gateway }: RunningGateway) {
  const { statusCode, body } = await gateway.control.inject('/health/ready')
  const metrics = await gateway.control.inject('/metrics')
  return [statusCode, JSON.parse(body).status, /^calgate_upstream_up (\d)$/m.exec(metrics.body)?.[1]]
}

test('CAL_COM_CA_FILE vouches for an upstream of one’s own', async () => {
  await using gateway = await startGateway(url, { CAL_COM_CA_FILE: file })
  expect((await servers.rest(gateway, calls.create)).status).toBe(200)
})

test.each(['/nowhere/ca.pem', import.meta.filename])(
  'a CAL_COM_CA_FILE that is %s is a problem of the configuration',
  (path) => {
    expect(() => readConfig({ CAL_COM_CA_FILE: path }, api)).toThrow(ConfigError)
    expect(() => readConfig({ CAL_COM_CA_FILE: path }, api)).toThrow(
      'CAL_COM_CA_FILE must be a readable file of PEM certificates',
    )
  },
)
