/**
 * `npm run contract:mutants`: spoils answers, document and behaviour in every way there is and counts what the
 * contract suite notices. Without arguments it shares the work among processes, one a core up to four.
 * `--class NAME` judges one class, `--only TEXT` the mutants whose names hold it.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startPrism } from '../../mocks/prism.ts'
import { readDocument } from '../../src/document/document.ts'
import { describeFinding, listTrials } from '../judge.ts'
import { readRequirements } from '../requirements.ts'
import { classRuns } from './class-run.ts'
import { mutantClasses, type Verdict } from './mutant.ts'
import { readSurvivors, scoreVerdicts } from './score.ts'
import { openStage } from './stage.ts'

const { values } = parseArgs({
  options: { part: { type: 'string' }, class: { type: 'string' }, only: { type: 'string' } },
})

/** One part of the work, as `INDEX/COUNT`: verdicts go to the parent process. */
async function runPart(part: string): Promise<void> {
  const [index, count] = part.split('/').map(Number)
  await using mock = await startPrism()
  const material = {
    document: readDocument(),
    requirements: readRequirements(),
    mock: mock.url,
    select: ({ name }: { name: string }, at: number) =>
      at % Number(count) === index && name.includes(values.only ?? ''),
  }
  for (const name of mutantClasses)
    if (values.class === undefined || values.class === name)
      for await (const { mutant, finding } of classRuns[name](material)) {
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
  await using stage = await openStage({ mock: mock.url, places: ['mock', 'upstream', 'rest', 'mcp'] })
  const judgeOnce = async (titles?: ReadonlySet<string>) => {
    const trials = listTrials(stage.target, readRequirements()).filter(
      ({ obstacle, title }) => obstacle === undefined && (titles?.has(title) ?? true),
    )
    const red = new Map<string, string[]>()
    for (const trial of trials) {
      const findings = await trial.run()
      if (findings.length > 0) red.set(trial.title, findings.map(describeFinding))
    }
    return red
  }
  const first = await judgeOnce()
  return first.size === 0 ? [] : [...(await judgeOnce(new Set(first.keys()))).values()].flat()
}

async function run(): Promise<number> {
  const red = await findBaseline()
  if (red.length > 0) {
    console.error(`the suite is red without a mutant:\n${red.join('\n')}`)
    return 1
  }
  const verdicts: Verdict[] = []
  const count = Math.min(availableParallelism(), 4)
  const parts = Array.from({ length: count }, async (_, index) => {
    const child = fork(fileURLToPath(import.meta.url), [`--part=${index}/${count}`, ...process.argv.slice(2)])
    child.on('message', (verdict: Verdict) => {
      verdicts.push(verdict)
      if (verdicts.length % 250 === 0) console.error(`${verdicts.length} mutants judged`)
    })
    const [code] = await once(child, 'exit')
    if (code !== 0) throw new Error(`part ${index} of the mutants ended with ${code}`)
  })
  await Promise.all(parts)
  verdicts.sort((a, b) => a.mutant.name.localeCompare(b.mutant.name))
  const whole = values.class === undefined && values.only === undefined
  const { report, problems } = scoreVerdicts(verdicts, readSurvivors())
  console.log(report)
  // A part of the mutants says nothing of the rest.
  for (const problem of whole ? problems : []) console.error(`✗ ${problem}`)
  return whole && problems.length > 0 ? 1 : 0
}

if (values.part === undefined) process.exitCode = await run()
else await runPart(values.part)
