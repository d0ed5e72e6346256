import { execFileSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'

interface Process {
  readonly pid: number
  readonly parent: number
  /** `Z` for one that has ended and that nobody has asked after yet. */
  readonly state: string
}

/** Every process there is: from /proc on Linux, where `ps` may be missing, else from `ps`. */
function listProcesses(): Process[] {
  if (process.platform !== 'linux')
    return execFileSync('ps', ['-A', '-o', 'pid=,ppid=,stat='], { encoding: 'utf8' })
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .map(([pid, parent, state = '']) => ({ pid: Number(pid), parent: Number(parent), state }))
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const [, state = '', parent] = readStat(name)?.split(' ') ?? []
      return [{ pid: Number(name), parent: Number(parent), state }]
    })
}

/** What follows the command's name, which may hold anything. Gone processes have nothing to read. */
function readStat(pid: string): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 1)
  } catch {
    return undefined
  }
}

/** Ids of the processes that a process started, and of those that they started. */
export function listDescendants(pid: number): number[] {
  const all = listProcesses()
  const below = (parent: number): number[] =>
    all.filter((one) => one.parent === parent).flatMap((one) => [one.pid, ...below(one.pid)])
  return below(pid)
}

/** Those of the processes that still run. */
export function findRunning(pids: readonly number[]): number[] {
  return listProcesses()
    .filter(({ pid, state }) => pids.includes(pid) && state !== '' && !state.startsWith('Z'))
    .map(({ pid }) => pid)
}

/**
 * A number of loopback ports that were free just now. They are below those that the system gives to connections, so that
 * they stay free, and even: the port after each is given to nobody, and a second worker takes it.
 */
export async function findFreePorts(count: number): Promise<number[]> {
  const servers: Server[] = []
  while (servers.length < count) {
    const server = createServer().listen(11_000 + 2 * randomInt(10_500), '127.0.0.1')
    await once(server, 'listening').then(
      () => servers.push(server),
      () => {},
    )
  }
  const ports = servers.map((server) => Number(Object(server.address()).port))
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}
