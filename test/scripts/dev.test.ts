import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { mockNames } from '../../mocks/choice.ts'
import { composeStartupMessage } from '../../scripts/startup-message.ts'
import { readDocument } from '../../src/document/document.ts'
import { clients } from '../support/mcp-clients.ts'
import { findFreePorts, findRunning, listDescendants } from '../support/processes.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
/** Milliseconds to wait for an event, on a busy machine too. */
const waitLimit = 60_000

/** A `make dev` on ports of its own, in a process group of its own, as a terminal would start it. */
interface Session {
  readonly process: ChildProcess
  readonly pid: number
  readonly output: Promise<string>
  readonly errors: Promise<string>
  readonly ended: Promise<unknown[]>
}

const sessions: Session[] = []

/** The mock that starts in a third of the time of the other. */
const light = { MOCK: 'stateful' }

async function startDev(
  environment: Record<string, string> = light,
  command = [process.execPath, 'scripts/dev.ts'],
) {
  const [mock, rest, mcp, control] = await findFreePorts(4)
  const { MAKEFLAGS: _, ...inherited } = process.env
  const ports = {
    MOCK_PORT: `${mock}`,
    REST_PORT: `${rest}`,
    MCP_PORT: `${mcp}`,
    CONTROL_PORT: `${control}`,
  }
  const [program = '', ...args] = command
  const child = spawn(program, args, {
    cwd: root,
    detached: true,
    env: { ...inherited, HOST: '', ...ports, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const session = {
    process: child,
    pid: child.pid ?? 0,
    output: text(child.stdout),
    errors: text(child.stderr),
    ended: once(child, 'exit'),
  }
  sessions.push(session)
  return session
}

/** Returns the startup message, up to the call at its end. */
async function awaitMessage({ process: child, ended }: Session): Promise<string> {
  let printed = ''
  const complete = new Promise<void>((resolve) =>
    child.stdout?.on('data', (chunk) => {
      printed += chunk
      if (/^curl .*\n/m.test(printed)) resolve()
    }),
  )
  await Promise.race([complete, ended])
  return printed
}

/** The mock and the gateway as soon as they exist, before they have got to do anything. */
async function awaitStart({ pid }: Session): Promise<number[]> {
  return vi.waitFor(
    () => {
      const started = listDescendants(pid)
      expect(started).toHaveLength(2)
      return started
    },
    { timeout: waitLimit, interval: 1 },
  )
}

/** What is left of a process group; it goes with what it started, even where a test has failed. */
function killGroup(pid: number): void {
  for (const one of [...listDescendants(pid), -pid])
    try {
      process.kill(one, 'SIGKILL')
    } catch {
      // It has ended, as it should.
    }
}

async function awaitGone(pids: readonly number[]): Promise<void> {
  await vi.waitFor(() => expect(findRunning(pids)).toEqual([]), { timeout: waitLimit })
}

describe.each(mockNames)('make dev before the mock %s, once it is ready,', (mock) => {
  let session: Session
  let message: string
  beforeAll(async () => {
    session = await startDev({ MOCK: mock })
    message = await awaitMessage(session)
  })
  afterAll(async () => {
    const started = listDescendants(session.pid)
    session.process.kill()
    expect(await session.ended).toEqual([0, null])
    expect(started).toHaveLength(2)
    expect(findRunning(started)).toEqual([])
  })

  it('ends its message with a call that succeeds', async () => {
    const [, url = ''] = /\ncurl -s (\S+)\n$/.exec(message) ?? []
    const response = await fetch(url)
    expect({ status: response.status, body: await response.json() }).toMatchObject({
      status: 200,
      body: { status: 'success', data: { id: 4711 } },
    })
  })

  // A process over stdio knows the URL of the mock, and nothing else of it.
  describe.each(mock === 'prism' ? ['HTTP', 'stdio'] : ['HTTP'])(
    'prints a configuration over %s',
    (transport) => {
      it.each(clients)('that works in $client', async ({ connect }) => {
        const printed = message.split(`over ${transport}:`)[1]?.match(/^\{.*\}$/m)?.[0] ?? ''
        const client = await connect({ ...JSON.parse(printed).mcpServers.calgate, cwd: '/' })
        const { tools } = await client.listTools()
        const result = await client.callTool({ name: 'get-managed-user', arguments: { userId: 4711 } })
        await client.close()
        expect(tools.length).toBeGreaterThanOrEqual(5)
        expect(result).toMatchObject({ structuredContent: { data: { id: 4711 } } })
      })
    },
  )

  it('prints at most 20 lines, without colours, that end with the addresses and the call', () => {
    expect(message).toMatch(/^\ncalgate is ready\. /)
    expect(message.split('\n').length).toBeLessThanOrEqual(20)
    expect(message).toMatch(/\n {2}REST .*\n {2}MCP .*\n {2}mock .*\n\ncurl .*\n$/)
  })
})

describe('make dev', () => {
  afterEach(() => {
    for (const { pid } of sessions.splice(0)) killGroup(pid)
  })

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'ends everything at %s to its process group',
    async (signal) => {
      const session = await startDev()
      await awaitMessage(session)
      const started = listDescendants(session.pid)
      process.kill(-session.pid, signal)
      expect(await session.ended).toEqual([0, null])
      expect(started).toHaveLength(2)
      expect(findRunning(started)).toEqual([])
    },
  )

  it('ends everything when it is stopped before it is ready', async () => {
    const session = await startDev()
    const started = await awaitStart(session)
    session.process.kill('SIGINT')
    expect(await session.ended).toEqual([0, null])
    expect(findRunning(started)).toEqual([])
  })

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL'] as const)(
    'ends everything at %s to make alone',
    async (signal) => {
      const session = await startDev(light, ['make', '--no-print-directory', '-o', 'install', 'dev'])
      await awaitMessage(session)
      const started = listDescendants(session.pid)
      session.process.kill(signal)
      expect(await session.ended).toEqual([null, signal])
      expect(started).toHaveLength(3)
      await awaitGone(started)
    },
  )

  it('leaves nothing behind when it is killed before it is ready', async () => {
    const session = await startDev()
    const started = await awaitStart(session)
    session.process.kill('SIGKILL')
    await session.ended
    await awaitGone(started)
  })

  it('leaves nothing behind when it is killed', async () => {
    const session = await startDev()
    await awaitMessage(session)
    const started = listDescendants(session.pid)
    session.process.kill('SIGKILL')
    await session.ended
    await awaitGone(started)
  })

  it.each([0, 1])('ends everything, and says so, when part %i dies', async (part) => {
    const session = await startDev()
    await awaitMessage(session)
    const started = listDescendants(session.pid)
    process.kill(started[part] ?? 0, 'SIGKILL')
    expect(await session.ended).toEqual([1, null])
    expect(await session.errors).toMatch(
      /^make dev: the (mock|gateway) ended \(SIGKILL\); the rest is stopped\n$/,
    )
    expect(findRunning(started)).toEqual([])
  })

  it.each(['MOCK_PORT', 'REST_PORT', 'MCP_PORT', 'CONTROL_PORT'])(
    'says in one line that %s is in use',
    async (variable) => {
      const squatter = createServer().listen(0, '127.0.0.1')
      await once(squatter, 'listening')
      const port = String(Object(squatter.address()).port)
      const session = await startDev({ [variable]: port })
      expect(await session.ended).toEqual([1, null])
      squatter.close()
      expect(await session.errors).toBe(`make dev: port ${port} is in use; set ${variable} to another port\n`)
      expect(await session.output).toBe('')
    },
  )

  it('says in one line that several ports are in use', async () => {
    const squatters = [createServer(), createServer()]
    for (const one of squatters) await once(one.listen(0, '127.0.0.1'), 'listening')
    const [rest, mcp] = squatters.map((one) => String(Object(one.address()).port))
    const session = await startDev({ REST_PORT: `${rest}`, MCP_PORT: `${mcp}` })
    await session.ended
    for (const one of squatters) one.close()
    expect(await session.errors).toBe(
      `make dev: ports ${rest} and ${mcp} are in use; set REST_PORT and MCP_PORT to other ports\n`,
    )
  })

  it.each([
    [{ MOCK: 'amnesiac' }, `MOCK must be one of ${mockNames.join(', ')}`],
    [{ MOCK_PORT: '99999' }, 'MOCK_PORT must be an integer from 1 to 65535'],
    [{ REST_PORT: 'eighty' }, 'REST_PORT must be an integer from 0 to 65535'],
  ])('says in one line what is wrong with %j', async (environment, line) => {
    const session = await startDev(environment)
    expect(await session.ended).toEqual([1, null])
    expect(await session.errors).toBe(`make dev: ${line}\n`)
  })
})

describe('the startup message', () => {
  const origins = { mock: 'http://127.0.0.1:1', rest: 'http://127.0.0.1:2', mcp: 'http://127.0.0.1:3' }
  const document = readDocument()

  it('brings the secret with the call and the configuration where the gateway has none', () => {
    const message = composeStartupMessage(document, origins, false)
    expect(message).toContain(`"headers":{"x-cal-secret-key":"demo-secret"}`)
    expect(message).toContain(`curl -s -H 'x-cal-secret-key: demo-secret' http://127.0.0.1:2/v1/`)
  })

  it.each([
    [{ FORCE_COLOR: '1' }, true],
    [{ NO_COLOR: '1' }, false],
    [{}, false],
  ])('has colours with %j: %s', (environment, expected) => {
    const program = `
      import { readDocument } from './src/document/document.ts'
      import { composeStartupMessage } from './scripts/startup-message.ts'
      const document = readDocument()
      process.stdout.write(composeStartupMessage(document, ${JSON.stringify(origins)}, true))`
    const { FORCE_COLOR: _, NO_COLOR: __, ...inherited } = process.env
    const options = { cwd: root, encoding: 'utf8' as const, env: { ...inherited, ...environment } }
    const { stdout } = spawnSync(process.execPath, ['--input-type=module-typescript', '-e', program], options)
    expect(stdout).toContain('curl -s ')
    expect(stdout.includes('\u001b[')).toBe(expected)
  })
})
