import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { findFreePorts } from '../test/support/processes.ts'
import type { Contender } from './contenders.ts'
import { subjectCpu } from './cpus.ts'
import { startNginx } from './nginx.ts'

/** A running contender, on a CPU of its own. */
export interface Subject extends AsyncDisposable {
  readonly contender: Contender
  readonly pid: number
  /** Of the REST server, or of the only server. */
  readonly port: number
  /** Of the MCP server. */
  readonly mcpPort: number
  /** Resolves when it has ended. */
  readonly ended: Promise<unknown>
}

/** Folder and upstream of a run. */
export interface Environment {
  /** For configuration and logs. */
  readonly folder: string
  /** URL of the upstream. */
  readonly upstream: string
}

/** Starts a contender and waits until its ports take connections. */
export async function startSubject(
  contender: Contender,
  { folder, upstream }: Environment,
): Promise<Subject> {
  const [port = 0, mcpPort = 0, controlPort = 0] = await findFreePorts(3)
  if (contender.program === 'nginx') {
    const nginx = startNginx(join(folder, 'proxy'), subjectCpu, configureProxy(port, upstream))
    await awaitPort(port)
    return { ...nginx, contender, port, mcpPort: port }
  }
  const { program, command } = contender
  const isGateway = command !== undefined
  const ports = { REST_PORT: `${port}`, MCP_PORT: `${mcpPort}`, CONTROL_PORT: `${controlPort}` }
  const own = isGateway
    ? { ...ports, CAL_COM_BASE_URL: upstream }
    : { PORT: `${port}`, HOST: '127.0.0.1', UPSTREAM: upstream }
  const log = openSync(join(folder, `${port}.log`), 'w')
  const given = isGateway ? [command, ...(contender.arguments ?? [])] : []
  const node = [process.execPath, ...(contender.options ?? []), program, ...given]
  const child = spawn('taskset', ['-c', String(subjectCpu), ...node], {
    env: { ...process.env, NODE_ENV: 'production', ...own, ...contender.env },
    stdio: ['ignore', log, 'inherit'],
  })
  const subject = toSubject(child, contender, port, isGateway ? mcpPort : port)
  await Promise.race([
    Promise.all([awaitPort(port), awaitPort(subject.mcpPort)]),
    once(child, 'exit').then(() => Promise.reject(new Error(`${contender.name} ended before it listened`))),
  ])
  return subject
}

function toSubject(child: ChildProcess, contender: Contender, port: number, mcpPort: number): Subject {
  const ended = once(child, 'exit')
  return {
    contender,
    pid: child.pid ?? 0,
    port,
    mcpPort,
    ended,
    async [Symbol.asyncDispose]() {
      // SIGINT lets Node write its compile cache; SIGKILL ends a process that does not exit.
      child.kill('SIGINT')
      const late = setTimeout(() => child.kill('SIGKILL'), 3_000)
      await ended
      clearTimeout(late)
    },
  }
}

function configureProxy(port: number, upstream: string): string {
  return `
  upstream stub { server ${new URL(upstream).host}; keepalive 256; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port} backlog=2048;
    location / {
      proxy_pass http://stub;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffers 16 64k;
      proxy_buffer_size 64k;
    }
  }`
}

/** Waits until a port accepts connections. Tries every millisecond, because start times depend on it. */
export async function awaitPort(port: number): Promise<void> {
  const end = performance.now() + 30_000
  while (performance.now() < end) {
    const socket = createConnection(port, '127.0.0.1')
    const listens = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    if (listens) return
    await wait(1)
  }
  throw new Error(`port ${port} accepts no connection after 30 seconds`)
}
