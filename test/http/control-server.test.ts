import { afterAll, beforeAll, expect, it } from 'vitest'
import { type RunningGateway, startGateway } from '../support/gateway.ts'

let gateway: RunningGateway
beforeAll(async () => {
  gateway = await startGateway('http://127.0.0.1:1', { ALLOWED_HOSTS: 'gate.example.org' })
})
afterAll(() => gateway[Symbol.asyncDispose]())

it.each(['/health/live', '/health/ready', '/metrics', '/nowhere'])(
  'the control port serves %s to no foreign Host',
  async (url) => {
    const ask = async (host: string) => {
      const { statusCode, body } = await gateway.gateway.control.inject({ url, headers: { host } })
      return [statusCode, body.includes('"code":"host_not_allowed"')]
    }
    const status = url === '/nowhere' ? 404 : 200
    // Orchestrators probe a pod by its address.
    for (const host of ['localhost', '127.0.0.1:9091', '10.1.2.3:9091', '[fd00::1]', 'gate.example.org'])
      expect(await ask(host)).toEqual([status, false])
    for (const host of ['evil.example', '10.1.2.3.evil.example', 'localhost.evil.example:9091'])
      expect(await ask(host)).toEqual([403, true])
  },
)

it.each(['/%', '/health/%zz?token=planted'])('the control port repeats nothing of %s', async (url) => {
  const { statusCode, headers, body } = await gateway.gateway.control.inject({
    url,
    headers: { host: 'localhost' },
  })
  expect([statusCode, headers['cache-control']]).toEqual([400, 'no-store'])
  expect(JSON.parse(body)).toMatchObject({ code: 'bad_request' })
  expect(body).not.toMatch(/%|planted/)
})

it('the control port knows no method but GET and HEAD', async () => {
  for (const method of ['POST', 'QUERY'] as const) {
    const request = { method, url: '/metrics', headers: { host: 'localhost' } }
    expect((await gateway.gateway.control.inject(request)).statusCode).toBe(404)
  }
})
