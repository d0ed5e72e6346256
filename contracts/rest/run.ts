import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { readDocument } from '../../src/document/document.ts'
import collectLogs from '../../test/support/log-search.ts'
import { judge } from '../dredd/judge.ts'
import { type Answer, listAnswers, nameAnswer, problemType } from './answers.ts'
import { planProof } from './proof.ts'
import { openStage } from './stage.ts'

/** The part of `npm run contract:rest` that Dredd does: every documented answer of every operation, once. */
async function run(): Promise<number> {
  if (!existsSync(new URL('../dredd/node_modules', import.meta.url))) {
    console.error('Dredd is not installed; run: npm ci --prefix contracts/dredd')
    return 1
  }
  const document = fileURLToPath(new URL('../../openapi/openapi.json', import.meta.url))
  const answers = new Map(listAnswers(readDocument()).map((answer) => [nameAnswer(answer), answer]))
  await using stage = await openStage()
  const { verdicts, output, exitCode } = await judge({
    document,
    endpoint: `${stage.raise('mock')}/v1`,
    prepare(transaction) {
      const answer = answers.get(nameAnswer(transaction))
      if (!answer)
        throw new Error(`Dredd reads an answer that the document does not have: ${transaction.name}`)
      const [example] = answer.examples.keys()
      const { cause, prefer, code } = planProof(answer, example, transaction)
      const { upstream, ...changes } = cause
      return {
        origin: stage.raise(upstream, prefer),
        ...changes,
        spared: findSpared(answer, answers),
        bodySchema: demandCode(answer, code),
      }
    },
  })
  const passed = new Set(verdicts.filter((verdict) => verdict.passed).map(nameAnswer))
  const unproven = [...answers.keys()].filter((name) => !passed.has(name))
  const reasons = new Map(verdicts.map((verdict) => [nameAnswer(verdict), verdict.message]))
  for (const name of unproven)
    console.error(`✗ ${name}\n  ${reasons.get(name)?.replaceAll('\n', '\n  ') || 'Dredd did not try it'}`)
  if (verdicts.length === 0) console.error(output)
  console.log(
    `Dredd: ${passed.size} of ${answers.size} documented answers proven on ${countOperations(answers)} operations`,
  )
  return unproven.length === 0 && exitCode === 0 ? 0 : 1
}

/**
 * OpenAPI documents headers for a status, not for a media type: where Cal.com and the gateway both answer with
 * it, the headers are Cal.com's.
 */
function findSpared(answer: Answer, answers: ReadonlyMap<string, Answer>): readonly string[] {
  const upstream = nameAnswer({ ...answer, mediaType: 'application/json' })
  return answer.mediaType === problemType && answers.has(upstream) ? answer.headers : []
}

/** The documented schema, and the one code the request must have caused. */
function demandCode({ schema }: Answer, code: string | undefined) {
  return code === undefined
    ? schema
    : { ...schema, properties: { ...Object(schema.properties), code: { const: code } } }
}

function countOperations(answers: ReadonlyMap<string, Answer>): number {
  return new Set([...answers.values()].map(({ operationId }) => operationId)).size
}

const search = collectLogs()
process.exitCode = await run()
search()
