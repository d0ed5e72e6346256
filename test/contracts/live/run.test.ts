import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type CalComMock, startCalCom } from '../../../mocks/cal-com/server.ts'
import { folderVariable } from '../../support/run-log.ts'

const command = fileURLToPath(new URL('../../../contracts/live/run.ts', import.meta.url))
const clientId = 'cm9demo000001abcd1234efgh'
const secret = 'demo-secret'
const create = 'oauthclientuserscontrollercreateuser'
const get = 'oauthclientuserscontrollergetuserbyid'
const update = 'oauthclientuserscontrollerupdateuser'

let mock: CalComMock
beforeEach(async () => {
  mock = await startCalCom({ throttles: false })
})
afterEach(() => mock[Symbol.asyncDispose]())

/** Plants a mismatch, or lets a held response go. */
async function control(path: string, body: object = {}): Promise<void> {
  const response = await fetch(`${mock.url}/_control/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  expect(response.status).toBe(204)
}

async function countUsers(): Promise<number> {
  const response = await fetch(`${mock.url}/v2/oauth-clients/${clientId}/users`, {
    headers: { 'x-cal-secret-key': secret, 'x-cal-client-id': clientId },
  })
  return Object(await response.json()).data.length
}

interface Running {
  readonly child: ChildProcess
  read(): string
  readonly ended: Promise<unknown[]>
}

function start(environment: Record<string, string> = {}): Running {
  const credentials = { CAL_COM_CLIENT_ID: clientId, CAL_COM_SECRET_KEY: secret }
  const { PATH, NODE_COMPILE_CACHE, [folderVariable]: logs } = process.env
  const inherited = { PATH, NODE_COMPILE_CACHE, [folderVariable]: logs }
  const env = { ...inherited, CAL_COM_BASE_URL: mock.url, ...credentials, ...environment }
  const child = spawn(process.execPath, [command], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const output: string[] = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => output.push(String(text)))
  return { child, read: () => output.join(''), ended: once(child, 'close') }
}

async function run(environment?: Record<string, string>) {
  const { read, ended } = start(environment)
  const [code] = await ended
  return {
    code,
    output: read(),
    mismatches: read()
      .split('\n')
      .filter((line) => line.startsWith('✗')),
  }
}

describe('make contract-live', () => {
  it('finds no mismatch in what behaves as described, and changes nothing', async () => {
    const before = await countUsers()
    await control('faults', { operation: create, error: 'unexpected' })
    const { code, output } = await run()
    expect(output).toContain('0 mismatches, 0 additions (reads only)')
    expect(code).toBe(0)
    expect(await countUsers()).toBe(before)
  })

  it('names every planted mismatch by operation, pointer and rule, and nothing else', {}, async () => {
    await control('faults', {
      operation: get,
      times: 1000,
      mismatch: { pointer: '/data/weekStart', change: 'retype' },
    })
    await control('faults', {
      operation: create,
      times: 1000,
      mismatch: { pointer: '/data/user/email', change: 'drop' },
    })
    await control('faults', { operation: update, status: 202 })
    const { code, mismatches } = await run({ ALLOW_WRITES: '1' })
    const users = '/v2/oauth-clients/{clientId}/users'
    expect(mismatches).toEqual(
      expect.arrayContaining([
        `✗ GET ${users}/{userId} 200 /data/weekStart type: must be string`,
        `✗ POST ${users} 201 /data/user/email required: must have required property 'email'`,
        `✗ PATCH ${users}/{userId} 202 / status: status 202 is not documented`,
        expect.stringContaining('✗ update · Cal.com · status · response.status'),
      ]),
    )
    // Each other line is about the members that were spoiled, on the surface that spoiled them.
    expect(mismatches.filter((line) => !/weekStart|email|202|status|Cal\.com/.test(line))).toEqual([])
    expect(code).toBe(1)
  })

  it('tells an addition, which breaks nothing, from a mismatch', async () => {
    await control('faults', {
      operation: get,
      times: 1000,
      mismatch: { pointer: '/data/plan', change: 'extra' },
    })
    const { code, output } = await run()
    expect(output).toContain('/data/plan undocumented')
    expect(output).toContain('0 mismatches, 1 additions')
    expect(code).toBe(0)
  })

  it('deletes the user it made, also when it can not be told which one that is', async () => {
    const before = await countUsers()
    await control('faults', {
      operation: create,
      times: 9,
      mismatch: { pointer: '/data/user/id', change: 'retype' },
    })
    const { code } = await run({ ALLOW_WRITES: '1' })
    expect(code).toBe(1)
    expect(await countUsers()).toBe(before)
  })

  it('deletes the user it made when it is interrupted', async () => {
    const before = await countUsers()
    await control('faults', { operation: create, hold: true })
    const { child, read, ended } = start({ ALLOW_WRITES: '1' })
    await vi.waitFor(async () => expect(await countUsers()).toBeGreaterThan(before), {
      timeout: 100_000,
      interval: 500,
    })
    child.kill('SIGINT')
    await vi.waitFor(() => expect(read()).toContain('Stopping'), { timeout: 60_000 })
    await control('release')
    expect(await ended).toEqual([130, null])
    expect(await countUsers()).toBe(before)
  })

  it('shows neither secret nor token nor address', async () => {
    await control('faults', {
      operation: create,
      times: 1000,
      mismatch: { pointer: '/data/accessToken', change: 'null' },
    })
    const { output } = await run({ ALLOW_WRITES: '1' })
    expect(output).toContain('/data/accessToken type')
    expect(output).not.toMatch(/demo-secret|eyJ|@example/)
  })

  it('asks for credentials it does not have, and sends nothing', async () => {
    const { code, output } = await run({ CAL_COM_SECRET_KEY: '' })
    expect([code, output.split('\n').length]).toEqual([2, 2])
    expect(output).toContain('CAL_COM_CLIENT_ID and CAL_COM_SECRET_KEY')
  })
})
