/** Calls a listener at the end of the current event-loop tick. */
export type WriteBatch = (listener: () => void) => void

/**
 * Gathers the responses that become ready in one event-loop tick and writes them at its end. On loopback each write
 * wakes its receiver, which costs the sender more CPU than the write itself; a batch wakes it once. The benefit is
 * loopback's (a sidecar, a reverse proxy on the same host); between hosts it is neither measured nor expected.
 */
export function createWriteBatch(): WriteBatch {
  let listeners: (() => void)[] = []
  const flush = () => {
    const ready = listeners
    listeners = []
    for (const listener of ready) listener()
  }
  return (listener) => {
    if (listeners.push(listener) === 1) setImmediate(flush)
  }
}
