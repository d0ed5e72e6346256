/**
 * `npm run contract:live`: tests a real Cal.com by the requirements that reads, and marked users, can show. Reads
 * only, unless ALLOW_WRITES is 1. Exits with 1 when a requirement is not met, with 2 when nothing could be tested.
 */
import { readConfig } from '../../src/config/config.ts'
import { readApi } from '../../src/document/api.ts'
import { readDocument } from '../../src/document/document.ts'
import { createComparison, type Mismatch } from '../../src/document/response-mismatch.ts'
import type { CallResult } from '../call-result.ts'
import type { Finding } from '../context.ts'
import { readOperation } from '../exchanges.ts'
import { readOptions } from '../options.ts'
import { readRequirements } from '../requirements.ts'
import { testTarget } from '../session.ts'
import { openUpstream, type Target } from '../target.ts'
import { probe, readTraits } from '../targets.ts'
import { makeReads } from './reads.ts'

const requirements = readRequirements()

async function run(): Promise<number> {
  const { CAL_COM_CLIENT_ID, CAL_COM_SECRET_KEY, CAL_COM_BASE_URL = '' } = process.env
  const { ALLOW_INSECURE_UPSTREAM = '', ALLOW_WRITES } = process.env
  if (!CAL_COM_CLIENT_ID || !CAL_COM_SECRET_KEY) {
    console.error('Set CAL_COM_CLIENT_ID and CAL_COM_SECRET_KEY to the credentials of an OAuth client.')
    return 2
  }
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      console.error('Stopping: the calls under way are awaited, then what was created is deleted.')
      stop.abort()
    })
  const { baseUrl } = readConfig({ CAL_COM_BASE_URL, ALLOW_INSECURE_UPSTREAM }, readApi(readDocument()))
  await probe('Cal.com', baseUrl)
  const credentials = { CONTRACT_CLIENT_ID: CAL_COM_CLIENT_ID, CONTRACT_SECRET_KEY: CAL_COM_SECRET_KEY }
  // Only what the operator says makes this a place to write to: a mock is tested as Cal.com itself would be.
  const traits = readTraits({ ...process.env, ...credentials, CONTRACT_MEMORY: '1' }, 'Cal.com', undefined)
  const { help: _, ...options } = readOptions(process.argv.slice(2), process.env)
  return testTarget(() => openUpstream(baseUrl, traits), requirements, {
    options,
    signal: stop.signal,
    select: ({ surface, requirement }) =>
      surface === 'upstream' || (surface === 'rest' && requirement.needs.includes('memory')),
    describe: describeFinding,
    inspect: (target) => compareResponses(target, ALLOW_WRITES === '1'),
  })
}

/** Compares every response of the run with the document; members that it does not name are told, and break nothing. */
async function compareResponses(target: Target, writes: boolean): Promise<number> {
  const compare = createComparison(readDocument())
  await makeReads(target, requirements.operations)
  const found = target.exchanges
    .filter(({ server }) => server === 'Cal.com')
    .flatMap((exchange) => {
      const called = readOperation(exchange, requirements.operations)
      return called ? compareResult(called.operation.operation, exchange.result, compare) : []
    })
  const lines = (breaking: boolean) =>
    new Set(found.filter((one) => one.breaking === breaking).map(describeMismatch))
  for (const line of lines(true)) console.log(`✗ ${line}`)
  for (const line of lines(false)) console.log(`+ ${line}`)
  const what = writes ? 'reads and the lives of marked users' : 'reads only'
  console.log(`${lines(true).size} mismatches, ${lines(false).size} additions (${what})`)
  return lines(true).size
}

function compareResult(
  operation: string,
  { kind, status, headers, body }: CallResult,
  compare: ReturnType<typeof createComparison>,
): Mismatch[] {
  if (kind === 'broken' || status === undefined) return []
  return compare({ operation, status, type: String(headers['content-type'] ?? ''), body })
}

/** The values of a response are somebody's data, so only names are shown. */
function describeMismatch({ operation, status, pointer, rule, message }: Mismatch): string {
  return `${operation} ${status ?? ''} ${pointer || '/'} ${rule}: ${message}`
}

function describeFinding({ operation, server, field, requirement, rule }: Finding): string {
  return `✗ ${operation} · ${server} · ${field || 'call'} · ${requirement}: ${rule}`
}

process.exitCode = await run().catch((error: unknown) => {
  console.error(error instanceof RangeError ? error.message : error)
  return 2
})
