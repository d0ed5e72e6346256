import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'

/** A port to listen on, and the variable that changes it. */
export interface Port {
  readonly variable: string
  readonly host: string
  readonly port: number
}

/** Returns the ports that are in use. */
export async function findTaken(ports: readonly Port[]): Promise<Port[]> {
  const taken = await Promise.all(ports.map(isTaken))
  return ports.filter((_, index) => taken[index])
}

/** Other errors are left to the process that opens the port. */
async function isTaken({ host, port }: Port): Promise<boolean> {
  const server = createServer().listen(port, host)
  const code = await once(server, 'listening').then(
    () => undefined,
    (error) => error.code,
  )
  await new Promise((resolve) => server.close(resolve))
  return code === 'EADDRINUSE'
}

/** Waits until the URL responds, with any status. Rejects when the signal aborts first. */
export async function awaitResponse(url: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    const response = await fetch(url, { signal }).catch(() => undefined)
    await response?.body?.cancel()
    if (response) return
    await wait(50, undefined, { signal })
  }
}
