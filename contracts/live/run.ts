/**
 * `npm run contract:live`: holds a real Cal.com against the document and the requirements. Reads only, unless
 * ALLOW_WRITES is 1. Exits with 1 when they differ, with 2 when it could not look.
 */
import { readConfig } from '../../src/config/config.ts'
import { readApi } from '../../src/document/api.ts'
import { readDocument } from '../../src/document/document.ts'
import { createComparison, type Mismatch } from '../../src/document/response-mismatch.ts'
import { createGateway } from '../../src/gateway.ts'
import { createRunLogger } from '../../test/support/run-log.ts'
import type { Finding } from '../context.ts'
import { readRequirements } from '../requirements.ts'
import { openRunning, type Target } from '../target.ts'
import { collectFindings } from '../test-cases.ts'
import { markedName, type Stop, tour } from './tour.ts'

const { CAL_COM_CLIENT_ID: clientId, CAL_COM_SECRET_KEY: secret, ALLOW_WRITES } = process.env
const writes = ALLOW_WRITES === '1'
const requirements = readRequirements()
const mismatches = new Set<string>()
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
  const { CAL_COM_BASE_URL = '', ALLOW_INSECURE_UPSTREAM = '' } = process.env
  const config = readConfig({ CAL_COM_BASE_URL, ALLOW_INSECURE_UPSTREAM }, readApi(readDocument()))
  const logger = createRunLogger()
  const gateway = await createGateway({ config, document: readDocument(), logger, version: '0.0.0-contract' })
  try {
    const listen = { host: '127.0.0.1', port: 0 }
    const urls = [await gateway.rest.listen(listen), `${await gateway.mcp.listen(listen)}/mcp`] as const
    const traits = { name: 'Cal.com', remembers: true, stateless: false, writes: false, clientId, secret }
    await using target = await openRunning(...urls, traits)
    const reached = await travel(target)
    if (reached) await testReads(target)
    report(config.baseUrl)
    if (interrupted) return 130
    if (!reached) return 2
    return mismatches.size > 0 ? 1 : 0
  } finally {
    await gateway.close()
  }
}

/** Follows the tour and notes where a response and the document differ; false when nobody answered at all. */
async function travel(target: Target): Promise<boolean> {
  const compare = createComparison(readDocument())
  const { operations } = requirements
  const mark = Date.now().toString(36)
  const onLeftover = () =>
    console.error(
      `The user named "${markedName}" with calgate: ${mark} in its metadata may be left; delete it.`,
    )
  const stops = tour({ ...target, server: target.servers.rest, operations, writes, mark, onLeftover })
  for await (const stop of stops) {
    if (stop.result.code === 'upstream_unreachable') {
      console.error('Cal.com cannot be reached.')
      return false
    }
    for (const one of compareStop(stop, compare)) (one.breaking ? mismatches : additions).add(describe(one))
    if (interrupted) break
  }
  return true
}

function compareStop(
  { operation, expected, result }: Stop,
  compare: ReturnType<typeof createComparison>,
): Mismatch[] {
  const { kind, status, code, headers, body } = result
  const whole = { operation: operation.operation, status, pointer: '', place: '', breaking: true }
  // What the gateway itself refuses to hand on is no response that a document could describe.
  if (kind === 'gateway_error' || kind === 'broken' || status === undefined)
    return [{ ...whole, rule: code ?? kind, message: 'there was no complete response' }]
  if (status !== expected) return [{ ...whole, rule: 'status', message: `must be ${expected} at this point` }]
  return compare({
    operation: operation.operation,
    status,
    type: String(headers['content-type'] ?? ''),
    body,
  })
}

/** The suite itself, as far as it only reads. */
async function testReads(target: Target): Promise<void> {
  if (interrupted) return
  const findings = await collectFindings(target, requirements, () => !interrupted)
  for (const finding of findings) mismatches.add(describeRequirement(finding))
}

/** A response's values are somebody's data, so only names are shown. */
function describe({ operation, status, pointer, rule, message }: Mismatch): string {
  return `${operation} ${status ?? ''} ${pointer || '/'} ${rule}: ${message}`
}

function describeRequirement({ operation, server, field, requirement, rule }: Finding): string {
  return `${operation} · ${server} · ${field || 'call'} · ${requirement}: ${rule}`
}

function report(url: string): void {
  for (const one of mismatches) console.log(`✗ ${one}`)
  for (const one of additions) console.log(`+ ${one}`)
  const what = writes ? 'reads and the life of one marked user' : 'reads only'
  console.log(`${new URL(url).host}: ${mismatches.size} mismatches, ${additions.size} additions (${what})`)
}

process.exitCode = await run().catch((error: unknown) => {
  console.error(`The contract could not be tested: ${error instanceof Error ? error.message : typeof error}`)
  return 2
})
