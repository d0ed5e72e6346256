import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseMemory } from '../bench/process-usage.ts'
import { awaitResponse } from '../scripts/ports.ts'
import { findFreePorts } from '../test/support/processes.ts'
import { collectLog } from '../test/support/run-log.ts'

/** A gateway in a process of its own, as in production. */
export interface GatewayProcess extends AsyncDisposable {
  readonly child: ChildProcess
  readonly restPort: number
  readonly mcpPort: number
  readonly controlPort: number
  /** Resolves with the exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>
  /** Returns the log so far. */
  readLog(): string
  /** Returns the resident memory in bytes; NaN without /proc. */
  readMemory(): number
}

const request = (path: string) =>
  `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nx-cal-secret-key: demo-secret\r\n\r\n`

/** Request that reads one user. */
export const readOne = request('/v1/v2/oauth-clients/cm9demo/users/4711')

/** The file that operators start the gateway by. */
export const main = fileURLToPath(new URL('../bin/calgate.js', import.meta.url))

/** Starts a gateway in front of an upstream on this machine and waits until it is ready, by the command that operators use. */
export async function startGatewayProcess(
  upstream: string,
  level = 'warn',
  [command, ...args]: readonly [string, ...string[]] = [process.execPath, main, 'start'],
): Promise<GatewayProcess> {
  const [restPort = 0, mcpPort = 0, controlPort = 0] = await findFreePorts(3)
  const ports = { REST_PORT: `${restPort}`, MCP_PORT: `${mcpPort}`, CONTROL_PORT: `${controlPort}` }
  const child = spawn(command, args, {
    env: { ...process.env, ...ports, CAL_COM_BASE_URL: upstream, LOG_LEVEL: level },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let log = ''
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    log += chunk
  })
  // Unlike `exit` it comes after the last of the log.
  const ended = once(child, 'close').then(([code, signal]) => code ?? signal)
  await awaitResponse(`http://127.0.0.1:${controlPort}/health/ready`, AbortSignal.timeout(60_000))
  return {
    child,
    restPort,
    mcpPort,
    controlPort,
    ended,
    readLog: () => log,
    readMemory: () => parseMemory(readStatus(child.pid)),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await ended
      collectLog(log)
    },
  }
}

/** Returns how many requests of one kind the process with a control port has served; 0 without a metric. */
export async function countRequests(controlPort: number): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${controlPort}/metrics`)).text()
  return Number(/^calgate_requests_total\{.*\} (\d+)$/m.exec(text)?.[1] ?? 0)
}

function readStatus(pid: number | undefined): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8')
  } catch {
    return ''
  }
}
