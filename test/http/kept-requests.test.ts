import diagnostics from 'node:diagnostics_channel'
import { Agent, type IncomingMessage, request, type Server } from 'node:http'
import { text } from 'node:stream/consumers'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, it, vi } from 'vitest'
import { startGateway } from '../support/gateway.ts'
import { mcpTarget } from '../support/mcp-calls.ts'
import { restTarget } from '../support/rest-calls.ts'
import { respondJson, startUpstream } from '../support/upstream-stub.ts'

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')
setFlagsFromString('--no-expose-gc')

/** Keeps its connections open, as clients do. */
const agent = new Agent({ keepAlive: true })

async function call(url: string, method: string, body: string | undefined): Promise<string> {
  const headers = { 'x-cal-secret-key': 'demo-secret', accept: 'application/json, text/event-stream' }
  const type = body === undefined ? {} : { 'content-type': 'application/json' }
  const sent = request(url, { agent, method, headers: { ...headers, ...type } }).end(body)
  const response = await new Promise<IncomingMessage>((resolve, reject) =>
    sent.once('response', resolve).once('error', reject),
  )
  return `${response.statusCode} ${await text(response)}`
}

it.each([
  ['a read', 'rest', 'GET', restTarget.path, undefined],
  ['a write', 'rest', 'POST', restTarget.path, restTarget.body],
  ['a refused request', 'rest', 'POST', '/nowhere', restTarget.body],
  ['a tool call', 'mcp', 'POST', mcpTarget.path, mcpTarget.body],
] as const)(
  '%s is forgotten when it is over, though all connections stay open',
  async (_, surface, method, path, body) => {
    await using upstream = await startUpstream((_request, response) =>
      respondJson(response, 200, { status: 'success', data: [] }),
    )
    await using gateway = await startGateway(upstream.url)
    const server = gateway.gateway[surface].server
    const requests: WeakRef<object>[] = []
    const watch = (message: unknown) => {
      const { request: arrived, server: own } = message as { request: object; server: Server }
      if (own === server) requests.push(new WeakRef(arrived))
    }
    diagnostics.subscribe('http.server.request.start', watch)
    const response = await call(
      `${surface === 'rest' ? gateway.restUrl : gateway.mcpUrl}${path}`,
      method,
      body,
    )
    diagnostics.unsubscribe('http.server.request.start', watch)
    expect(response).toMatch(path === '/nowhere' ? /^404 / : /^200 .*success/)
    expect(requests).toHaveLength(1)
    // For a second it is open whether the client has read the response to a write.
    await vi.waitFor(
      () => {
        collectGarbage()
        expect(requests.every((one) => one.deref() === undefined)).toBe(true)
      },
      { timeout: 5_000, interval: 100 },
    )
  },
)
