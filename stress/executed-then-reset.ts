import { startGateway } from '../test/support/gateway.ts'
import { behaveWell, startRawUpstream } from '../test/support/raw-upstream.ts'
import { calls, type ServerName, servers, writes } from '../test/support/servers.ts'
import { type Finding, report } from './finding.ts'

/**
 * Sends each write to an upstream that executes it and then resets the connection: the upstream must receive it exactly
 * as often as it was called. Two reads succeed before each write, since the circuit breaker stops the writes where half of the calls fail.
 */
export async function executeThenReset(times = 1000): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const server of ['rest', 'mcp'] as const)
    for (const name of writes) findings.push(await tryWrite(server, name, times))
  return findings
}

async function tryWrite(server: ServerName, name: (typeof writes)[number], times: number): Promise<Finding> {
  await using upstream = await startRawUpstream()
  // MCP_DELETE_LIMIT allows fewer deletions a minute than this scenario makes.
  const environment = { LOG_LEVEL: 'silent', MCP_DELETE_LIMIT: 'off' }
  await using gateway = await startGateway(upstream.url, environment)
  let hits = 0
  const codes = new Set<string | undefined>()
  for (let n = 0; n < times; n += 1) {
    upstream.behave = behaveWell
    await servers[server](gateway, calls.get)
    await servers[server](gateway, calls.get)
    upstream.behave = (socket) => {
      hits += 1
      socket.resetAndDestroy()
    }
    const { code } = await servers[server](gateway, calls[name])
    codes.add(code)
  }
  return {
    what: `${name} on ${server}, executed and then reset, ${times} times`,
    figure: `exactly ${times} upstream calls`,
    measured: `${hits} upstream calls, error ${[...codes].join(' and ')}`,
    ok: hits === times && codes.size === 1 && codes.has('upstream_connection_lost'),
  }
}

if (import.meta.main) report(await executeThenReset())
