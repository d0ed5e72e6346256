import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { openConnection, readAll } from '../support/raw-connection.ts'

const servers = ['rest', 'mcp', 'control'] as const

type Urls = Record<(typeof servers)[number], string>

let gateway: RunningGateway
let urls: Urls
/** It waits a part of a second for what never ends; on a busy machine that is too short for what does. */
let impatient: RunningGateway
let impatientUrls: Urls
beforeAll(async () => {
  gateway = await startGateway('http://127.0.0.1:1')
  urls = await openPorts(gateway)
  const timeouts = { headers: 150, request: 300, keepAlive: 5_000 }
  impatient = await startGateway('http://127.0.0.1:1', {}, { timeouts })
  impatientUrls = await openPorts(impatient)
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await impatient[Symbol.asyncDispose]()
})

async function openPorts({ gateway, restUrl, mcpUrl }: RunningGateway): Promise<Urls> {
  return { rest: restUrl, mcp: mcpUrl, control: await gateway.control.listen({ host: '127.0.0.1', port: 0 }) }
}

const head = 'Host: localhost\r\nContent-Type: application/json\r\n'
const half = (path: string) => `POST ${path} HTTP/1.1\r\n${head}Content-Length: 9\r\n\r\n{`
const broken = (path: string) => `POST ${path} HTTP/1.1\r\n${head}Transfer-Encoding: chunked\r\n\r\nZZ\r\n`

/** What no server reads as a request, with the problem that each responds with. */
const cases = [
  ['bytes that are no HTTP', 'BROKEN\r\n\r\n', 400, 'bad_request'],
  ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0', 400, 'bad_request'],
  ['a head of 20 kB', `GET / HTTP/1.1\r\n${head}x: ${'x'.repeat(20_000)}\r\n\r\n`, 431, 'headers_too_large'],
  ['a target of 20 kB', `GET /${'x'.repeat(20_000)} HTTP/1.1\r\n${head}\r\n`, 431, 'headers_too_large'],
  ['an expectation', `GET / HTTP/1.1\r\n${head}Expect: 200-ok\r\n\r\n`, 417, 'expectation_failed'],
  ['CONNECT', 'CONNECT x:1 HTTP/1.1\r\nHost: x:1\r\n\r\n', 405, 'method_not_allowed'],
  ['two hosts', 'GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n', 400, 'bad_request'],
  ['a fragment', `GET /health/live#a HTTP/1.1\r\n${head}\r\n`, 400, 'bad_request'],
  ['no host', 'GET / HTTP/1.1\r\n\r\n', 400, 'bad_request'],
] as const

const bodies = [
  ['rest', '/v1/v2/oauth-clients/cm9demo/users'],
  ['mcp', '/mcp'],
] as const

async function exchange(url: string, text: string): Promise<string> {
  const socket = openConnection(url)
  socket.write(text)
  return readAll(socket)
}

function expectProblem(response: string, status: number, code: string): void {
  expect(response.match(/^HTTP\/1\.1 \d+/gm)).toEqual([`HTTP/1.1 ${status}`])
  expect(response).toContain(`"code":"${code}"`)
  expect(response).toMatch(/^connection: close$/im)
}

describe.each(servers)('on %s', (server) => {
  it.each(cases)('%s is refused with a problem, and the connection ends', async (_, text, status, code) => {
    expectProblem(await exchange(urls[server], text), status, code)
  })

  it('a head that never ends is refused with a problem, and the connection ends', async () => {
    const text = `GET / HTTP/1.1\r\n${head}`
    expectProblem(await exchange(impatientUrls[server], text), 408, 'request_timeout')
  })
})

describe.each(servers)('with a parser that reads every header, on %s', (server) => {
  const ofHeaders = (count: number) =>
    `GET /none HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${'x:y\r\n'.repeat(count - 2)}\r\n`
  // Node from 22.23 refuses more by itself; before it, it drops what is behind them in silence.
  beforeAll(() => {
    gateway.gateway[server].server.maxHeadersCount = 0
  })
  afterAll(() => {
    gateway.gateway[server].server.maxHeadersCount = null
  })

  it('1,000 headers are taken, and one more is refused with a problem', async () => {
    expect(await exchange(urls[server], ofHeaders(1_000))).toMatch(/^HTTP\/1\.1 404 /)
    expectProblem(await exchange(urls[server], ofHeaders(1_001)), 431, 'headers_too_large')
  })
})

describe.each(bodies)('on %s', (server, path) => {
  it('a body that never ends is refused with a problem, and the connection ends', async () => {
    expectProblem(await exchange(impatientUrls[server], half(path)), 408, 'request_timeout')
  })

  it('a broken chunk is refused with a problem, and the connection ends', async () => {
    expectProblem(await exchange(urls[server], broken(path)), 400, 'bad_request')
  })
})

it('the control port waits for no body, and ends the connection of one that never ends', async () => {
  expect(await exchange(impatientUrls.control, half('/metrics'))).toMatch(
    /^HTTP\/1\.1 404 [^\n]*\n(?!.*HTTP\/)/s,
  )
})

it('logs what is refused, and counts it', async () => {
  const codes = [...gateway.log, ...impatient.log].map((line) => JSON.parse(line).code)
  for (const code of ['request_timeout', ...cases.map(([, , , code]) => code)]) expect(codes).toContain(code)
  const { body } = await gateway.gateway.control.inject('/metrics')
  expect(body).toContain('calgate_errors_total{surface="rest",code="expectation_failed"} 1')
})
