/**
 * `npm run contract:live`: holds a real Cal.com against the document and the requirements. Reads only, unless
 * ALLOW_WRITES is 1. Exits with 1 when they differ, with 2 when it could not look.
 */
import { readConfig } from '../../src/config/config.ts'
import { readDocument } from '../../src/document/document.ts'
import { createComparison, type Mismatch } from '../../src/document/response-mismatch.ts'
import { createGateway } from '../../src/gateway.ts'
import { createRunLogger } from '../../test/support/run-log.ts'
import { type Finding, judge } from '../judge.ts'
import { readRequirements } from '../requirements.ts'
import { openRunning, type Target } from '../target.ts'
import { markedName, type Stop, tour } from './tour.ts'

const { CAL_COM_CLIENT_ID: clientId, CAL_COM_SECRET_KEY: secret, ALLOW_WRITES } = process.env
const writes = ALLOW_WRITES === '1'
const requirements = readRequirements()
const departures = new Set<string>()
const additions = new Set<string>()
let interrupted = false

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => {
    interrupted = true
    console.error('Stopping: the call under way is awaited, then what was created is deleted.')
  })

async function run(): Promise<number> {
  if (!clientId || !secret) {
    console.error('Set CAL_COM_CLIENT_ID and CAL_COM_SECRET_KEY to the credentials of an OAuth client.')
    return 2
  }
  const { CAL_COM_BASE_URL = '' } = process.env
  const config = readConfig({ CAL_COM_BASE_URL })
  const logger = createRunLogger()
  const gateway = await createGateway({ config, document: readDocument(), logger, version: '0.0.0-contract' })
  try {
    const listen = { host: '127.0.0.1', port: 0 }
    const urls = [await gateway.rest.listen(listen), `${await gateway.mcp.listen(listen)}/mcp`] as const
    const traits = { name: 'Cal.com', remembers: true, writes: false, clientId, secret }
    await using target = await openRunning(...urls, traits)
    const reached = await travel(target)
    if (reached) await judgeReads(target)
    report(config.baseUrl)
    if (interrupted) return 130
    if (!reached) return 2
    return departures.size > 0 ? 1 : 0
  } finally {
    await gateway.close()
  }
}

/** Follows the tour and notes where an answer and the document differ; false when nobody answered at all. */
async function travel(target: Target): Promise<boolean> {
  const compare = createComparison(readDocument())
  const { operations } = requirements
  const mark = Date.now().toString(36)
  const onLeftover = () =>
    console.error(
      `The user named "${markedName}" with calgate: ${mark} in its metadata may be left; delete it.`,
    )
  const stops = tour({ ...target, door: target.doors.rest, operations, writes, mark, onLeftover })
  for await (const stop of stops) {
    if (stop.verdict.code === 'upstream_unreachable') {
      console.error('Cal.com cannot be reached.')
      return false
    }
    for (const one of compareStop(stop, compare)) (one.breaking ? departures : additions).add(describe(one))
    if (interrupted) break
  }
  return true
}

function compareStop(
  { operation, expected, verdict }: Stop,
  compare: ReturnType<typeof createComparison>,
): Mismatch[] {
  const { kind, status, code, headers, body } = verdict
  const whole = { operation: operation.operation, status, pointer: '', place: '', breaking: true }
  // What the gateway itself refuses to hand on is no answer that a document could describe.
  if (kind === 'refused' || kind === 'broken' || status === undefined)
    return [{ ...whole, rule: code ?? kind, message: 'there was no complete answer' }]
  if (status !== expected) return [{ ...whole, rule: 'status', message: `must be ${expected} at this point` }]
  return compare({
    operation: operation.operation,
    status,
    type: String(headers['content-type'] ?? ''),
    body,
  })
}

/** The suite itself, as far as it only reads. */
async function judgeReads(target: Target): Promise<void> {
  if (interrupted) return
  const findings = await judge(target, requirements, () => !interrupted)
  for (const finding of findings) departures.add(describeRequirement(finding))
}

/** An answer's values are somebody's data, so only names are shown. */
function describe({ operation, status, pointer, rule, message }: Mismatch): string {
  return `${operation} ${status ?? ''} ${pointer || '/'} ${rule}: ${message}`
}

function describeRequirement({ operation, door, field, requirement, rule }: Finding): string {
  return `${operation} · ${door} · ${field || 'call'} · ${requirement}: ${rule}`
}

function report(url: string): void {
  for (const one of departures) console.log(`✗ ${one}`)
  for (const one of additions) console.log(`+ ${one}`)
  const what = writes ? 'reads and the life of one marked user' : 'reads only'
  console.log(`${new URL(url).host}: ${departures.size} departures, ${additions.size} additions (${what})`)
}

process.exitCode = await run().catch((error: unknown) => {
  console.error(`The contract could not be judged: ${error instanceof Error ? error.message : typeof error}`)
  return 2
})
