/** Measures the documents that corpus/main.ts names, one after the other, and sends back what they came to. */
import { readFile } from 'node:fs/promises'
import { type CallReport, measureCalls, Recorder } from './calls.ts'
import type { Task } from './documents.ts'
import type { DocumentResult } from './figures.ts'
import { measure } from './measure.ts'

const recorder = new Recorder()
const origin = await recorder.start()

process.on('message', (task: Task) => {
  void measureDocument(task).then((result) => process.send?.(result))
})

async function measureDocument({ path, file, most }: Task): Promise<DocumentResult> {
  const text = await readFile(file, 'utf8')
  const { document, ...measurement } = await measure(path, text)
  const nothing = { called: 0, wrong: [], uncalled: [] }
  const calls = document && measureCalls(path, text, document, { recorder, origin, most }).catch(toWrong)
  return { path, ...measurement, calls: (await calls) ?? nothing }
}

/** A document whose calls end the measurement is wrong as a whole, and the others are measured. */
function toWrong(error: unknown): CallReport {
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error)
  const reason = 'the measurement failed'
  return { called: 1, wrong: [{ operation: 'all', server: 'REST', reason, detail }], uncalled: [] }
}
