import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Message, Preparation, Transaction, TransactionResult } from './hooks.cts'

/** What Dredd is to run. */
export interface DreddRun {
  /** Path of the document; its server prefix is not read. */
  readonly document: string
  /** Where its paths begin, `http://127.0.0.1:8080/v1`. */
  readonly endpoint: string
  /** Asked before each transaction: what to send, and where. */
  readonly prepare: (transaction: Transaction) => Preparation
}

/** What came of it. */
export interface DreddReport {
  readonly results: readonly TransactionResult[]
  /** All that Dredd wrote. */
  readonly output: string
  /** Dredd's own: 0 when nothing failed. */
  readonly exitCode: number | null
}

/** Milliseconds after which a Dredd that hangs is ended. */
const timeout = 600_000

const locate = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** Runs Dredd as a process of its own. Throws when a transaction could not be prepared. */
export async function runDredd({ document, endpoint, prepare }: DreddRun): Promise<DreddReport> {
  const options = [`--hookfiles=${locate('hooks.cts')}`, '--no-color', '--loglevel=error', '--config=none']
  const dredd = fork(locate('node_modules/dredd/bin/dredd'), [document, endpoint, ...options], {
    execArgv: ['--no-deprecation', '--no-warnings'],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    timeout,
  })
  const output: string[] = []
  let results: readonly TransactionResult[] = []
  let failure: unknown
  for (const stream of [dredd.stdout, dredd.stderr])
    stream?.on('data', (text: unknown) => output.push(String(text)))
  dredd.on('message', (message: Message) => {
    if ('results' in message) results = message.results
    else
      try {
        dredd.send(prepare(message.prepare))
      } catch (error) {
        failure = error
        dredd.kill()
      }
  })
  const [exitCode]: unknown[] = await once(dredd, 'close')
  if (failure) throw failure
  return { results, output: output.join(''), exitCode: typeof exitCode === 'number' ? exitCode : null }
}
