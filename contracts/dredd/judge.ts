import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Message, Preparation, Transaction, Verdict } from './hooks.cts'

/** What Dredd is to judge. */
export interface Trial {
  /** Path of the document; its server prefix is not read. */
  readonly document: string
  /** Where its paths begin, `http://127.0.0.1:8080/v1`. */
  readonly endpoint: string
  /** Asked before each transaction: what to send, and where. */
  readonly prepare: (transaction: Transaction) => Preparation
}

/** What came of it. */
export interface Judgement {
  readonly verdicts: readonly Verdict[]
  /** All that Dredd wrote. */
  readonly output: string
  /** Dredd's own: 0 when nothing failed. */
  readonly exitCode: number | null
}

/** Milliseconds after which a Dredd that hangs is ended. */
const patience = 120_000

const locate = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** Runs Dredd as a process of its own. Throws when a transaction could not be prepared. */
export async function judge({ document, endpoint, prepare }: Trial): Promise<Judgement> {
  const options = [`--hookfiles=${locate('hooks.cts')}`, '--no-color', '--loglevel=error', '--config=none']
  const dredd = fork(locate('node_modules/dredd/bin/dredd'), [document, endpoint, ...options], {
    execArgv: ['--no-deprecation', '--no-warnings'],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    timeout: patience,
  })
  const output: string[] = []
  let verdicts: readonly Verdict[] = []
  let failure: unknown
  for (const stream of [dredd.stdout, dredd.stderr]) stream?.on('data', (text) => output.push(String(text)))
  dredd.on('message', (message: Message) => {
    if ('verdicts' in message) verdicts = message.verdicts
    else
      try {
        dredd.send(prepare(message.prepare))
      } catch (error) {
        failure = error
        dredd.kill()
      }
  })
  const [exitCode] = await once(dredd, 'close')
  if (failure) throw failure
  return { verdicts, output: output.join(''), exitCode }
}
