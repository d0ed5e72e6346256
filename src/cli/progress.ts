import type { Writable } from 'node:stream'
import { isTerminal } from './terminal.ts'

/** Milliseconds until a command says that it works, and between two such lines. */
const pause = 1_000

/**
 * Says on a terminal, once a second, for how long a command has been working, from its first second on. Returns what
 * ends that and takes the line away. Writes nothing to what is no terminal.
 */
export function showProgress(stderr: Writable, name: string): () => void {
  if (!isTerminal(stderr)) return () => {}
  const began = performance.now()
  let isShown = false
  const timer = setInterval(() => {
    isShown = true
    const seconds = Math.round((performance.now() - began) / 1_000)
    stderr.write(`\r${name}: working for ${seconds} s`)
  }, pause)
  timer.unref()
  return () => {
    clearInterval(timer)
    if (isShown) stderr.write('\r\u001b[K')
    isShown = false
  }
}
