import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { type CommandContext, CommandError } from './command.ts'

/** The variable by which a worker knows its number, from 0. */
const workerVariable = 'CALGATE_WORKER'

/** Returns the number of this worker, from 0; undefined in a process that is none. */
export function readWorkerNumber(environment: CommandContext['environment']): number | undefined {
  return cluster.isWorker ? Number(environment[workerVariable]) : undefined
}

const readyMessage = 'ready'
const reloadMessage = 'reload'

/**
 * Creates the context of a worker. Signals may reach it twice, where they are sent to all processes: it ends by the first,
 * and reloads by what the process of the workers tells it.
 */
export function createWorkerContext(context: CommandContext): CommandContext {
  return {
    ...context,
    onStop: (close) => context.onStop(close, true),
    onReload(reload) {
      context.onReload(() => {})
      cluster.worker?.on('message', (message: unknown) => {
        if (message === reloadMessage) reload()
      })
    },
  }
}

/** Tells the process of the workers that all ports of this one are open. */
export function announceReady(): void {
  cluster.worker?.send(readyMessage)
}

/** Milliseconds before a worker that has ended is replaced. */
const pause = 1_000

/**
 * Runs this command in so many processes, which share the ports of both servers (node:cluster hands out connections in
 * turn). Passes on requests to reload and to end. A worker that ends is replaced; one that ends without ever having been
 * ready has said why, and ends all. Throws a `CommandError` for a number that is none.
 */
export function runWorkers(count: string, { onStop, onReload, setExitCode }: CommandContext): void {
  if (!/^([2-9]|[1-9]\d)$/.test(count)) throw new CommandError('--workers takes a number from 2 to 99')
  const workers = new Map<number, Worker>()
  /** Numbers of those that have been ready: what fails then may pass. */
  const proven = new Set<number>()
  let isEnding = false
  const start = (number: number) => {
    const worker = cluster.fork({ [workerVariable]: String(number) })
    workers.set(number, worker)
    worker.on('message', (message: unknown) => {
      if (message === readyMessage) proven.add(number)
    })
    worker.on('exit', async (code) => {
      workers.delete(number)
      if (isEnding) return
      if (!proven.has(number)) {
        setExitCode(code || 1)
        isEnding = true
        for (const other of workers.values()) other.process.kill('SIGINT')
        return
      }
      await wait(pause)
      if (!isEnding) start(number)
    })
  }
  for (let number = 0; number < Number(count); number += 1) start(number)
  onReload(() => {
    for (const worker of workers.values()) if (worker.isConnected()) worker.send(reloadMessage)
  })
  onStop(async (grace) => {
    isEnding = true
    const ends = [...workers.values()].map((worker) => once(worker, 'exit'))
    for (const worker of workers.values()) worker.process.kill(grace === 0 ? 'SIGINT' : 'SIGTERM')
    await Promise.all(ends)
  })
}
