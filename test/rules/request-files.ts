import { Session } from 'node:inspector/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { startGateway } from '../support/gateway.ts'
import { startUpstream } from '../support/upstream-stub.ts'

/** Prints, as JSON, the files of src/ of which a function runs for one REST request and for one MCP tool call. */
const source = new URL('../../src/', import.meta.url).href
await using upstream = await startUpstream()
await using gateway = await startGateway(upstream.url, { DRIFT_SAMPLE: 'off' })
const credentials = { 'x-cal-secret-key': 'demo-secret' }
const message = {
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name: 'get-managed-user', arguments: { clientId: 'cm9demo', userId: 7 } },
}
const requests = {
  rest: () => fetch(`${gateway.restUrl}/v1/v2/oauth-clients/cm9demo/users/7`, { headers: credentials }),
  mcp: () =>
    fetch(`${gateway.mcpUrl}/mcp`, {
      method: 'POST',
      headers: {
        ...credentials,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
      },
      body: JSON.stringify(message),
    }),
}

const session = new Session()
session.connect()
await session.post('Profiler.enable')
await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false })
const files: Record<string, string[]> = {}
for (const [name, send] of Object.entries(requests)) {
  // The first request compiles validators and opens connections.
  for (let round = 0; round < 2; round += 1) {
    await session.post('Profiler.takePreciseCoverage')
    const response = await send()
    if (!response.ok) throw new Error(`${name}: ${response.status} ${await response.text()}`)
    await response.text()
    // The request is recorded when its response has ended.
    await wait(100)
  }
  const { result } = await session.post('Profiler.takePreciseCoverage')
  files[name] = result
    .filter(
      ({ url, functions }) => url.startsWith(source) && functions.some(({ ranges }) => ranges[0]?.count),
    )
    .map(({ url }) => url.slice(source.length))
    .sort()
}
session.disconnect()
process.stdout.write(JSON.stringify(files))
