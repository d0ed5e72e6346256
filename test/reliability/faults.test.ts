import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { faults } from '../support/faults.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { behaveWell, goodBody, type RawUpstream, startRawUpstream } from '../support/raw-upstream.ts'
import { calls, type ServerName, servers } from '../support/servers.ts'

const names: readonly ServerName[] = ['rest', 'mcp']
const cases = names.flatMap((server) =>
  faults.map((fault) => ({ server, ...fault, title: `${server}: an upstream that ${fault.name}` })),
)

test('there are more than forty ways to fail', () => {
  expect(new Set(faults.map(({ name }) => name)).size).toBeGreaterThan(40)
})

const title = '$title costs a read and a write the stated answer each, and the next call nothing'

/** An upstream that fails as it is told, and a gateway before it. */
interface Pair extends AsyncDisposable {
  readonly upstream: RawUpstream
  readonly gateway: RunningGateway
}

async function open(timeout: number): Promise<Pair> {
  await using opening = new AsyncDisposableStack()
  const upstream = opening.use(await startRawUpstream())
  const gateway = opening.use(await startGateway(upstream.url, { UPSTREAM_TIMEOUT_MS: String(timeout) }))
  const opened = opening.move()
  return { upstream, gateway, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}

async function check({ upstream, gateway }: Pair, fault: (typeof cases)[number]): Promise<void> {
  const [status, code] = fault.expected
  for (const [name, hits] of [
    ['get', fault.again ? 2 : 1],
    ['create', 1],
  ] as const) {
    const before = upstream.hits
    upstream.behave = fault.behave
    // What a client is told of its limits is kept for it.
    const secret = `demo-${name}-${cases.indexOf(fault)}`
    const faulty = await servers[fault.server](gateway, calls[name], { secret })
    expect({ status: faulty.status, code: faulty.code }).toEqual({ status, code })
    if (code) expect(faulty.outcome).toBe('unknown')
    expect(upstream.hits - before).toBe(hits)
    upstream.behave = behaveWell
    const clean = await servers[fault.server](gateway, calls[name], { secret: 'demo-clean' })
    expect([clean.status, clean.text]).toEqual([200, goodBody])
  }
}

/** After ten faults the budget of retries is spent, and after 50 calls the circuit could open. */
const groups = Object.values(
  Object.groupBy(cases.filter(({ slow }) => !slow).entries(), ([index]) => Math.floor(index / 10)),
).map((group = []) => group.map(([, fault]) => fault))

describe.each(groups.map((group, index) => ({ group, index })))('at once, group $index', ({ group }) => {
  let pair: Pair
  beforeAll(async () => {
    pair = await open(20_000)
  })
  afterAll(() => pair[Symbol.asyncDispose]())

  test.each(group)(title, (fault) => check(pair, fault))
})

test.each(['text/plain', 'application/octet-stream', ''])(
  'rest: a body of type "%s" that breaks before its first byte costs an error in its place',
  async (type) => {
    await using pair = await open(20_000)
    const field = type === '' ? '' : `content-type: ${type}\r\n`
    pair.upstream.behave = (socket) => socket.end(`HTTP/1.1 200 OK\r\n${field}content-length: 9\r\n\r\n`)
    const { status, code, outcome } = await servers.rest(pair.gateway, calls.get)
    expect([status, code, outcome]).toEqual([502, 'upstream_connection_lost', 'unknown'])
    pair.upstream.behave = behaveWell
    expect((await servers.rest(pair.gateway, calls.get)).text).toBe(goodBody)
  },
)

test.each(['', 'HTTP/1.1 2'])(
  'a 204 that tells a length has no body, and "%s" behind it is none',
  async (rest) => {
    await using pair = await open(20_000)
    pair.upstream.behave = (socket) => socket.write(`HTTP/1.1 204 None\r\ncontent-length: 10\r\n\r\n${rest}`)
    for (const name of names) {
      for (const call of [calls.get, calls.create]) {
        const { status, code } = await servers[name](pair.gateway, call)
        expect([name, status, code]).toEqual([name, name === 'rest' ? 204 : 200, undefined])
      }
    }
    pair.upstream.behave = behaveWell
    for (const name of names) expect((await servers[name](pair.gateway, calls.get)).text).toBe(goodBody)
  },
)

// Each waits for the deadline twice.
describe.concurrent('by the deadline', () => {
  test.each(cases.filter(({ slow }) => slow))(title, async (fault) => {
    await using pair = await open(3_000)
    await check(pair, fault)
  })
})

test.each(names)('%s: an upstream where nobody listens means that nothing was sent', async (server) => {
  await using gateway = await startGateway('http://127.0.0.1:1')
  for (const name of ['get', 'create'] as const) {
    const { status, code, outcome } = await servers[server](gateway, calls[name])
    expect([status, code, outcome]).toEqual([502, 'upstream_unreachable', 'not_executed'])
  }
})

test.each(names)(
  '%s: an upstream that speaks no TLS where TLS is expected gets nothing of the call',
  async (server) => {
    await using upstream = await startRawUpstream()
    await using gateway = await startGateway(upstream.url.replace('http:', 'https:'), {
      UPSTREAM_TIMEOUT_MS: '150',
    })
    const { code, outcome } = await servers[server](gateway, calls.create)
    expect([code, outcome, upstream.hits]).toEqual(['upstream_unreachable', 'not_executed', 0])
  },
)
