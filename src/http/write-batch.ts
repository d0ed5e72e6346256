/** Calls back once the turn of the event loop that runs has read all that had arrived. */
export type Turn = (listener: () => void) => void

/**
 * Gathers what becomes ready in one turn of the event loop, and lets it go at its end. Answers that are written one by
 * one wake their callers one by one, which costs the sender more than writing them does; together they wake them once.
 */
export function createWriteBatch(): Turn {
  let listeners: (() => void)[] = []
  const end = () => {
    const ready = listeners
    listeners = []
    for (const listener of ready) listener()
  }
  return (listener) => {
    if (listeners.push(listener) === 1) setImmediate(end)
  }
}
