/**
 * `make corpus`: loads every published document of the corpus and says what is served of it. With `HELD=1` it reads the
 * documents that are held out, and only those.
 */
import { readFile } from 'node:fs/promises'
import { listDocuments } from './documents.ts'
import { type Measurement, measure } from './measure.ts'

const isHeld = process.env.HELD === '1'
const measurements: [string, Measurement][] = []
for (const { path, file } of listDocuments(isHeld)) {
  const measurement = await measure(path, await readFile(file, 'utf8'))
  measurements.push([path, measurement])
  const { thrown, lost, badNames, unread, uncompiled } = measurement
  if (thrown !== undefined) console.error(`${path}: ${thrown}`)
  if (lost > 0) console.error(`${path}: ${lost} operations are neither served nor named`)
  for (const reason of [...unread, ...uncompiled]) console.error(`${path}: ${reason}`)
  if (badNames.length > 0) console.error(`${path}: ${badNames.length} names break their rule: ${badNames[0]}`)
}

const all = measurements.map(([, one]) => one)
const sum = (count: (one: Measurement) => number) => all.reduce((total, one) => total + count(one), 0)
const figures = {
  documents: all.length,
  'documents that throw': sum(({ thrown }) => (thrown === undefined ? 0 : 1)),
  operations: sum(({ operations }) => operations),
  served: sum(({ served }) => served),
  'neither served nor named': sum(({ lost }) => lost),
  'read by the gateway, but refused': sum(({ unread }) => unread.length),
  'input schemas compiled': sum(({ compiled }) => compiled),
  'input schemas that do not compile': sum(({ uncompiled }) => uncompiled.length),
  'names that break their rule': sum(({ badNames }) => badNames.length),
}
for (const [name, value] of Object.entries(figures)) console.log(`${String(value).padStart(8)} ${name}`)

const classes = new Map<string, number>()
for (const name of all.flatMap((one) => one.classes)) classes.set(name, (classes.get(name) ?? 0) + 1)
console.log('\nProblems by class:')
for (const [name, count] of [...classes].sort(([, a], [, b]) => b - a).slice(0, 30))
  console.log(`${String(count).padStart(8)} ${name}`)

const slowest = measurements.toSorted(([, a], [, b]) => b.duration - a.duration).slice(0, 5)
console.log('\nSlowest:')
for (const [path, { duration }] of slowest)
  console.log(`${String(Math.round(duration)).padStart(5)} ms ${path}`)

const missed = [
  'documents that throw',
  'neither served nor named',
  'read by the gateway, but refused',
  'input schemas that do not compile',
  'names that break their rule',
] as const
if (missed.some((name) => figures[name] > 0)) process.exitCode = 1
