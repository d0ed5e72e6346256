import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import manifest from '../package.json' with { type: 'json' }
import { createKey } from '../src/config/gateway-keys.ts'
import { type GatewayProcess, main, startGatewayProcess } from '../stress/gateway-process.ts'
import { findRunning, listDescendants } from './support/processes.ts'
import { startSlowUpstream, startUpstream } from './support/upstream-stub.ts'

const user = '/v1/v2/oauth-clients/cm9demo/users/4711'
const startScript = String(Object(manifest).scripts.start)
const headers = { 'x-cal-secret-key': 'demo-secret' }

it('a write under way is finished and answered after SIGTERM, and the process ends well', async () => {
  await using upstream = await startSlowUpstream()
  await using gateway = await startGatewayProcess(upstream.url, 'info')
  const answer = fetch(`http://127.0.0.1:${gateway.restPort}${user}`, { method: 'DELETE', headers })
  await upstream.arrived
  gateway.child.kill('SIGTERM')
  // The signal has been heard once nobody new is let in.
  while (await isOpen(gateway.restPort)) await setImmediate()
  upstream.release()
  expect((await answer).status).toBe(200)
  expect((await answer).headers.get('connection')).toBe('close')
  expect(await gateway.ended).toBe(0)
  // Samples of answers are looked at after they went out, so that a line on one may come last.
  const line = expect.objectContaining({ method: 'DELETE', status: 200, msg: 'request completed' })
  expect(readLines(gateway)).toContainEqual(line)
  expect(
    readLines(gateway)
      .map(({ msg }) => msg)
      .filter((one) => !isListed(String(one))),
  ).toEqual([])
})

it.each([
  ['npm start', 'SIGTERM', ['npm', 'start', '--silent']],
  ['make start', 'SIGTERM', ['make', '--silent', 'start']],
  ['the start script itself, as the first process of a container does', 'SIGTERM', ['sh', '-c', startScript]],
] as const)('%s drains on %s', async (_title, signal, [command, ...args]) => {
  await using upstream = await startSlowUpstream()
  await using gateway = await startGatewayProcess(upstream.url, 'info', [command, ...args])
  const answer = fetch(`http://127.0.0.1:${gateway.restPort}${user}`, { method: 'DELETE', headers })
  await upstream.arrived
  gateway.child.kill(signal)
  while (await isOpen(gateway.restPort)) await setImmediate()
  upstream.release()
  expect((await answer).status).toBe(200)
  await gateway.ended
})

it.each([
  ['SIGTERM', 'SIGTERM'],
  ['SIGTERM', 'SIGINT'],
  ['SIGINT', 'SIGINT'],
] as const)('after %s, %s ends the process at once, whatever is under way', async (first, second) => {
  await using upstream = await startSlowUpstream()
  await using gateway = await startGatewayProcess(upstream.url, 'info')
  const answer = fetch(`http://127.0.0.1:${gateway.restPort}${user}`, { headers }).catch(() => 'lost')
  await upstream.arrived
  expect(await isOpen(gateway.restPort)).toBe(true)
  gateway.child.kill(first)
  while (await isOpen(gateway.restPort)) await setImmediate()
  gateway.child.kill(second)
  expect(await gateway.ended).toBe(1)
  expect(await answer).toBe('lost')
  expect(readLines(gateway).at(-1)).toMatchObject({ route: '/openapi.json', msg: 'request completed' })
  upstream.release()
})

it.each<[string, (terminal: ChildProcess, pid: number) => unknown]>([
  ['SIGHUP', (_terminal, pid) => process.kill(pid, 'SIGHUP')],
  ['the end of the terminal', (terminal) => terminal.kill('SIGKILL')],
])('at a terminal the process drains on %s', async (_title, hangUp) => {
  await using upstream = await startSlowUpstream()
  // `script` gives the gateway a terminal.
  const command = [
    'script',
    '-qfec',
    `exec '${process.execPath}' '${main}' start 2>/dev/null`,
    '/dev/null',
  ] as const
  await using gateway = await startGatewayProcess(upstream.url, 'info', command)
  const [pid = 0] = listDescendants(gateway.child.pid ?? 0)
  const answer = fetch(`http://127.0.0.1:${gateway.restPort}${user}`, { method: 'DELETE', headers })
  await upstream.arrived
  hangUp(gateway.child, pid)
  while (await isOpen(gateway.restPort)) await setImmediate()
  upstream.release()
  expect((await answer).status).toBe(200)
  await expect.poll(() => findRunning([pid]), { timeout: 30_000 }).toEqual([])
})

it('SIGHUP during the start has the gateway reload, not end', async () => {
  await using upstream = await startUpstream()
  const folder = mkdtempSync(join(tmpdir(), 'calgate-start-'))
  const keysFile = join(folder, 'keys')
  // Its reader waits for a writer, and a writer for its reader.
  spawnSync('mkfifo', [keysFile])
  const ports = { REST_PORT: '0', MCP_PORT: '0', CONTROL_PORT: '0' }
  const env = { ...process.env, ...ports, CAL_COM_BASE_URL: upstream.url, GATEWAY_KEYS_FILE: keysFile }
  const child = spawn(process.execPath, [main, 'serve'], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const log: string[] = []
  child.stdout.setEncoding('utf8').on('data', (chunk) => log.push(chunk))
  try {
    const writer = await open(keysFile, 'w')
    child.kill('SIGHUP')
    const { line } = createKey('ada', ['managed-users:read'])
    writeFileSync(join(folder, 'next'), line)
    renameSync(join(folder, 'next'), keysFile)
    await writer.writeFile(line)
    await writer.close()
    await expect.poll(() => log.join(''), { timeout: 30_000 }).toContain('"reloaded"')
    const find = (text: string) => log.join('').indexOf(text)
    expect(find('"reloaded"')).toBeGreaterThan(find('Server listening at '))
  } finally {
    child.kill('SIGKILL')
    rmSync(folder, { recursive: true })
  }
})

it.each([['serve', '--stdio', '--mock'], ['mcp', '--mock'], ['mcp']])(
  '%s %s ends with its input, its mock too',
  (...args) => {
    const { status, stdout, stderr } = run(args, 'pipe')
    expect([status, stdout, stderr]).toEqual([0, '', ''])
  },
)

it('what the system refuses is told without a stack', () => {
  const full = openSync('/dev/full', 'w')
  const { status, stderr } = run(['completion', 'bash'], full)
  closeSync(full)
  expect([status, stderr]).toEqual([1, expect.stringMatching(/^calgate: stopped by ENOSPC: [^\n]*\n$/)])
})

it('a command is carried out to its end where nobody reads its messages', async () => {
  const args = ['export', 'users', '--mock', '--format', 'jsonl']
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  child.stderr.destroy()
  const [chunks, [code]] = await Promise.all([
    child.stdout.setEncoding('utf8').toArray(),
    once(child, 'close'),
  ])
  expect([code, chunks.join('').split('\n').length]).toEqual([0, 4])
})

it('each problem of a settings file is a line of its own', () => {
  const file = fileURLToPath(new URL('../openapi/openapi.json', import.meta.url))
  const { status, stderr } = run(['serve', '--config', file], 'pipe')
  expect([status, stderr]).toEqual([2, expect.stringMatching(/^(calgate: \S+:\d+: .*\n){2,}$/)])
})

it('tells of itself and of the process on the control port, and keeps a line for a second at most', async () => {
  await using upstream = await startUpstream()
  await using gateway = await startGatewayProcess(upstream.url, 'info')
  const metrics = await (await fetch(`http://127.0.0.1:${gateway.controlPort}/metrics`)).text()
  expect(metrics).toContain('process_cpu_seconds_total ')
  expect(metrics).toContain('nodejs_eventloop_lag_p99_seconds ')
  expect(metrics).toContain('calgate_requests_active 0')
  await expect.poll(() => gateway.readLog(), { timeout: 30_000 }).toContain('Server listening at ')
})

/** Runs a command whose input has ended. */
function run(args: readonly string[], output: 'pipe' | number) {
  const stdio = ['ignore' as const, output, 'pipe' as const]
  return spawnSync(process.execPath, [main, ...args], { encoding: 'utf8', stdio, timeout: 60_000 })
}

function readLines(gateway: GatewayProcess): Readonly<Record<string, unknown>>[] {
  const lines = gateway.readLog().trim().split('\n')
  return lines.map((line) => JSON.parse(line))
}

/** Tells whether the page lists a message of the log; of one that goes on in a value it has the beginning. */
function isListed(message: string): boolean {
  const page = readFileSync(new URL('../docs/observability.md', import.meta.url), 'utf8')
  const [, table = ''] = page.split('## Log messages')
  const listed = [...table.matchAll(/^\| `([^`]+)` \|/gm)].map(([, one = '']) => one)
  return listed.some((one) => (one.endsWith('…') ? message.startsWith(one.slice(0, -1)) : message === one))
}

async function isOpen(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/openapi.json`, { headers: { connection: 'close' } }).then(
    (response) => response.text().then(() => true),
    () => false,
  )
}
