import { attack, attackWith, families, findFaults, findLogFaults, targets } from '../test/support/attack.ts'
import { startGateway } from '../test/support/gateway.ts'
import { listFramings } from '../test/support/malformed-framing.ts'
import { listMcpCalls, listRefusedMessages } from '../test/support/mcp-calls.ts'
import { listRestCalls } from '../test/support/rest-calls.ts'
import { startUpstream } from '../test/support/upstream-stub.ts'
import { type Finding, report } from './finding.ts'

/** Sends every known malformed request, and generated ones up to the total, to both servers. */
export async function sendMalformed(total = 10_000, seed = Date.now() % 1_000_000): Promise<Finding> {
  await using upstream = await startUpstream()
  await using gateway = await startGateway(upstream.url)
  const attacked = { gateway, upstream }
  const faults = new Set<string>()
  let sent = 0
  const corpus = {
    rest: [...listFramings(targets.rest), ...listRestCalls()],
    mcp: [...listFramings(targets.mcp), ...listMcpCalls()],
  }
  for (const server of ['rest', 'mcp'] as const)
    for (const [name, text, , sending] of corpus[server]) {
      const exchange = await attack(attacked, server, text, sending)
      for (const fault of findFaults(exchange)) faults.add(`${name}: ${fault}`)
      if (exchange.answers.length > 1) faults.add(`${name}: more than one response`)
      sent += 1
    }
  for (const { name, text } of listRefusedMessages()) {
    for (const fault of findFaults(await attack(attacked, 'mcp', text))) faults.add(`${name}: ${fault}`)
    sent += 1
  }
  const passed = upstream.requests.length
  const names = Object.keys(families).filter((name) => name in families) as (keyof typeof families)[]
  const runs = Math.ceil((total - sent) / names.length / 2)
  for (const server of ['rest', 'mcp'] as const)
    for (const name of names) {
      await attackWith(attacked, server, name, { runs, seed }).catch((error: Error) =>
        faults.add(error.message),
      )
      sent += runs
    }
  for (const line of findLogFaults(gateway.log)) faults.add(`logged: ${line.slice(0, 200)}`)
  return {
    what: `${sent} malformed requests on both servers (seed ${seed})`,
    figure: '0 × 5xx, 0 exits, 0 stack traces, at most 1 response a request, 0 upstream calls',
    measured: `${faults.size} faults, ${passed} upstream calls${[...faults].slice(0, 3).join('; ')}`,
    ok: faults.size === 0 && passed === 0,
  }
}

if (import.meta.main) report([await sendMalformed()])
