import { request as httpRequest, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
import { startGateway } from '../test/support/gateway.ts'
import {
  calls,
  type ServerName,
  type ServerUrls,
  toMcpRequest,
  toRestRequest,
} from '../test/support/servers.ts'
import { respondJson, startUpstream, type UpstreamStub } from '../test/support/upstream-stub.ts'
import { type Finding, report } from './finding.ts'
import { createRandom } from './random.ts'

/** Longest time of the upstream for a refresh, in milliseconds. */
const longest = 20
/** Concurrent clients. */
const together = 20

/**
 * Refreshes tokens with clients that disconnect at a random moment, once or twice, and then repeat the call. Each must
 * get the token of its one upstream call.
 */
export async function leaveAndRepeat(times = 500, seed = 1): Promise<Finding> {
  const random = createRandom(seed)
  await using upstream = await startSingleUse(random)
  await using gateway = await startGateway(upstream.url, { LOG_LEVEL: 'silent' })
  let delivered = 0
  let disconnects = 0
  const callers = Array.from({ length: times }, (_, index) => async () => {
    const token = `demo-${index}`
    const server: ServerName = index % 2 === 0 ? 'rest' : 'mcp'
    let answer: string | undefined
    for (let leaves = 1 + Math.floor(random() * 2); answer === undefined; leaves -= 1) {
      answer = await refresh(gateway, server, token, leaves > 0 ? random() * longest * 1.5 : undefined)
      if (answer === undefined) disconnects += 1
    }
    if (answer.includes(`successor-of-${token}"`) || answer.includes(`successor-of-${token}\\"`))
      delivered += 1
  })
  const line = callers.values()
  await Promise.all(
    Array.from({ length: together }, async () => {
      for (const call of line) await call()
    }),
  )
  return {
    what: `${times} refreshes, clients disconnect at a random moment (${disconnects} times) and repeat`,
    figure: `${times} tokens delivered, ${times} upstream calls`,
    measured: `${delivered} tokens delivered, ${upstream.requests.length} upstream calls`,
    ok: delivered === times && upstream.requests.length === times && disconnects > 0,
  }
}

/** Sends a refresh on its own connection. Returns the response, or undefined when it disconnects after `timeout` ms. */
function refresh(
  { restUrl, mcpUrl }: ServerUrls,
  server: ServerName,
  token: string,
  timeout: number | undefined,
): Promise<string | undefined> {
  const body = { refreshToken: token }
  const call = { ...calls.refresh, body, arguments: { ...calls.refresh.arguments, body } }
  const { path, init } = (server === 'rest' ? toRestRequest : toMcpRequest)(call)
  const url = (server === 'rest' ? restUrl : mcpUrl) + path
  return new Promise((resolve) => {
    const leave = () => {
      request.destroy()
      resolve(undefined)
    }
    const timer = timeout === undefined ? undefined : setTimeout(leave, timeout)
    const read = async (response: IncomingMessage) => {
      const received = await text(response).catch(() => undefined)
      clearTimeout(timer)
      resolve(received)
    }
    const request = httpRequest(url, { method: 'POST', headers: init.headers, agent: false }, read)
    request.on('error', () => resolve(undefined)).end(init.body)
  })
}

/** Starts an upstream whose refresh tokens work once. */
function startSingleUse(random: () => number): Promise<UpstreamStub> {
  const used = new Set<string>()
  return startUpstream(async ({ body }, response) => {
    const token = String(JSON.parse(body.toString()).refreshToken)
    const known = used.has(token)
    used.add(token)
    await wait(random() * longest)
    if (known) respondJson(response, 400, { status: 'error', error: { message: 'Invalid refresh token' } })
    else respondJson(response, 200, { status: 'success', data: { accessToken: `successor-of-${token}` } })
  })
}

if (import.meta.main) report([await leaveAndRepeat()])
