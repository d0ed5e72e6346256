import { startGateway } from '../test/support/gateway.ts'
import { behaveWell, startRawUpstream } from '../test/support/raw-upstream.ts'
import { calls, type DoorName, doors, writes } from '../test/support/servers.ts'
import { type Finding, report } from './finding.ts'

/**
 * Each write meets an upstream that executes it and resets the connection: it must arrive exactly as often as it
 * was called. A read succeeds between two of them, or the circuit breaker would keep the writes from the upstream.
 */
export async function executeThenReset(times = 1000): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const door of ['rest', 'mcp'] as const)
    for (const name of writes) findings.push(await tryWrite(door, name, times))
  return findings
}

async function tryWrite(door: DoorName, name: (typeof writes)[number], times: number): Promise<Finding> {
  await using upstream = await startRawUpstream()
  // A thousand deletions on MCP are more than a caller may make in a minute.
  const environment = { LOG_LEVEL: 'silent', MCP_DELETE_LIMIT: 'off' }
  await using gateway = await startGateway(upstream.url, environment)
  let hits = 0
  const codes = new Set<string | undefined>()
  for (let n = 0; n < times; n += 1) {
    upstream.behave = behaveWell
    await doors[door](gateway, calls.get)
    upstream.behave = (socket) => {
      hits += 1
      socket.resetAndDestroy()
    }
    const { code } = await doors[door](gateway, calls[name])
    codes.add(code)
  }
  return {
    what: `${name} on ${door}, executed and then reset, ${times} times`,
    figure: `exactly ${times} upstream calls`,
    measured: `${hits} upstream calls, answered ${[...codes].join(' and ')}`,
    ok: hits === times && codes.size === 1 && codes.has('upstream_connection_lost'),
  }
}

if (import.meta.main) report(await executeThenReset())
