import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** A process that ends with this one. */
export interface Child {
  /** Resolves when the process has ended: `exit code 1`, `SIGKILL`. Never rejects. */
  readonly ended: Promise<string>
  /** Sends SIGINT, and SIGKILL when called again. Does nothing after the process has ended. */
  stop(): void
}

/** Milliseconds between SIGINT and SIGKILL. */
const killDelay = 10_000

const exitWithParent = new URL(`./exit-with-parent.ts?parent=${process.pid}`, import.meta.url).href

/**
 * Starts a TypeScript program with the Node of this process, and passes its output on unless `output` ignores standard
 * output. The child has a process group of its own: Ctrl-C reaches this process alone, which ends each child once.
 */
export function startChild(
  entry: URL,
  environment: NodeJS.ProcessEnv,
  output: 'inherit' | 'ignore' = 'inherit',
  args: readonly string[] = [],
): Child {
  const child = spawn(process.execPath, ['--import', exitWithParent, fileURLToPath(entry), ...args], {
    detached: true,
    stdio: ['ignore', output, 'inherit'],
    env: environment,
  })
  let asked = false
  return {
    ended: awaitEnd(child),
    stop() {
      if (!asked) setTimeout(() => child.kill('SIGKILL'), killDelay).unref()
      // At SIGTERM the gateway waits for clients to move to another replica; here there is none.
      child.kill(asked ? 'SIGKILL' : 'SIGINT')
      asked = true
    },
  }
}

function awaitEnd(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`))
    child.once('error', (error) => resolve(error.message))
  })
}
