import { connect } from 'node:net'
import { setImmediate as nextTick } from 'node:timers/promises'
import { type RunningGateway, startGateway } from '../test/support/gateway.ts'
import { calls } from '../test/support/servers.ts'
import { startUpstream } from '../test/support/upstream-stub.ts'
import { type Finding, report } from './finding.ts'

/** Bytes of a response that may block the event loop for 50 ms, and of a large one. */
const [size, largeSize] = [1_000_000, 8_000_000]

const fill = (piece: string) => piece.repeat(Math.floor(size / piece.length))
const list = (write: (index: number) => string, bytes = size) => {
  const length = Math.floor(bytes / (write(0).length + 6))
  return Array.from({ length }, (_, index) => write(index)).join(',')
}
const user = (bio: string, more = '') =>
  `{"status":"success","data":{"id":1,"email":"ada@example.org","username":"ada","bio":"${bio}"${more}}}`
const deep = `${'['.repeat(size / 2)}${']'.repeat(size / 2)}`

const users = (bytes: number) =>
  `{"status":"success","data":[${list((id) => user('x'.repeat(200), `,"n":${id}`), bytes)}]}`
const longNumber = (id: number) => `${9_007_199_254_740_993n + BigInt(2 * id)}`

type LargeResponse = readonly [name: string, status: number, body: string]

/** Responses of 1 MB that take the most work. */
const responses: readonly LargeResponse[] = [
  ['a list of users', 200, users(size)],
  ['long numbers', 200, `{"status":"success","data":[${list(longNumber)}]}`],
  [
    'users with long numbers',
    200,
    `{"status":"success","data":[${list((id) => user('', `,"n":${longNumber(id)}`))}]}`,
  ],
  ['beginnings of tokens', 200, user(fill('eyJ'))],
  ['beginnings of tokens with dots', 200, user(fill('eyJhbGciOiJI.'))],
  ['tokens', 200, user(fill('eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc '))],
  ['quotes', 200, user(fill('\\"'))],
  ['empty objects', 200, `{"status":"success","data":[${list(() => '{}')}]}`],
  ['many members', 200, user('', `,"metadata":{${list((n) => `"k${n}":1`)}}`)],
  ['deep lists', 200, `{"status":"success","data":${deep}}`],
  ['an error of addresses', 500, `{"message":"${fill('a@b ')}"}`],
  ['an error of one long word', 500, `{"message":"${fill('a')}@b"}`],
  ['an error of beginnings of tokens', 500, `{"message":"${fill('eyJhbGciOiJI.')}"}`],
  ['an error of the secret', 500, `{"message":"${fill('demo-secret')}"}`],
  ['an error whose members are addresses', 500, `{${list((n) => `"k${n}@a":1`)}}`],
  ['an error of deep lists', 400, `{"message":"no","details":${deep}}`],
  ['an error page', 403, `<html>${fill('<a@b>')}`],
]

/** Responses of 8 MB, whose parsing alone takes longer than that. */
const largeResponses: readonly LargeResponse[] = [
  ['a list of users', 200, users(largeSize)],
  ['users with a long number', 200, users(largeSize).replace('"n":0', '"n":9007199254740993')],
]

/**
 * Measures the longest event-loop tick, by CPU time, of one call whose response is large, and names the worst. The bound
 * is 50 ms, or three times what `JSON.parse` takes for the response.
 */
export async function findWorstResponse(): Promise<Finding[]> {
  let current = { status: 200, body: '' }
  await using upstream = await startUpstream((_request, response) => {
    response.writeHead(current.status, { 'content-type': 'application/json' }).end(current.body)
  })
  await using revealing = await startGateway(upstream.url, { LOG_LEVEL: 'silent' })
  await using redacting = await startGateway(upstream.url, { LOG_LEVEL: 'silent', MCP_TOKENS: 'withhold' })
  const findWorst = async (some: readonly LargeResponse[], kind: string): Promise<Finding> => {
    let worst = { name: '', used: 0, bound: 50 }
    for (const [name, status, body] of some) {
      current = { status, body }
      const bound = Math.max(50, 3 * (await measureLeast(async () => tryParsing(body))))
      for (const gateway of [revealing, redacting])
        for (const server of ['rest', 'mcp'] as const) {
          const used = await measureLeast(() => send(gateway, server))
          const where = gateway === redacting ? `${server}, tokens redacted` : server
          if (used / bound > worst.used / worst.bound) worst = { name: `${name} on ${where}`, used, bound }
        }
    }
    return {
      what: `the worst of ${some.length} responses of ${kind}, CPU time of the longest event-loop tick`,
      figure: 'at most 50 ms, or three times JSON.parse of it',
      measured: `${worst.used.toFixed(1)} of ${worst.bound.toFixed(1)} ms by ${worst.name}`,
      ok: worst.used <= worst.bound,
      timed: true,
    }
  }
  return [await findWorst(responses, '1 MB'), await findWorst(largeResponses, '8 MB')]
}

function tryParsing(text: string): void {
  try {
    JSON.parse(text)
  } catch {
    // A page is no JSON.
  }
}

/**
 * Returns the milliseconds of CPU of the longest event-loop tick while something runs: that of the client and the
 * upstream of this process too. Other processes can only lengthen it, so the least of some attempts is the closest.
 */
async function measureLeast(run: () => Promise<unknown>, tries = 6): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (let n = 0; n < tries; n += 1) {
    const ticks = watchTicks()
    await run()
    await nextTick()
    least = Math.min(least, ticks.stop())
  }
  return least
}

/** Follows the CPU time of each event-loop tick; `stop` returns the longest, in milliseconds. */
function watchTicks(): { stop(): number } {
  let longest = 0
  let before = process.threadCpuUsage()
  const measure = () => {
    const { user: own, system } = process.threadCpuUsage(before)
    longest = Math.max(longest, (own + system) / 1_000)
    before = process.threadCpuUsage()
  }
  let immediate = setImmediate(function onTick() {
    measure()
    immediate = setImmediate(onTick)
  })
  return {
    stop() {
      clearImmediate(immediate)
      return longest
    },
  }
}

/** Reads one user; what comes back is not looked at, so that little of the time is the client's. */
function send(gateway: RunningGateway, server: 'rest' | 'mcp'): Promise<void> {
  const { restUrl, mcpUrl } = gateway
  const head = 'Host: localhost\r\nx-cal-secret-key: demo-secret\r\nConnection: close\r\n'
  const { tool: name, arguments: values, path } = calls.get
  const message = JSON.stringify({
    ...{ jsonrpc: '2.0', id: 1, method: 'tools/call' },
    params: { name, arguments: values },
  })
  const text =
    server === 'rest'
      ? `GET /v1/v2${path} HTTP/1.1\r\n${head}\r\n`
      : `POST /mcp HTTP/1.1\r\n${head}Content-Type: application/json\r\nAccept: application/json\r\nContent-Length: ${message.length}\r\n\r\n${message}`
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(server === 'rest' ? restUrl : mcpUrl).port), '127.0.0.1')
    socket.on('error', reject).on('close', () => resolve())
    socket.resume().write(text)
  })
}

if (import.meta.main) report(await findWorstResponse())
