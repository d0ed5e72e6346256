/**
 * `make corpus`: loads every published document of the corpus, calls a part of its operations, and writes
 * docs/compatibility.md. With `HELD=1` it reads the documents that are held out, and only those; `CORPUS_EVERY=40` reads
 * every fortieth document, `CORPUS_CALLS` says how many operations of each are called at most.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { type CorpusDocument, listDocuments } from './documents.ts'
import { collectFigures, type DocumentResult, listMissed } from './figures.ts'
import { composePage, type Written } from './page.ts'
import { measureStart } from './start.ts'

const isHeld = process.env.HELD === '1'
const most = Number(process.env.CORPUS_CALLS ?? 20)
const every = Number(process.env.CORPUS_EVERY ?? 1)

const documents = listDocuments(isHeld).filter((_, index) => index % every === 0)
const results: DocumentResult[] = []
const waiting = documents.values()
await Promise.all(Array.from({ length: availableParallelism() }, () => measureWaiting(waiting)))

const figures = collectFigures(results, every)
console.log(JSON.stringify(figures, undefined, 2))
const file = new URL('figures.json', import.meta.url)
const earlier: Written = JSON.parse(await readFile(file, 'utf8'))
const large = documents.find(({ path }) => path === 'api/github.com/api.github.com.json')
const written: Written = {
  ...earlier,
  [isHeld ? 'held' : 'developed']: figures,
  ...(large && { start: await measureStart(large) }),
}
await writeFile(file, `${JSON.stringify(written, undefined, 2)}\n`)
await writeFile(new URL('../docs/compatibility.md', import.meta.url), composePage(written))
if (listMissed(figures).length > 0) process.exitCode = 1

/** Has a process measure documents for as long as there are some; one that ends before its time ends the run. */
async function measureWaiting(all: Iterator<CorpusDocument>): Promise<void> {
  const worker = fork(new URL('worker.ts', import.meta.url))
  const ended = once(worker, 'exit').then(() => Promise.reject(new Error('a worker has ended')))
  for (let next = all.next(); !next.done; next = all.next()) {
    worker.send({ ...next.value, most })
    const [result]: DocumentResult[] = await Promise.race([once(worker, 'message'), ended])
    if (result) report(result)
  }
  ended.catch(() => {})
  worker.kill()
}

function report(result: DocumentResult): void {
  results.push(result)
  for (const line of describe(result)) console.error(`${result.path}: ${line}`)
  if (results.length % 100 === 0) console.error(`${results.length} of ${documents.length} documents`)
}

function describe(result: DocumentResult): string[] {
  const { thrown, lost, badToolNames, badArgumentNames, unread, uncompiled, calls } = result
  const bad = [...badToolNames, ...badArgumentNames]
  return [
    ...(thrown === undefined ? [] : [thrown]),
    ...(lost > 0 ? [`${lost} operations are neither served nor named`] : []),
    ...unread,
    ...uncompiled,
    ...(bad.length > 0 ? [`${bad.length} names break their rule: ${bad[0]}`] : []),
    ...calls.wrong.map(
      ({ operation, server, reason, detail }) => `${operation} on ${server}: ${reason}: ${detail}`,
    ),
  ]
}
