import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { refuseBreakingChanges } from '../../src/cli/breaking-changes.ts'
import { CommandError } from '../../src/cli/command.ts'
import { createReload, type ServedFiles } from '../../src/cli/reload.ts'
import { ConfigError, readConfig } from '../../src/config/config.ts'
import { createKey } from '../../src/config/gateway-keys.ts'
import { readApi } from '../../src/document/api.ts'
import { type OpenApiDocument, readDocument } from '../../src/document/document.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { startIssuer } from '../support/issuer.ts'
import { createRunLogger } from '../support/run-log.ts'
import {
  holdResponses,
  type Responder,
  respondJson,
  startUpstream,
  type UpstreamStub,
} from '../support/upstream-stub.ts'

const folder = mkdtempSync(join(tmpdir(), 'calgate-reload-'))
const keysFile = join(folder, 'keys')
const users = '/v1/v2/oauth-clients/cm9demo/users'
const ada = createKey('ada', ['managed-users:read', 'managed-users:write'])
const grace = createKey('grace', ['managed-users:read'])

const respond: Responder = (_request, response) => respondJson(response, 200, {})
let behave = respond
let upstream: UpstreamStub
let gateway: RunningGateway
let reload: () => void
let document: OpenApiDocument = readDocument()
const log: string[] = []

function read(): ServedFiles {
  const environment = { CAL_COM_BASE_URL: upstream.url, GATEWAY_KEYS_FILE: keysFile }
  const config = readConfig(environment, readApi(document))
  return { config, document, files: config.files }
}

/** Reads a user with a key, and returns the status. */
async function get({ key }: { readonly key: string }): Promise<number> {
  const headers = { authorization: `Bearer ${key}`, 'x-cal-secret-key': 'demo-secret' }
  const response = await fetch(`${gateway.restUrl}${users}/7`, { headers })
  await response.arrayBuffer()
  return response.status
}

/** Resolves with the log lines that came since. */
async function waitForLine(text: string, begin: number): Promise<string> {
  await expect.poll(() => log.slice(begin).join(), { timeout: 30_000, interval: 5 }).toContain(text)
  return log.slice(begin).join()
}

beforeAll(async () => {
  writeFileSync(keysFile, `${ada.line}\n${grace.line}\n`)
  upstream = await startUpstream((request, response) => behave(request, response))
  gateway = await startGateway(upstream.url, { GATEWAY_KEYS_FILE: keysFile })
  reload = createReload({
    gateway: gateway.gateway,
    logger: createRunLogger((line) => log.push(line)),
    served: read(),
    read: async () => read(),
    checkChanges: (old, next) =>
      refuseBreakingChanges(old, next, { execPath: process.execPath, environment: process.env }),
  })
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await upstream[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true })
})

describe('a reload', () => {
  it('fails no call, ten times under load', async () => {
    const statuses: number[] = []
    let isDone = false
    const clients = Array.from({ length: 8 }, async () => {
      while (!isDone) statuses.push(await get(ada))
    })
    for (let count = 0; count < 10; count += 1) {
      await gateway.gateway.reload(read())
      const enough = statuses.length + 16
      while (statuses.length < enough) await setImmediate()
    }
    isDone = true
    await Promise.all(clients)
    expect(statuses.length).toBeGreaterThan(100)
    expect(statuses.filter((status) => status !== 200)).toEqual([])
  })

  it('finishes the requests under way with what they began with', async () => {
    const held = holdResponses(respond)
    behave = held.respond
    const response = get(ada)
    await held.arrived
    await gateway.gateway.reload(read())
    held.release()
    expect(await response).toBe(200)
    behave = respond
  })

  it('keeps idempotency keys', async () => {
    const create = () =>
      fetch(`${gateway.restUrl}${users}`, {
        method: 'POST',
        headers: {
          ...{ authorization: `Bearer ${ada.key}`, 'x-cal-secret-key': 'demo-secret' },
          ...{ 'content-type': 'application/json', 'idempotency-key': 'kept' },
        },
        body: JSON.stringify({ email: 'ada@example.org', name: 'Ada' }),
      })
    const before = upstream.requests.length
    await (await create()).arrayBuffer()
    await gateway.gateway.reload(read())
    await (await create()).arrayBuffer()
    expect(upstream.requests).toHaveLength(before + 1)
  })

  it('keeps the counters of the metrics', async () => {
    const count = async () => {
      const { body } = await gateway.gateway.control.inject('/metrics')
      return Number(/^calgate_requests_total\{surface="rest",.*status="200"\} (\d+)$/m.exec(body)?.[1])
    }
    expect(await get(ada)).toBe(200)
    const before = await count()
    await gateway.gateway.reload(read())
    expect(await get(ada)).toBe(200)
    await expect.poll(count).toBe(before + 1)
  })

  it('keeps the requests under way in the concurrency limit', async () => {
    const admission = { active: 2, waiting: 0, timeout: 1 }
    await using running = await startGateway(upstream.url, {}, { admission })
    const held = holdResponses(respond)
    behave = held.respond
    const before = upstream.requests.length
    const call = () =>
      fetch(`${running.restUrl}${users}/7`, { headers: { 'x-cal-secret-key': 'demo-secret' } })
    const under = [call(), call()]
    await expect.poll(() => upstream.requests.length).toBe(before + 2)
    await running.gateway.reload({ document, config: running.config })
    expect((await call()).status).toBe(503)
    const { body } = await running.gateway.control.inject('/metrics')
    expect(body).toContain('calgate_requests_active 2')
    held.release()
    behave = respond
    expect((await Promise.all(under)).map(({ status }) => status)).toEqual([200, 200])
    expect((await call()).status).toBe(200)
  })

  it('keeps the access tokens of its clients valid while their issuer is down', async () => {
    await using issuer = await startIssuer()
    await using running = await startGateway(upstream.url, issuer.environment)
    const token = await issuer.sign({ scope: 'managed-users:read' })
    const headers = { authorization: `Bearer ${token}`, 'x-cal-secret-key': 'demo-secret' }
    const call = async () => (await fetch(`${running.restUrl}${users}/7`, { headers })).status
    expect(await call()).toBe(200)
    issuer.status = 500
    await running.gateway.reload({ document, config: running.config })
    expect([await call(), issuer.asked]).toEqual([200, 1])
    const oauth = {
      issuer: '',
      jwksUrl: '',
      ...running.config.oauth,
      audience: 'https://other.example.org/mcp',
    }
    await running.gateway.reload({ document, config: { ...running.config, oauth } })
    expect(await call()).toBe(503)
  })

  it('keeps the state of the circuit breaker', async () => {
    await using running = await startGateway(upstream.url)
    const headers = { 'x-cal-secret-key': 'demo-secret' }
    const call = async () => (await fetch(`${running.restUrl}${users}/7`, { headers })).status
    behave = (_request, response) => respondJson(response, 503, {})
    for (let sent = 0; sent < 50; sent += 1) expect(await call()).toBe(503)
    const before = upstream.requests.length
    const config = readConfig({ CAL_COM_BASE_URL: upstream.url }, readApi(document))
    await running.gateway.reload({ document, config })
    behave = respond
    const { body } = await running.gateway.control.inject('/metrics')
    expect(body).toContain('calgate_circuit_state{state="open"} 1')
    expect(upstream.requests.length).toBe(before)
  })

  it('changes nothing of a gateway that closes meanwhile', async () => {
    const running = await startGateway(upstream.url, { GATEWAY_KEYS_FILE: keysFile })
    const reloading = running.gateway.reload(read())
    const closing = running.gateway.close()
    await expect(reloading).rejects.toThrow('the gateway closes')
    await closing
  })

  it('leaves a write of a client that has disconnected to the close, which waits for it', async () => {
    const running = await startGateway(upstream.url)
    const held = holdResponses(respond)
    behave = held.respond
    const client = new AbortController()
    const headers = { 'x-cal-secret-key': 'demo-secret', 'content-type': 'application/json' }
    const body = JSON.stringify({ name: 'Ada' })
    const { signal } = client
    const write = fetch(`${running.restUrl}${users}/7`, { method: 'PATCH', headers, body, signal })
    await held.arrived
    client.abort()
    await expect(write).rejects.toThrow()
    const config = readConfig({ CAL_COM_BASE_URL: upstream.url }, readApi(document))
    await running.gateway.reload({ document, config })
    let isClosed = false
    const closing = running.gateway.close().then(() => {
      isClosed = true
    })
    await expect.poll(() => running.gateway.rest.server.listening).toBe(false)
    for (let tick = 0; tick < 50; tick += 1) await setImmediate()
    expect(isClosed).toBe(false)
    held.release()
    await closing
    behave = respond
  })

  it('refuses a revoked key within a second of the change of the file', async () => {
    expect(await get(grace)).toBe(200)
    const begin = performance.now()
    writeFileSync(keysFile, `${ada.line}\n`)
    await expect.poll(() => get(grace), { timeout: 30_000, interval: 5 }).toBe(401)
    expect(performance.now() - begin).toBeLessThan(1_000)
    expect(await get(ada)).toBe(200)
  })

  it('refuses a revoked key though something else is wrong, and changes nothing else', async () => {
    writeFileSync(keysFile, `${ada.line}\n${grace.line}\n`)
    await expect.poll(() => get(grace), { timeout: 30_000, interval: 5 }).toBe(200)
    const begin = log.length
    const sound = document
    document = { ...sound, paths: {} }
    writeFileSync(keysFile, `${ada.line}\n`)
    await waitForLine('revoked keys', begin)
    expect(log.slice(begin).join()).toContain('reload refused')
    expect([await get(grace), await get(ada)]).toEqual([401, 200])
    writeFileSync(keysFile, `broken\n`)
    await waitForLine('GATEWAY_KEYS_FILE', begin)
    expect(await get(ada)).toBe(200)
    document = sound
    writeFileSync(keysFile, `${ada.line}\n`)
    await waitForLine('"reloaded"', begin)
  })

  it('lets nobody in when the last key is revoked', async () => {
    const begin = log.length
    writeFileSync(keysFile, '# nobody\n')
    await waitForLine('reloaded', begin)
    expect(await get(ada)).toBe(401)
    writeFileSync(keysFile, `${ada.line}\n`)
    await expect.poll(() => get(ada), { timeout: 30_000, interval: 5 }).toBe(200)
  })

  it('notices what changes while it reloads', async () => {
    const file = join(folder, 'watched')
    const texts: string[] = []
    writeFileSync(file, '1')
    const served = { ...read(), files: [file] }
    createReload({
      gateway: {
        async reload() {
          texts.push(readFileSync(file, 'utf8'))
          if (texts.length === 1) writeFileSync(file, 'while it reloads')
        },
      },
      logger: createRunLogger(() => {}),
      served,
      read: async () => served,
      checkChanges: async () => {},
    })
    let length = 1
    // A watcher notices what differs from what it has seen.
    const change = () => {
      if (texts.length === 0) writeFileSync(file, 'x'.repeat(length))
      length += 1
      return texts.at(-1)
    }
    await expect.poll(change, { timeout: 10_000, interval: 500 }).toBe('while it reloads')
  })

  it('reads a file again that somebody is writing', async () => {
    const file = join(folder, 'written')
    writeFileSync(file, '')
    const texts: string[] = []
    const served = { ...read(), files: [file] }
    const reloaded = Promise.withResolvers<readonly string[]>()
    const start = createReload({
      gateway: { reload: async () => reloaded.resolve([...texts]) },
      logger: createRunLogger(() => {}),
      served,
      async read() {
        texts.push(readFileSync(file, 'utf8'))
        writeFileSync(file, 'whole')
        if (texts.length > 1) utimesSync(file, 0, 0)
        return served
      },
      checkChanges: async () => {},
    })
    start()
    expect(await reloaded.promise).toEqual(['', 'whole'])
  })

  it('names the settings that need a restart, those of the page, and goes on with the rest', async () => {
    const own = read()
    const tls = { cert: 'cert', key: 'key' }
    const texts = {
      host: '127.0.0.9',
      controlHost: '127.0.0.9',
      logLevel: 'debug',
      telemetryUrl: 'http://127.0.0.1:9',
    }
    const numbers = { restPort: 1, mcpPort: 2, controlPort: 3, drainDelay: 4, keepAlive: 5 }
    const sharedState = {
      url: 'redis://127.0.0.1',
      ca: undefined,
      secret: 'demo-state-key',
      limitsWithout: 'refuse' as const,
    }
    const next = { ...own, config: { ...own.config, ...texts, ...numbers, tls, sharedState } }
    const lines: string[] = []
    const start = createReload({
      gateway: { reload: async () => {} },
      logger: createRunLogger((line) => lines.push(line)),
      served: { ...own, files: [] },
      read: async () => ({ ...next, files: [] }),
      checkChanges: async () => {},
    })
    start()
    await expect.poll(() => lines.length).toBe(2)
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ msg: 'reloaded' })
    const { msg, reason } = JSON.parse(lines[1] ?? '')
    expect(msg).toBe('settings need a restart')
    const page = readFileSync(new URL('../../docs/operating.md', import.meta.url), 'utf8')
    const [, listed = ''] = /`settings need a restart`:(.*?)where TLS begins or ends/s.exec(page) ?? []
    const names = [...listed.matchAll(/`(\w+)`/g)].map(([, name]) => name)
    expect(reason.replace(' changed', '').split(', ').sort()).toEqual(names.sort())
  })

  it.each([
    ['a description', (file: string) => ({ found: [file], error: new CommandError('bad') })],
    ['a file of a setting', (file: string) => ({ found: [], error: new ConfigError(['bad'], [file]) })],
  ])('watches %s that was refused', async (name, refuse) => {
    const file = join(folder, name)
    writeFileSync(file, 'bad')
    utimesSync(file, 0, 0)
    const own = { ...read(), files: [] }
    const lines: string[] = []
    const start = createReload({
      gateway: { reload: async () => {} },
      logger: createRunLogger((line) => lines.push(line)),
      served: own,
      async read(onFiles) {
        const { found, error } = refuse(file)
        onFiles(found)
        if (readFileSync(file, 'utf8') === 'bad') throw error
        return own
      },
      checkChanges: async () => {},
    })
    start()
    await expect.poll(() => lines.join()).toContain('reload refused')
    // A watcher notices what differs from what it has seen.
    const correct = () => {
      writeFileSync(file, `good ${performance.now()}`)
      return lines.join()
    }
    await expect.poll(correct, { timeout: 10_000, interval: 500 }).toContain('"reloaded"')
  })

  it('refuses a bad file as a whole, and goes on with what it had', async () => {
    const begin = log.length
    writeFileSync(keysFile, `${grace.line}\nno key\n`)
    reload()
    expect(await waitForLine('reload refused', begin)).toContain('GATEWAY_KEYS_FILE: line 2 must be')
    expect([await get(ada), await get(grace)]).toEqual([200, 401])
    writeFileSync(keysFile, `${ada.line}\n`)
  })

  it('refuses a description that breaks its clients', async () => {
    const begin = log.length
    const shipped = document
    const [path = ''] = Object.keys(shipped.paths)
    const { [path]: _, ...paths } = shipped.paths
    document = { ...shipped, paths }
    reload()
    expect(await waitForLine('reload refused', begin)).toContain('--allow-breaking')
    expect(await get(ada)).toBe(200)
    document = shipped
  })
})
