import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'

/** A port that is about to be opened, and the variable that moves it. */
export interface Port {
  readonly variable: string
  readonly host: string
  readonly port: number
}

/** Gives those of the ports that something else has already opened. */
export async function findTaken(ports: readonly Port[]): Promise<Port[]> {
  const taken = await Promise.all(ports.map(isTaken))
  return ports.filter((_, index) => taken[index])
}

/** Any other reason not to open it is left to the process that will, which knows it better. */
async function isTaken({ host, port }: Port): Promise<boolean> {
  const server = createServer().listen(port, host)
  const code = await once(server, 'listening').then(
    () => undefined,
    (error) => error.code,
  )
  await new Promise((resolve) => server.close(resolve))
  return code === 'EADDRINUSE'
}

/** Waits until the URL answers, with whatever status. Rejects when the signal aborts first. */
export async function awaitAnswer(url: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    const answer = await fetch(url, { signal }).catch(() => undefined)
    await answer?.body?.cancel()
    if (answer) return
    await wait(50, undefined, { signal })
  }
}
