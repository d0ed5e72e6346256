import { startGateway } from '../test/support/gateway.ts'
import { calls, toMcpRequest, toRestRequest } from '../test/support/servers.ts'
import { respondJson, startUpstream } from '../test/support/upstream-stub.ts'
import { type Finding, report } from './finding.ts'

/** Calls both servers concurrently with many secrets: each client must get the responses to its own calls. */
export async function keepApart(callers = 64, total = 12_800): Promise<Finding> {
  await using upstream = await startMirror()
  await using gateway = await startGateway(upstream.url, { LOG_LEVEL: 'silent' })
  let crossed = 0
  let answered = 0
  const each = total / callers
  const call = async (client: string, n: number) => {
    const server = n % 2 === 0 ? 'rest' : 'mcp'
    const spec = [calls.get, calls.list, calls.update][n % 3] ?? calls.get
    const { path, init } = (server === 'rest' ? toRestRequest : toMcpRequest)(spec)
    const headers = { ...Object(init.headers), 'x-cal-secret-key': `key-${client}` }
    const url = server === 'rest' ? gateway.restUrl : gateway.mcpUrl
    const text = await (await fetch(url + path, { ...init, headers })).text()
    const owners = [...text.matchAll(/owner-([0-9a-z]+)/g)].map(([, owner]) => owner)
    answered += 1
    if (owners.length === 0 || owners.some((owner) => owner !== client)) crossed += 1
  }
  await Promise.all(
    Array.from({ length: callers }, async (_, index) => {
      for (let n = 0; n < each; n += 1) await call(index.toString(36).padStart(4, '0'), n)
    }),
  )
  return {
    what: `${callers} clients, each with its secret, ${total} calls on both servers`,
    figure: '0 responses mixed up',
    measured: `${answered} responses, ${crossed} mixed up`,
    ok: crossed === 0 && answered === total,
  }
}

/** Starts an upstream that says after a varying delay whose secret the call has: the secret itself is shown to no model. */
function startMirror() {
  let count = 0
  return startUpstream(({ headers }, response) => {
    count += 1
    const data = { id: 1, name: String(headers['x-cal-secret-key']).replace('key', 'owner') }
    setTimeout(() => respondJson(response, 200, { status: 'success', data }), (count * 7) % 5)
  })
}

if (import.meta.main) report([await keepApart()])
