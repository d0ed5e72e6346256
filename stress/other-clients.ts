import { setTimeout as wait } from 'node:timers/promises'
import { openRandomConnections } from '../test/support/random-connections.ts'
import { startAttackUpstream } from './attack-upstream.ts'
import { type Attack, attacks } from './attacks.ts'
import { type Finding, report } from './finding.ts'
import { type GatewayProcess, main, readOne, startGatewayProcess } from './gateway-process.ts'
import { countStatuses, load, type Tally } from './load.ts'
import { createRandom } from './random.ts'

/** Calls a second of the clients that behave well, on each server. */
const rate = 25
/** Megabytes that the process may have. */
const mostMemory = 512

const message = JSON.stringify({
  ...{ jsonrpc: '2.0', id: 1, method: 'tools/call' },
  params: { name: 'get-managed-user', arguments: { clientId: 'cm9demo', userId: 4711 } },
})
const callTool = `POST /mcp HTTP/1.1\r\nHost: localhost\r\nx-cal-secret-key: demo-secret\r\nContent-Type: application/json\r\nAccept: application/json\r\nContent-Length: ${message.length}\r\n\r\n${message}`

/**
 * Attacks a gateway in every known way, one after another and all at once. Meanwhile other clients must be served,
 * afterwards every slot must be free, and memory must stay bounded.
 */
export async function attackOthers(seconds = 5, connections = 20_000): Promise<Finding[]> {
  await using upstream = await startAttackUpstream()
  await using gateway = await startGatewayProcess(upstream.url, 'silent')
  // A process that has just begun is slow for reasons of its own.
  await withstand(gateway, 'nothing', [], 2)
  const findings: Finding[] = []
  for (const attack of attacks) findings.push(await withstand(gateway, attack.name, [attack], seconds))
  findings.push(await openConnections(gateway, connections))
  const memory = watchMemory(gateway)
  findings.push(await withstand(gateway, 'all of these at once', attacks, 3 * seconds))
  findings.push(boundMemory('all of these at once: memory of the process', memory.stop()))
  return [...findings, await measureLimited(upstream.url, seconds)]
}

/** Attacks a gateway whose heap has the size that Node gives it where a container has no more than the bound. */
async function measureLimited(upstream: string, seconds: number): Promise<Finding> {
  const command = [process.execPath, `--max-heap-size=${mostMemory / 2}`, main, 'start'] as const
  await using gateway = await startGatewayProcess(upstream, 'silent', command)
  const memory = watchMemory(gateway)
  await withstand(gateway, 'all of these at once', attacks, 3 * seconds)
  return boundMemory(
    `all of these at once: memory of the process, with the heap of a container of ${mostMemory} MB`,
    memory.stop(),
  )
}

function boundMemory(what: string, bytes: number): Finding {
  const megabytes = Math.round(bytes / 1024 / 1024)
  const figure = `at most ${mostMemory} MB`
  return { what, figure, measured: `${megabytes} MB`, ok: megabytes <= mostMemory }
}

async function withstand(
  gateway: GatewayProcess,
  what: string,
  running: readonly Attack[],
  seconds: number,
): Promise<Finding> {
  const over = new AbortController()
  const attacking = Promise.all(running.map((one) => one.run(gateway, over.signal)))
  await wait(1_000)
  const ended = AbortSignal.timeout(seconds * 1_000)
  const common = { connections: 64, rate, signal: ended }
  const tallies = await Promise.all([
    load({ port: gateway.restPort, request: readOne, ...common }),
    load({ port: gateway.mcpPort, request: callTool, ...common }),
  ])
  over.abort()
  await attacking
  const slots = await countLostSlots(gateway)
  const total = sum(tallies, (one) => countStatuses(one, () => true) + one.lost + one.refused)
  const served = sum(tallies, (one) => countStatuses(one, (status) => status === 200))
  const share = served / total
  return {
    what,
    figure: 'at least 95 % of the calls of other clients served; 0 slots lost',
    measured: `${(share * 100).toFixed(1)} % of ${total} calls; ${slots} slots lost`,
    ok: share >= 0.95 && slots === 0,
    timed: true,
  }
}

async function openConnections(gateway: GatewayProcess, count: number): Promise<Finding> {
  const urls = [gateway.restPort, gateway.mcpPort].map((port) => `http://127.0.0.1:${port}`)
  await openRandomConnections(urls, count, createRandom(20))
  const slots = await countLostSlots(gateway)
  return {
    what: `${count} connections with random requests and random ends`,
    figure: '0 slots lost',
    measured: `${slots} slots lost`,
    ok: slots === 0,
  }
}

/** Returns the slots that are still taken when nobody calls any longer; what was begun has some seconds to end. */
async function countLostSlots({ controlPort }: GatewayProcess): Promise<number> {
  let slots = Number.NaN
  for (let attempts = 0; attempts < 60 && slots !== 0; attempts += 1) {
    if (attempts > 0) await wait(500)
    const response = await fetch(`http://127.0.0.1:${controlPort}/metrics`)
    slots = Number(/^calgate_requests_active (\S+)/m.exec(await response.text())?.[1])
  }
  return slots
}

/** Follows the memory of a process; the result of `stop` is the most that it had, in bytes. */
function watchMemory(gateway: GatewayProcess): { stop(): number } {
  let most = 0
  const timer = setInterval(() => {
    most = Math.max(most, gateway.readMemory())
  }, 50)
  return {
    stop() {
      clearInterval(timer)
      return most
    },
  }
}

function sum(tallies: readonly Tally[], count: (tally: Tally) => number): number {
  return tallies.reduce((total, one) => total + count(one), 0)
}

if (import.meta.main) report(await attackOthers())
