import { expect, test } from 'vitest'
import { type ServerTimeouts, usualTimeouts } from '../../src/http/http-server.ts'
import { createListener } from '../../src/http/listener.ts'
import { createLogger } from '../../src/observability/logger.ts'
import { findClosedUrl, startGateway } from '../support/gateway.ts'
import { openListener } from '../support/open-listener.ts'
import { openConnection, readAll } from '../support/raw-connection.ts'
import { startSlowUpstream, startUpstream } from '../support/upstream-stub.ts'

const users = '/v1/v2/oauth-clients/cm9demo/users'
const headers = { 'x-cal-secret-key': 'demo-secret' }
const short: ServerTimeouts = { headers: 150, request: 300, keepAlive: 100 }

/** The app of a port that serves nothing yet and lets everybody in. */
function createBareListener() {
  const logger = createLogger('silent', { write() {} })
  return createListener({ surface: 'rest', logger, bodyLimit: 1, ...openListener(1) })
}

test.each(['restUrl', 'mcpUrl'] as const)(
  'headers that never end are answered with 408 on %s',
  async (server) => {
    await using upstream = await startUpstream()
    await using running = await startGateway(upstream.url, {}, { timeouts: short })
    const socket = openConnection(running[server])
    socket.write('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n')
    const answer = await readAll(socket)
    expect(answer).toMatch(/^HTTP\/1\.1 408 /)
    expect(answer).toContain('"code":"request_timeout"')
  },
)

test('a body that never ends is answered once and never goes upstream', async () => {
  await using upstream = await startUpstream()
  await using running = await startGateway(upstream.url, {}, { timeouts: short })
  const socket = openConnection(running.restUrl)
  const head = [
    'Host: 127.0.0.1',
    'x-cal-secret-key: demo-secret',
    'content-type: application/json',
    'content-length: 50',
  ]
  socket.write(`POST ${users} HTTP/1.1\r\n${head.join('\r\n')}\r\n\r\n{"email":`)
  const answer = await readAll(socket)
  expect(answer.match(/^HTTP\/1\.1 /gm)).toHaveLength(1)
  expect(answer).toMatch(/^HTTP\/1\.1 408 /)
  expect(upstream.requests).toEqual([])
})

test('a connection that has nothing more to say is closed', async () => {
  await using upstream = await startUpstream()
  const timeouts = { ...usualTimeouts, keepAlive: short.keepAlive }
  await using running = await startGateway(upstream.url, {}, { timeouts })
  const socket = openConnection(running.restUrl)
  socket.write('GET /openapi.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')
  expect(await readAll(socket)).toMatch(/^HTTP\/1\.1 200 /)
})

test('headers beyond 16 kB are refused', async () => {
  await using upstream = await startUpstream()
  await using running = await startGateway(upstream.url)
  const socket = openConnection(running.restUrl)
  socket.end(`GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nx-long: ${'x'.repeat(20_000)}\r\n\r\n`)
  expect(await readAll(socket)).toMatch(/^HTTP\/1\.1 431 .*"code":"headers_too_large"/s)
})

test('what is under way when the gateway closes is answered, and the connection ends with it', async () => {
  await using upstream = await startSlowUpstream()
  await using running = await startGateway(upstream.url)
  const answer = fetch(running.restUrl + users, { headers })
  await upstream.arrived
  const closed = running.gateway.close()
  await expect(fetch(running.restUrl + users, { headers })).rejects.toThrow('fetch failed')
  upstream.release()
  expect([(await answer).status, (await answer).headers.get('connection')]).toEqual([200, 'close'])
  await closed
})

test('an idle connection gets the grace for one more request', async () => {
  await using upstream = await startUpstream()
  await using running = await startGateway(upstream.url)
  const socket = openConnection(running.restUrl)
  const request = `GET ${users} HTTP/1.1\r\nHost: 127.0.0.1\r\nx-cal-secret-key: demo-secret\r\n\r\n`
  socket.write(request)
  await new Promise((resolve) => socket.once('readable', resolve))
  const closed = running.gateway.close(60_000)
  socket.write(request)
  const answers = await readAll(socket)
  expect(answers.match(/HTTP\/1\.1 200 /g)).toHaveLength(2)
  expect(answers).toContain('connection: close')
  await closed
})

test('the control port tells life from readiness', async () => {
  await using upstream = await startUpstream()
  await using running = await startGateway(upstream.url)
  await using lonely = await startGateway(await findClosedUrl())
  const ask = async ({ gateway }: typeof running, path: string) => {
    const { statusCode, body } = await gateway.control.inject(path)
    return [statusCode, JSON.parse(body).status]
  }
  expect(await ask(running, '/health/live')).toEqual([200, 'live'])
  expect(await ask(running, '/health/ready')).toEqual([200, 'ready'])
  expect(await ask(lonely, '/health/live')).toEqual([200, 'live'])
  expect(await ask(lonely, '/health/ready')).toEqual([200, 'upstream_unreachable'])
})

test('a response that is on its way when its request turns out broken is the only one', async () => {
  await using app = await createBareListener()
  app.addContentTypeParser('text/plain', { parseAs: 'string' }, (_request, body, done) => done(null, body))
  app.addHook('preParsing', (request, reply) => {
    reply.code(403).send('refused')
    // The response waits for the end of the event-loop tick, and the next bytes of the request are broken.
    app.server.emit('clientError', new Error('broken'), request.raw.socket)
  })
  app.post('/', () => 'unused')
  const socket = openConnection(await app.listen({ host: '127.0.0.1', port: 0 }))
  socket.write('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n\r\n')
  const text = await readAll(socket)
  expect(text).toMatch(/^HTTP\/1\.1 403 /)
  expect(text.match(/HTTP\/1\.1 /g)).toHaveLength(1)
})

test('a host that was let in, or asked for before, lets in no other', async () => {
  await using app = await createBareListener()
  app.get('/', () => 'let in')
  const statuses: number[] = []
  for (const host of ['localhost', 'localhost', 'evil.example', 'evil.example', 'localhost'])
    statuses.push((await app.inject({ url: '/', headers: { host } })).statusCode)
  expect(statuses).toEqual([200, 200, 403, 403, 200])
})
