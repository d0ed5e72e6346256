import { setTimeout as wait } from 'node:timers/promises'
import { type Finding, report } from './finding.ts'
import { readOne, startGatewayProcess } from './gateway-process.ts'
import { countStatuses, load } from './load.ts'
import { startQuickUpstream } from './quick-upstream.ts'

/** How docs/operating.md starts a gateway. */
const command = ['npm', 'start', '--silent'] as const

/** Keep-alive connections. */
const connections = 64

/**
 * Sends SIGTERM to a gateway under load: every sent request must get its response, none a 5xx, and the process must exit
 * with 0. Clients whose connection is closed open another while the port accepts it.
 */
export async function terminateUnderLoad(runs = 10, warmUp = 1_000, milliseconds = 1_000): Promise<Finding> {
  let lost = 0
  let failed = 0
  let answered = 0
  const rates: number[] = []
  const ends = new Set<number | string>()
  for (let run = 0; run < runs; run += 1) {
    await using upstream = await startQuickUpstream()
    await using gateway = await startGatewayProcess(upstream.url, 'warn', command)
    const over = new AbortController()
    const tally = load({ port: gateway.restPort, request: readOne, connections, signal: over.signal })
    await wait(warmUp)
    const before = upstream.hits
    await wait(milliseconds)
    rates.push(((upstream.hits - before) * 1000) / milliseconds)
    gateway.child.kill('SIGTERM')
    ends.add(await gateway.ended)
    over.abort()
    const result = await tally
    lost += result.lost
    failed += countStatuses(result, (status) => status >= 500)
    answered += countStatuses(result, (status) => status === 200)
  }
  const least = Math.round(Math.min(...rates))
  return {
    what: `SIGTERM to npm start under load, ${runs} runs`,
    figure: '1,000 requests/s and more; 0 lost, 0 × 5xx, exit code 0',
    measured: `${least} requests/s and more, ${answered} successful; ${lost} lost, ${failed} × 5xx, exit ${[...ends].join(', ')}`,
    ok: least >= 1000 && lost === 0 && failed === 0 && ends.size === 1 && ends.has(0),
  }
}

if (import.meta.main) report([await terminateUnderLoad()])
