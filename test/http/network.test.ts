import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it, test } from 'vitest'
import { readConfig } from '../../src/config/config.ts'
import { findProxy } from '../../src/config/egress-proxy.ts'
import { readApi } from '../../src/document/api.ts'
import { readDocument } from '../../src/document/document.ts'
import { createCertificate } from '../support/certificate.ts'
import { startGateway } from '../support/gateway.ts'
import { startProxy } from '../support/tunnel-proxy.ts'
import { startUpstream } from '../support/upstream-stub.ts'

const user = '/v1/v2/oauth-clients/cm9demo/users/7'
const headers = { 'x-cal-secret-key': 'demo-secret' }
const folder = mkdtempSync(join(tmpdir(), 'calgate-network-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe('an egress proxy', () => {
  it('carries reads and writes through tunnels, which learn its credentials and no other', async () => {
    await using upstream = await startUpstream()
    await using proxy = await startProxy()
    const HTTP_PROXY = `http://ada:p%40ss@127.0.0.1:${proxy.port}`
    await using gateway = await startGateway(upstream.url, { HTTP_PROXY })
    for (const method of ['GET', 'DELETE'])
      expect((await fetch(`${gateway.restUrl}${user}`, { method, headers })).status).toBe(200)
    const expected = [new URL(upstream.url).host, `Basic ${Buffer.from('ada:p@ss').toString('base64')}`]
    expect(proxy.tunnels).toEqual([expected, expected])
    expect(upstream.requests.map((one) => one.headers['proxy-authorization'])).toEqual([undefined, undefined])
    expect((await gateway.gateway.control.inject('/health/ready')).json()).toEqual({ status: 'ready' })
  })

  it('is left out for the hosts of NO_PROXY', async () => {
    await using upstream = await startUpstream()
    await using proxy = await startProxy()
    const environment = { HTTP_PROXY: `http://127.0.0.1:${proxy.port}`, NO_PROXY: '127.0.0.1' }
    await using gateway = await startGateway(upstream.url, environment)
    expect((await fetch(`${gateway.restUrl}${user}`, { headers })).status).toBe(200)
    expect(proxy.tunnels).toEqual([])
  })

  it('that refuses is an upstream that cannot be reached', async () => {
    await using gateway = await startGateway('http://127.0.0.1:9', { HTTP_PROXY: 'http://127.0.0.1:1' })
    const response = await fetch(`${gateway.restUrl}${user}`, { headers })
    expect([response.status, Object(await response.json()).code]).toEqual([502, 'upstream_unreachable'])
  })

  it.each([
    ['https://api.example.org', [], 'http://secure:1/'],
    ['http://api.example.org', [], 'http://plain:1/'],
    ['https://api.example.org', ['example.org'], undefined],
    ['https://api.example.org', ['.example.org'], undefined],
    ['https://api.example.org', ['*.example.org'], undefined],
    ['https://badexample.org', ['example.org'], 'http://secure:1/'],
    ['https://api.example.org', ['api.example.org:443'], undefined],
    ['https://api.example.org:8443', ['api.example.org:443'], 'http://secure:1/'],
    ['https://api.example.org', ['*'], undefined],
    ['https://[::1]', ['::1'], undefined],
    ['https://[::1]:8443', ['::1'], undefined],
    ['https://[::1]', ['[::1]'], undefined],
    ['https://[::1]', ['0:0:0:0:0:0:0:1'], undefined],
    ['https://[::1]', ['[0:0:0:0:0:0:0:1]:443'], undefined],
    ['https://[::1]:8443', ['[::1]:443'], 'http://secure:1/'],
    ['https://[2001:db8::443]', ['2001:db8::443'], undefined],
    ['https://[2001:db8::443]', ['2001:db8::'], 'http://secure:1/'],
    ['https://[::1]', ['fe80::1%eth0', '[', ':'], 'http://secure:1/'],
  ])('for %s, but for %j, is %s', (origin, exceptions, proxy) => {
    const proxies = { http: 'http://plain:1', https: 'http://secure:1', exceptions }
    expect(findProxy(proxies, origin)?.href).toBe(proxy)
  })
})

test('both servers speak TLS by a certificate file, and a reload changes it', async () => {
  const pairs = [createCertificate(), createCertificate()]
  const names = { TLS_CERT_FILE: join(folder, 'cert.pem'), TLS_KEY_FILE: join(folder, 'key.pem') }
  const install = (index: number) => {
    writeFileSync(names.TLS_CERT_FILE, pairs[index]?.cert ?? '')
    writeFileSync(names.TLS_KEY_FILE, pairs[index]?.key ?? '')
  }
  install(0)
  await using upstream = await startUpstream()
  await using gateway = await startGateway(upstream.url, names)
  const get = (index: number) =>
    new Promise<number | undefined>((resolve, reject) => {
      const { port } = new URL(gateway.restUrl)
      const options = { port, path: user, ca: pairs[index]?.cert, agent: false }
      request({ host: '127.0.0.1', headers, ...options }, (response) => {
        response.resume()
        resolve(response.statusCode)
      })
        .on('error', reject)
        .end()
    })
  expect(await get(0)).toBe(200)
  await expect(get(1)).rejects.toThrow()
  install(1)
  const document = readDocument()
  const environment = { CAL_COM_BASE_URL: upstream.url, ...names }
  await gateway.gateway.reload({ document, config: readConfig(environment, readApi(document)) })
  expect(await get(1)).toBe(200)
  await expect(get(0)).rejects.toThrow()
  await expect(fetch(gateway.restUrl.replace('https:', 'http:') + user)).rejects.toThrow()
})
