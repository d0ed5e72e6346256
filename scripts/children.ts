import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** A process that this one started and must not leave behind. */
export interface Child {
  /** Fulfils once the process is gone, with how it went: `exit code 1`, `SIGKILL`. Never rejects. */
  readonly ended: Promise<string>
  /** Asks it to end; repeated, forces it. Does nothing when it is gone. */
  stop(): void
}

/** How long a process may take to end, in milliseconds, before it is forced to. */
const patience = 10_000

const leash = new URL(`./leash.ts?starter=${process.pid}`, import.meta.url).href

/**
 * Starts a TypeScript program under the running Node. What it writes goes where this process writes, but for
 * standard output that is to be ignored. It gets a process group of its own, so that Ctrl-C reaches this process
 * alone, and each child is asked to end exactly once.
 */
export function startChild(
  entry: URL,
  environment: NodeJS.ProcessEnv,
  output: 'inherit' | 'ignore' = 'inherit',
): Child {
  const child = spawn(process.execPath, ['--import', leash, fileURLToPath(entry)], {
    detached: true,
    stdio: ['ignore', output, 'inherit'],
    env: environment,
  })
  let asked = false
  return {
    ended: awaitEnd(child),
    stop() {
      if (!asked) setTimeout(() => child.kill('SIGKILL'), patience).unref()
      // At SIGTERM the gateway would give its callers time; here nobody has other places to go.
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
