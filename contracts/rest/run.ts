import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { readDocument } from '../../src/document/document.ts'
import { asRecord } from '../../src/document/json.ts'
import collectLogs from '../../test/support/log-search.ts'
import { runDredd } from '../dredd/dredd-runner.ts'
import {
  type DocumentedResponse,
  listDocumentedResponses,
  nameResponse,
  problemType,
} from './documented-responses.ts'
import { planResponse } from './response-plan.ts'
import { openTestEnvironment } from './test-environment.ts'

/** Runs the part of `npm run contract:rest` that Dredd does: every documented response of every operation, once. */
async function run(): Promise<number> {
  if (!existsSync(new URL('../dredd/node_modules', import.meta.url))) {
    console.error('Dredd is not installed; run: npm ci --prefix contracts/dredd')
    return 1
  }
  const document = fileURLToPath(new URL('../../openapi/openapi.json', import.meta.url))
  const responses = new Map(
    listDocumentedResponses(readDocument()).map((response) => [nameResponse(response), response]),
  )
  await using environment = await openTestEnvironment()
  const { results, output, exitCode } = await runDredd({
    document,
    endpoint: `${environment.raise('mock')}/v1`,
    prepare(transaction) {
      const response = responses.get(nameResponse(transaction))
      if (!response)
        throw new Error(`Dredd reads a response that the document does not have: ${transaction.name}`)
      const [example] = response.examples.keys()
      const { cause, prefer, code } = planResponse(response, example, transaction)
      const { upstream, ...changes } = cause
      return {
        origin: environment.raise(upstream, prefer),
        ...changes,
        spared: findSpared(response, responses),
        bodySchema: demandCode(response, code),
      }
    },
  })
  const passed = new Set(results.filter((result) => result.passed).map(nameResponse))
  const unproven = [...responses.keys()].filter((name) => !passed.has(name))
  const reasons = new Map(results.map((result) => [nameResponse(result), result.message]))
  for (const name of unproven)
    console.error(`✗ ${name}\n  ${reasons.get(name)?.replaceAll('\n', '\n  ') || 'Dredd did not try it'}`)
  if (results.length === 0) console.error(output)
  console.log(
    `Dredd: ${passed.size} of ${responses.size} documented responses met on ${countOperations(responses)} operations`,
  )
  return unproven.length === 0 && exitCode === 0 ? 0 : 1
}

/**
 * OpenAPI documents headers for a status, not for a media type: where Cal.com and the gateway both respond with
 * it, the headers are Cal.com's.
 */
function findSpared(
  response: DocumentedResponse,
  responses: ReadonlyMap<string, DocumentedResponse>,
): readonly string[] {
  const upstream = nameResponse({ ...response, mediaType: 'application/json' })
  return response.mediaType === problemType && responses.has(upstream) ? response.headers : []
}

/** Returns the documented schema, and the one code the request must have caused. */
function demandCode({ schema }: DocumentedResponse, code: string | undefined) {
  return code === undefined
    ? schema
    : { ...schema, properties: { ...asRecord(schema.properties), code: { const: code } } }
}

function countOperations(responses: ReadonlyMap<string, DocumentedResponse>): number {
  return new Set([...responses.values()].map(({ operationId }) => operationId)).size
}

const search = collectLogs()
process.exitCode = await run()
search()
