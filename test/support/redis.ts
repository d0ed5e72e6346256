import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { findFreePorts } from './processes.ts'

/** A Redis that a test starts, kills and starts again. */
export interface RedisProcess extends AsyncDisposable {
  readonly url: string
  readonly port: number
  /** Kills it as a crash would (SIGKILL). */
  kill(): Promise<void>
  /** Stops it where it is (SIGSTOP): it accepts connections and never replies. */
  hang(): void
  /** Lets it go on after it hung. */
  resume(): void
  /** Starts it again with the data that it wrote down, or without any. */
  restart(options?: { readonly empty: boolean }): Promise<void>
  /** Returns everything that it wrote down. */
  dump(): Promise<string>
  /** Returns what a command line of `redis-cli` returns. */
  ask(...command: readonly string[]): Promise<string>
}

/** Starts a Redis that writes each change down before it tells of it. */
export async function startRedis(): Promise<RedisProcess> {
  const [port = 0] = await findFreePorts(1)
  const folder = mkdtempSync(join(tmpdir(), 'calgate-redis-'))
  let child: ChildProcess
  const start = async () => {
    const settings = {
      port,
      dir: folder,
      bind: '127.0.0.1',
      save: '',
      appendonly: 'yes',
      appendfsync: 'always',
    }
    const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)])
    child = spawn('redis-server', args, { stdio: 'ignore' })
    while (!(await listens(port))) await wait(10)
  }
  const kill = async () => {
    const ended = once(child, 'exit')
    if (!child.kill('SIGKILL')) return
    await ended
  }
  await start()
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    kill,
    hang: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    async restart({ empty } = { empty: false }) {
      if (empty) rmSync(join(folder, 'appendonlydir'), { recursive: true, force: true })
      await start()
    },
    async dump() {
      const files = await readdir(join(folder, 'appendonlydir'))
      const texts = files.map((name) => readFile(join(folder, 'appendonlydir', name), 'latin1'))
      return (await Promise.all(texts)).join('')
    },
    async ask(...command) {
      const cli = spawn('redis-cli', ['-p', String(port), ...command])
      return Buffer.concat(await cli.stdout.toArray()).toString('utf8')
    },
    async [Symbol.asyncDispose]() {
      await kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Listens at an address behind which a Redis stands: another one after a failover, or none while it is cut off. */
export async function openAddress({ port }: Pick<RedisProcess, 'port'>) {
  const target = { port }
  const sockets = new Set<Socket>()
  const pairs = new Map<Socket, Socket>()
  let isCut = false
  const server = createServer((client) => {
    if (isCut) return void client.destroy()
    const upstream = connect(target.port, '127.0.0.1')
    client.pipe(upstream).pipe(client)
    pairs.set(client, upstream)
    client.on('close', () => pairs.delete(client))
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(one)
      one.on('error', () => {}).on('close', () => sockets.delete(one) && other.destroy())
    }
  })
  const { promise, resolve } = Promise.withResolvers<void>()
  server.listen(0, '127.0.0.1', resolve)
  await promise
  return {
    target,
    url: `redis://127.0.0.1:${Object(server.address()).port}`,
    /** Ends all connections, and each new one. */
    cut() {
      isCut = true
      for (const socket of sockets) socket.destroy()
    },
    /** Holds replies back: what Redis is told has happened, and its client does not hear of it. */
    mute() {
      for (const [client, upstream] of pairs) upstream.unpipe(client)
    },
    /** Lets the replies through that are held back, and all later ones. */
    unmute() {
      for (const [client, upstream] of pairs) upstream.pipe(client)
    },
    /** Leads to the Redis again. */
    join() {
      isCut = false
    },
    [Symbol.asyncDispose]: async () => void server.close(),
  }
}

function listens(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connect(port, '127.0.0.1', () => resolve(true))
  socket.on('error', () => resolve(false))
  return promise.finally(() => socket.destroy())
}
