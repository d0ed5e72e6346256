import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chooseTargets, readTraits } from '../../contracts/targets.ts'
import { type PrismMock, startPrism } from '../../mocks/prism.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
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

/** Runs the contract as `make contract` does, on the requirements that the break can touch. */
async function runContract(environment: Record<string, string>, only: string) {
  const env = { ...process.env, ...environment, CONTRACT_ONLY: only }
  const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const [output, [status]] = await Promise.all([text(child.stdout), once(child, 'close')])
  return { status, lines: output.split('\n').filter((line) => line.startsWith('✗')) }
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
    for (const server of ['REST', 'MCP 2025-11-25', 'MCP 2026-07-28', 'Cal.com'])
      expect(lines).toContain(
        `✗ get · ${server} · data.timeZone · response.members: must be string, got nothing. A response has every member, in its type.`,
      )
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
      '✗ delete · REST · user_not_found.error.code · error.understood: expected "NotFoundException", got "GoneException".',
    )
  })
})

describe('a gateway that runs already', () => {
  const places = (rest: string, mcp: string) => ({ CONTRACT_REST: rest, CONTRACT_MCP: `${mcp}/mcp` })

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

  it('lets nothing be changed away from this machine unless it says so', () => {
    const away = 'https://cal.example.org'
    expect(readTraits({}, 'upstream', away).writes).toBe(false)
    expect(readTraits({ ALLOW_WRITES: '1' }, 'upstream', away).writes).toBe(true)
    expect(readTraits({}, 'upstream', 'http://127.0.0.1:4010').writes).toBe(true)
  })
})
