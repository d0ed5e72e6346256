import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { text } from 'node:stream/consumers'
import { setImmediate, setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { awaitResponse } from '../../scripts/ports.ts'
import { countRequests, type GatewayProcess, startGatewayProcess } from '../../stress/gateway-process.ts'
import { type SharedState, startSharedState } from '../../stress/shared-state.ts'
import { findFreePorts, findRunning, listDescendants } from '../support/processes.ts'
import { startSlowUpstream, startUpstream } from '../support/upstream-stub.ts'

const main = fileURLToPath(new URL('../../bin/calgate.js', import.meta.url))
const workers = ['--workers', '2'] as const

it('two workers share the ports, and each serves 40 to 60 percent of the calls', async () => {
  await using shared = await startSharedState()
  await using upstream = await startUpstream()
  await using gateway = await shared.start(upstream.url, {}, workers)
  const { controlPort, restPort, child } = gateway
  const ready = (port: number) => fetch(`http://127.0.0.1:${port}/health/ready`).then(({ status }) => status)
  await expect.poll(() => ready(controlPort + 1).catch(() => 0), { timeout: 60_000 }).toBe(200)
  const url = `http://127.0.0.1:${restPort}/v1/v2/oauth-clients/cm9demo/users/7`
  const headers = { 'x-cal-secret-key': 'demo-secret', connection: 'close' }
  const call = async () => (await fetch(url, { headers })).status
  // Few at a time: of many at once the worker that happens to run gets more, which evens out only over seconds.
  for (let sent = 0; sent < 400; sent += 4)
    expect(new Set(await Promise.all(Array.from({ length: 4 }, call)))).toEqual(new Set([200]))
  const counts = await Promise.all([controlPort, controlPort + 1].map(countRequests))
  expect(counts.reduce((sum, one) => sum + one)).toBe(400)
  for (const count of counts) expect(count).toBeGreaterThanOrEqual(160)

  const running = listDescendants(child.pid ?? 0)
  expect(running).toHaveLength(2)
  process.kill(running[0] ?? 0, 'SIGKILL')
  const replaced = () => listDescendants(child.pid ?? 0).filter((pid) => !running.includes(pid)).length
  await expect.poll(async () => replaced(), { timeout: 60_000 }).toBe(1)
  await expect.poll(() => ready(controlPort).catch(() => 0), { timeout: 60_000 }).toBe(200)
  child.kill('SIGTERM')
  expect(await gateway.ended).toBe(0)
})

it('a call under way is finished when the terminal of the workers closes', async () => {
  await using shared = await startSharedState()
  await using upstream = await startSlowUpstream()
  const set = Object.entries(shared.environment).map(([name, value]) => `${name}=${value}`)
  // `script` gives the processes a terminal.
  const start = `exec '${process.execPath}' '${main}' serve ${workers.join(' ')} 2>/dev/null`
  const command = ['env', ...set, 'script', '-qfec', start, '/dev/null'] as const
  await using gateway = await startGatewayProcess(upstream.url, 'info', command)
  await awaitResponse(`http://127.0.0.1:${gateway.controlPort + 1}/health/ready`, AbortSignal.timeout(60_000))
  const url = `http://127.0.0.1:${gateway.restPort}/v1/v2/oauth-clients/cm9demo/users/7`
  const headers = { 'x-cal-secret-key': 'demo-secret' }
  const response = fetch(url, { method: 'DELETE', headers })
  await upstream.arrived
  const pids = listDescendants(gateway.child.pid ?? 0)
  expect(pids).toHaveLength(3)
  // A shell tells all processes of its job that the terminal closes.
  for (const pid of pids) process.kill(pid, 'SIGHUP')
  await expect.poll(() => findRunning(pids).length, { timeout: 30_000 }).toBe(2)
  upstream.release()
  expect((await response).status).toBe(200)
  expect(await gateway.ended).toBe(0)
})

it.each(['SIGTERM', 'SIGINT'] as const)(
  'calls under way are finished when %s goes to all processes at once',
  async (signal) => {
    await using shared = await startSharedState()
    await using upstream = await startSlowUpstream()
    await using gateway = await startWorkers(shared, upstream.url)
    const answers = Array.from({ length: 4 }, () => send(gateway, 'DELETE').catch(() => 'lost'))
    await expect.poll(() => upstream.requests.length).toBe(4)
    const pids = [gateway.child.pid ?? 0, ...listDescendants(gateway.child.pid ?? 0)]
    expect(pids).toHaveLength(3)
    for (const pid of pids) process.kill(pid, signal)
    while (await isOpen(gateway.restPort)) await setImmediate()
    upstream.release()
    expect(await Promise.all(answers)).toEqual([200, 200, 200, 200])
    expect(await gateway.ended).toBe(0)
    expect(gateway.readLog().match(/"method":"DELETE".*"status":200.*"request completed"/g)).toHaveLength(4)
  },
)

it('a second signal to the process of the workers ends all at once', async () => {
  await using shared = await startSharedState()
  await using upstream = await startSlowUpstream()
  await using gateway = await startWorkers(shared, upstream.url)
  const answer = send(gateway, 'DELETE').catch(() => 'lost')
  await upstream.arrived
  const pids = listDescendants(gateway.child.pid ?? 0)
  gateway.child.kill('SIGTERM')
  while (await isOpen(gateway.restPort)) await setImmediate()
  gateway.child.kill('SIGTERM')
  expect(await gateway.ended).toBe(1)
  await expect.poll(() => findRunning(pids), { timeout: 30_000 }).toEqual([])
  expect(await answer).toBe('lost')
  upstream.release()
})

it('SIGHUP to all processes has each worker reload once, and is no end during the start', async () => {
  await using shared = await startSharedState()
  await using upstream = await startUpstream()
  await using gateway = await startWorkers(shared, upstream.url)
  const { child, controlPort } = gateway
  const running = listDescendants(child.pid ?? 0)
  for (const pid of [child.pid ?? 0, ...running]) process.kill(pid, 'SIGHUP')
  const countReloads = () => gateway.readLog().match(/"reloaded"/g)?.length
  await expect.poll(countReloads, { timeout: 30_000 }).toBe(2)
  // A second reload of a worker would follow the first at once; each is over before its worker has answered.
  for (const port of [controlPort, controlPort + 1]) await countRequests(port)
  await wait(1_500)
  expect(countReloads()).toBe(2)

  process.kill(running[0] ?? 0, 'SIGKILL')
  const findNew = () => listDescendants(child.pid ?? 0).find((pid) => !running.includes(pid))
  await expect.poll(findNew, { timeout: 30_000, interval: 5 }).toBeDefined()
  const started = findNew()
  const hangUp = setInterval(() => child.kill('SIGHUP'), 5)
  await awaitResponse(`http://127.0.0.1:${controlPort}/health/ready`, AbortSignal.timeout(60_000))
  clearInterval(hangUp)
  expect(findNew()).toBe(started)
})

it('a worker that cannot open its control port ends all, and says so once', async () => {
  await using shared = await startSharedState()
  const [port = 0] = await findFreePorts(1)
  await using taken = createServer().listen(port + 1, '127.0.0.1')
  await once(taken, 'listening')
  const ports = { REST_PORT: '0', MCP_PORT: '0', CONTROL_PORT: String(port) }
  const env = { ...process.env, ...shared.environment, ...ports }
  const child = spawn(process.execPath, [main, 'serve', ...workers], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const stderr = text(child.stderr)
  try {
    const [code] = await once(child, 'exit', { signal: AbortSignal.timeout(60_000) })
    expect([code, await stderr]).toEqual([
      1,
      `calgate: port ${port + 1} is in use; set CONTROL_PORT to another port\n`,
    ])
  } finally {
    child.kill()
  }
})

it('without shared state there is only one process', async () => {
  const { status, stderr } = spawnSync(process.execPath, [main, 'serve', ...workers], { encoding: 'utf8' })
  expect(status).toBe(2)
  expect(stderr).toContain('calgate: --workers needs REDIS_URL')
})

/** Starts two workers that log each request, and waits until both are ready. */
async function startWorkers(shared: SharedState, url: string): Promise<GatewayProcess> {
  const set = Object.entries(shared.environment).map(([name, value]) => `${name}=${value}`)
  const command = ['env', ...set, process.execPath, main, 'serve', ...workers] as const
  const gateway = await startGatewayProcess(url, 'info', command)
  await awaitResponse(`http://127.0.0.1:${gateway.controlPort + 1}/health/ready`, AbortSignal.timeout(60_000))
  return gateway
}

/** Sends a call on a connection of its own, and returns the status. */
async function send({ restPort }: GatewayProcess, method: string): Promise<number> {
  const url = `http://127.0.0.1:${restPort}/v1/v2/oauth-clients/cm9demo/users/7`
  const headers = { 'x-cal-secret-key': 'demo-secret', connection: 'close' }
  const response = await fetch(url, { method, headers })
  await response.arrayBuffer()
  return response.status
}

/** Returns whether a new connection is served; one that a worker gets while it ends may wait for the end. */
async function isOpen(port: number): Promise<boolean> {
  const signal = AbortSignal.timeout(1_000)
  return fetch(`http://127.0.0.1:${port}/openapi.json`, { headers: { connection: 'close' }, signal }).then(
    (response) => response.text().then(() => true),
    () => false,
  )
}
