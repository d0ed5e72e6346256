import { setTimeout as wait } from 'node:timers/promises'
import { tryPort } from '../src/cli/port.ts'

/** A port to listen on, and the variable that changes it. */
export interface Port {
  readonly variable: string
  readonly host: string
  readonly port: number
}

/** Returns the ports that are in use. Other errors are left to the process that opens the port. */
export async function findTaken(ports: readonly Port[]): Promise<Port[]> {
  const codes = await Promise.all(ports.map(({ host, port }) => tryPort(host, port)))
  return ports.filter((_, index) => codes[index] === 'EADDRINUSE')
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
