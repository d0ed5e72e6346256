/**
 * `npm run contract:mutants`: spoils responses, document, behaviour and meaning, counts what the contract suite
 * notices, and writes the score of each class into docs/contract.md. Without arguments it shares the work among processes, one a core up to four.
 * `--class NAME` tests a class, and may stand more than once; `--only TEXT` the mutants whose names hold it.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { parse, stringify } from 'yaml'
import { startPrism } from '../../mocks/prism.ts'
import { readDocument } from '../../src/document/document.ts'
import { asRecord } from '../../src/document/json.ts'
import { renderMatrix } from '../reports/matrix.ts'
import { readRequirements } from '../requirements.ts'
import { describeFinding, listTestCases } from '../test-cases.ts'
import { runClass } from './class-run.ts'
import { type Mutant, type MutantResult, mutantClasses } from './mutant.ts'
import { type ClassScore, scoreResults } from './score.ts'
import { openTestEnvironment } from './test-environment.ts'

const { values } = parseArgs({
  options: {
    part: { type: 'string' },
    class: { type: 'string', multiple: true },
    only: { type: 'string' },
  },
})

/** One part of the work, as `INDEX/COUNT`: results go to the parent process. */
async function runPart(part: string): Promise<void> {
  const [index, count] = part.split('/').map(Number)
  await using mock = await startPrism()
  const material = {
    document: readDocument(),
    requirements: readRequirements(),
    mock: mock.url,
    select: ({ name }: Mutant, at: number) =>
      at % Number(count) === index && name.includes(values.only ?? ''),
  }
  for (const name of mutantClasses)
    if (values.class?.includes(name) ?? true)
      for await (const { mutant, finding } of runClass(name, material)) {
        const { name, class: group, operations, allowed } = mutant
        process.send?.({ mutant: { name, class: group, operations, allowed }, finding })
      }
}

/**
 * Nothing can be said of mutants while the suite is red without any. What is red once only was a machine that had
 * other things to do.
 */
async function findBaseline(): Promise<string[]> {
  await using mock = await startPrism()
  await using environment = await openTestEnvironment({
    mock: mock.url,
    places: ['mock', 'upstream', 'rest', 'mcp'],
  })
  const testOnce = async (titles?: ReadonlySet<string>) => {
    const testCases = listTestCases(environment.target, readRequirements()).filter(
      ({ obstacle, title }) => obstacle === undefined && (titles?.has(title) ?? true),
    )
    const red = new Map<string, string[]>()
    for (const testCase of testCases) {
      const findings = await testCase.run()
      if (findings.length > 0) red.set(testCase.title, findings.map(describeFinding))
    }
    return red
  }
  const first = await testOnce()
  return first.size === 0 ? [] : [...(await testOnce(new Set(first.keys()))).values()].flat()
}

async function run(): Promise<number> {
  const red = await findBaseline()
  if (red.length > 0) {
    console.error(`the suite is red without a mutant:\n${red.join('\n')}`)
    return 1
  }
  const results: MutantResult[] = []
  const count = Math.min(availableParallelism(), 4)
  const parts = Array.from({ length: count }, async (_, index) => {
    const child = fork(fileURLToPath(import.meta.url), [`--part=${index}/${count}`, ...process.argv.slice(2)])
    child.on('message', (result: MutantResult) => {
      results.push(result)
      if (results.length % 250 === 0) console.error(`${results.length} mutants tested`)
    })
    const [code]: unknown[] = await once(child, 'exit')
    if (code !== 0) throw new Error(`part ${index} of the mutants ended with ${code}`)
  })
  await Promise.all(parts)
  results.sort((a, b) => a.mutant.name.localeCompare(b.mutant.name))
  const whole = values.class === undefined && values.only === undefined
  const { report, problems, classes } = scoreResults(results)
  console.log(report)
  if (values.only === undefined) writeScores(classes)
  // A part of the mutants says nothing of the rest.
  for (const problem of whole ? problems : []) console.error(`✗ ${problem}`)
  return whole && problems.length > 0 ? 1 : 0
}

/** Writes the scores of the classes that were tested, and the page that shows them. */
function writeScores(classes: Readonly<Record<string, ClassScore>>): void {
  const file = fileURLToPath(new URL('scores.yaml', import.meta.url))
  const known: Readonly<Record<string, unknown>> = asRecord(parse(readFileSync(file, 'utf8')))
  const scores = mutantClasses.map((name) => [name, classes[name]?.mutants ? classes[name] : known[name]])
  const head = '# Written by `make contract-mutants`: what the suite reports of the defects of each class.\n'
  writeFileSync(file, head + stringify(Object.fromEntries(scores.filter(([, score]) => score !== undefined))))
  writeFileSync(
    fileURLToPath(new URL('../../docs/contract.md', import.meta.url)),
    renderMatrix(readRequirements()),
  )
}

if (values.part === undefined) process.exitCode = await run()
else await runPart(values.part)
