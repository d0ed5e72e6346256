import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { readOptions } from '../../contracts/options.ts'
import { readRequirements } from '../../contracts/requirements.ts'
import { testTarget } from '../../contracts/session.ts'
import { chooseTargets, readTraits } from '../../contracts/targets.ts'
import type { TestCase } from '../../contracts/test-cases.ts'
import { startCalCom } from '../../mocks/cal-com/server.ts'
import { mockHeader } from '../../mocks/choice.ts'
import { type PrismMock, startPrism } from '../../mocks/prism.ts'
import { findClosedUrl, type RunningGateway, startGateway } from '../support/gateway.ts'
import { type PassingResponse, startBreakingProxy } from './breaking-proxy.ts'

const main = fileURLToPath(new URL('../../contracts/main.ts', import.meta.url))
let mock: PrismMock
let gateway: RunningGateway
beforeAll(async () => {
  mock = await startPrism()
  gateway = await startGateway(mock.url)
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await mock[Symbol.asyncDispose]()
})

/** Starts the contract as `npm run contract` does, on the test cases that a change can break. */
function start(environment: Record<string, string>, only: string) {
  const env = { ...process.env, GITHUB_ACTIONS: '', ...environment }
  const child = spawn(process.execPath, [main, '--only', only], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [output, errors]: [string[], string[]] = [[], []]
  child.stdout.on('data', (text) => output.push(String(text)))
  child.stderr.on('data', (text) => errors.push(String(text)))
  return {
    child,
    read: () => output.join(''),
    readErrors: () => errors.join(''),
    ended: once(child, 'close'),
  }
}

/** Runs the contract in this process, which has loaded what it needs. */
async function runContract(
  environment: Record<string, string>,
  only: string,
  args: readonly string[] = [],
  select: (testCase: TestCase) => boolean = () => true,
) {
  const printed: unknown[] = []
  const log = vi.spyOn(console, 'log').mockImplementation((text) => void printed.push(text))
  try {
    const { help: _, ...options } = readOptions(['--only', only, ...args], environment)
    const [choice] = chooseTargets(environment)
    if (!choice) throw new TypeError('the environment names no target')
    const { signal } = new AbortController()
    const status = await testTarget(choice.open, readRequirements(), { options, signal, select })
    const output = printed.join('\n')
    return { status, output, lines: output.split('\n').filter((line) => line.startsWith('✗')) }
  } finally {
    log.mockRestore()
  }
}

const rename = (from: string, to: string) => (response: PassingResponse) => ({
  ...response,
  text: response.text.replaceAll(`"${from}"`, `"${to}"`).replaceAll(`\\"${from}\\"`, `\\"${to}\\"`),
})

const restate = (from: number, to: number) => (response: PassingResponse) =>
  response.status === from ? { ...response, status: to } : response

describe('an upstream', () => {
  it('that keeps the contract is found to keep it', async () => {
    const { status, lines } = await runContract(
      { CONTRACT_UPSTREAM: mock.url },
      '^response\\.(status|members) · get',
    )
    expect({ status, lines }).toEqual({ status: 0, lines: [] })
  })

  it('that renames a field is named with operation, surface, field and rule', async () => {
    await using proxy = await startBreakingProxy(mock.url, rename('timeZone', 'time_zone'))
    const { status, lines } = await runContract({ CONTRACT_UPSTREAM: proxy.url }, '^response\\.members · get')
    expect(status).toBe(1)
    expect(lines).toEqual([
      `✗ get · Cal.com · data.timeZone · response.members: must be string, got nothing. A response has every member, in its type.`,
    ])
  })

  it('that changes the status of a success is named', async () => {
    await using proxy = await startBreakingProxy(mock.url, restate(201, 200))
    const { status, lines } = await runContract(
      { CONTRACT_UPSTREAM: proxy.url },
      '^response\\.status · create',
    )
    expect(status).toBe(1)
    expect(lines).toContain(
      '✗ create · Cal.com · status · response.status: expected 201, got 200. A valid call succeeds with 201 for create and 200 for all others.',
    )
  })

  it('that changes the code of an error is named with the error', async () => {
    await using proxy = await startBreakingProxy(mock.url, rename('NotFoundException', 'GoneException'))
    const { status, lines } = await runContract(
      { CONTRACT_UPSTREAM: proxy.url },
      '^error\\.understood · delete',
    )
    expect(status).toBe(1)
    expect(lines.join('\n')).toContain(
      '✗ delete · Cal.com · user_not_found.error.code · error.understood: expected "NotFoundException", got "GoneException".',
    )
  })
})

describe('a gateway that runs already', () => {
  const places = (rest: string, mcp: string) => ({
    CONTRACT_REST: rest,
    CONTRACT_MCP: `${mcp}/mcp`,
    CONTRACT_MEMORY: '0',
    ALLOW_WRITES: '1',
  })

  it('that keeps the contract is found to keep it', async () => {
    const { status, lines } = await runContract(places(gateway.restUrl, gateway.mcpUrl), '· (list|gateway) ·')
    expect({ status, lines }).toEqual({ status: 0, lines: [] })
  })

  it('that lets a wrong value pass is named with the argument', async () => {
    const accept = (response: PassingResponse, line: string) =>
      line.includes('limit=251') ? { status: 200, text: '{"status":"success","data":[]}' } : response
    await using proxy = await startBreakingProxy(gateway.restUrl, accept)
    const { status, lines } = await runContract(places(proxy.url, gateway.mcpUrl), '^limit\\.range')
    expect(status).toBe(1)
    expect(lines).toEqual([
      expect.stringContaining('✗ list · REST · limit · limit.range: 251 must be refused; got'),
    ])
  })

  it('that flips a hint is named with the hint', async () => {
    const flip = (response: PassingResponse) => ({
      ...response,
      text: response.text.replace(/"destructiveHint":true/g, '"destructiveHint":false'),
    })
    await using proxy = await startBreakingProxy(gateway.mcpUrl, flip)
    const { status, lines } = await runContract(places(gateway.restUrl, proxy.url), '^tool\\.hints')
    expect(status).toBe(1)
    expect(lines).toEqual(
      ['MCP 2025-11-25', 'MCP 2026-07-28'].map((server) =>
        expect.stringContaining(
          `✗ delete · ${server} · destructiveHint · tool.hints: expected true, got false.`,
        ),
      ),
    )
  })

  it('that renames a field on REST alone is named on REST alone', async () => {
    await using proxy = await startBreakingProxy(gateway.restUrl, rename('defaultScheduleId', 'scheduleId'))
    const { status, lines } = await runContract(
      places(proxy.url, gateway.mcpUrl),
      '^response\\.members · list',
    )
    expect(status).toBe(1)
    expect(lines).toEqual([
      expect.stringContaining('✗ list · REST · data[0].defaultScheduleId · response.members:'),
    ])
  })
})

describe('the environment', () => {
  it.each([
    [{ CONTRACT_REST: 'http://127.0.0.1:1' }, 'CONTRACT_REST and CONTRACT_MCP go together'],
    [
      {
        CONTRACT_UPSTREAM: 'http://127.0.0.1:1',
        CONTRACT_REST: 'http://127.0.0.1:1',
        CONTRACT_MCP: 'http://127.0.0.1:1',
      },
      'CONTRACT_UPSTREAM is tested behind a gateway of its own',
    ],
    [{ CONTRACT_UPSTREAM: 'nowhere' }, 'are URLs'],
  ])('that makes no sense is refused in one line: %j', (environment, reason) => {
    expect(() => chooseTargets(environment)).toThrow(reason)
  })

  it('lets nothing but a mock that says that it is one be changed, on this machine too', () => {
    expect(readTraits({}, 'upstream', undefined).writes).toBe(false)
    expect(readTraits({ ALLOW_WRITES: '1' }, 'upstream', undefined).writes).toBe(true)
    expect(readTraits({}, 'upstream', 'stateful').writes).toBe(true)
  })
})

describe('a run', () => {
  it('that reaches nothing says so in one sentence and exits with 2', async () => {
    const { ended, readErrors } = start({ CONTRACT_UPSTREAM: await findClosedUrl() }, '')
    expect(await ended).toEqual([2, null])
    expect(readErrors()).toMatch(/^The upstream does not respond at 127\.0\.0\.1:\d+\.\n$/)
  })

  it('changes nothing where the upstream does not say that it is a mock', async () => {
    await using stateful = await startCalCom()
    const lines: string[] = []
    const note = (response: PassingResponse, line: string) => {
      lines.push(line)
      return response
    }
    await using proxy = await startBreakingProxy(stateful.url, note, [mockHeader])
    // Of the calls that the recorder responds to itself, one of each operation and server shows that it does.
    const reaches = ({ isCanned, requirement }: TestCase) => !isCanned || requirement.id === 'route.path'
    const { status, output } = await runContract({ CONTRACT_UPSTREAM: proxy.url }, '', [], reaches)
    expect(status).toBe(0)
    expect(output).toContain('nothing may be changed without ALLOW_WRITES=1')
    expect(lines.filter((line) => !line.startsWith('GET '))).toEqual([])
  })

  it('deletes what it has made when it is interrupted, and keeps its results', async () => {
    await using stateful = await startCalCom({ throttles: false })
    const before = await listUsers(stateful.url)
    const { child, read, ended } = start({ CONTRACT_UPSTREAM: stateful.url }, '^state')
    await vi.waitFor(
      async () => expect((await listUsers(stateful.url)).length).toBeGreaterThan(before.length),
      {
        timeout: 100_000,
        interval: 20,
      },
    )
    child.kill('SIGINT')
    expect(await ended).toEqual([130, null])
    expect(read()).toContain('Interrupted: ')
    expect(await listUsers(stateful.url)).toEqual(before)
  })

  it('writes each report, without an address or a secret', async () => {
    await using proxy = await startBreakingProxy(mock.url, rename('timeZone', 'time_zone'))
    const folder = mkdtempSync(join(tmpdir(), 'contract-'))
    const files = ['junit', 'html', 'ctrf', 'json'].map((format) => join(folder, format))
    const args = files.flatMap((file) => [`--${basename(file)}`, file])
    const environment = { CONTRACT_UPSTREAM: proxy.url, GITHUB_ACTIONS: 'true' }
    const { status, output } = await runContract(environment, '^response\\.members · (get|list)', args)
    const [junit = '', html = '', ctrf = '', json = ''] = files.map((file) => readFileSync(file, 'utf8'))
    rmSync(folder, { recursive: true })
    expect(status).toBe(1)
    expect(junit).toContain('<testcase classname="response.members" name="response.members · get · Cal.com"')
    expect(junit).toContain('failures="2"')
    expect(html).toContain('data.timeZone')
    expect(JSON.parse(ctrf).results.summary).toMatchObject({ failed: 2 })
    expect(JSON.parse(json)).toHaveLength(8)
    expect(output).toContain('::error title=response.members · get · Cal.com::data.timeZone')
    expect(junit + html + ctrf + json + output).not.toMatch(/demo-secret|@example|eyJ/)
  })

  it('of the command exits with 1 when a requirement is not met', async () => {
    await using proxy = await startBreakingProxy(mock.url, restate(201, 200))
    const { ended, read } = start({ CONTRACT_UPSTREAM: proxy.url }, '^response\\.status · create')
    expect(await ended).toEqual([1, null])
    expect(read()).toContain('✗ create · Cal.com · status · response.status: expected 201, got 200.')
  })

  it('fails with --strict when something was not tested', async () => {
    const environment = { CONTRACT_UPSTREAM: mock.url }
    expect((await runContract(environment, '^state\\.find|^tool\\.names', ['--strict'])).status).toBe(1)
    expect((await runContract(environment, '^state\\.find|^tool\\.names')).status).toBe(0)
  })

  it('that cannot test anything exits with 2', async () => {
    expect((await runContract({ CONTRACT_UPSTREAM: mock.url }, 'nothing is called so')).status).toBe(2)
  })
})

async function listUsers(url: string): Promise<unknown[]> {
  const headers = { 'x-cal-secret-key': 'demo-secret' }
  const path = '/v2/oauth-clients/cm9demo000001abcd1234efgh/users'
  const response = await fetch(`${url}${path}?limit=250`, { headers })
  return Object(await response.json()).data
}
