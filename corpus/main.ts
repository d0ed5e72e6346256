/**
 * `make corpus`: loads every published document of the corpus, calls a part of its operations, and writes
 * docs/compatibility.md. With `HELD=1` it reads the documents that are held out, and only those; `CORPUS_EVERY=40` reads
 * every fortieth document, `CORPUS_CALLS` says how many operations of each are called at most.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { measureCalls, Recorder } from './calls.ts'
import { listDocuments } from './documents.ts'
import { collectFigures, type DocumentResult, listMissed } from './figures.ts'
import { measure } from './measure.ts'
import { composePage, type Written } from './page.ts'
import { measureStart } from './start.ts'

const isHeld = process.env.HELD === '1'
const most = Number(process.env.CORPUS_CALLS ?? 20)
const every = Number(process.env.CORPUS_EVERY ?? 1)

const documents = listDocuments(isHeld).filter((_, index) => index % every === 0)
const recorder = new Recorder()
const origin = await recorder.start()
const results: DocumentResult[] = []
for (const [index, { path, file }] of documents.entries()) {
  const text = await readFile(file, 'utf8')
  const { document, ...measurement } = await measure(path, text)
  const calls = document
    ? await measureCalls(path, text, document, { recorder, origin, most })
    : { called: 0, wrong: [], uncalled: [] }
  const result = { path, ...measurement, calls }
  results.push(result)
  for (const line of describe(result)) console.error(`${path}: ${line}`)
  if (index % 100 === 99) console.error(`${index + 1} of ${documents.length} documents`)
}
recorder.close()

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
