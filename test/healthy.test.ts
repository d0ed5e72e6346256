import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { findClosedUrl, startGateway } from './support/gateway.ts'
import { startUpstream } from './support/upstream-stub.ts'

const program = fileURLToPath(new URL('../bin/healthy.js', import.meta.url))

/** Runs the health check, and returns how it ends and what it says. */
async function check(environment: Record<string, string>) {
  const child = spawn(process.execPath, [program], { env: environment, stdio: ['ignore', 'inherit', 'pipe'] })
  const [said, [status]] = await Promise.all([text(child.stderr), once(child, 'exit')])
  return { status, said }
}

it.each([
  ['127.0.0.1', {}],
  ['127.0.0.1', { CONTROL_HOST: '' }],
  ['127.0.0.2', { CONTROL_HOST: '127.0.0.2' }],
  ['0.0.0.0', { CONTROL_HOST: '0.0.0.0' }],
  ['::1', { CONTROL_HOST: '::1' }],
  ['::', { CONTROL_HOST: '::' }],
  ['localhost', { CONTROL_HOST: 'localhost' }],
])('asks a control port that listens on %s: %j', async (host, environment) => {
  await using gateway = await startGateway(await findClosedUrl())
  const { port } = new URL(await gateway.gateway.control.listen({ host, port: 0 }))
  expect(await check({ CONTROL_PORT: port, ...environment })).toEqual({ status: 0, said: '' })
})

it('says in one line why a gateway is not ready', async () => {
  await using draining = await startUpstream((_request, response) => response.writeHead(503).end())
  const { port } = new URL(draining.url)
  const said = `http://127.0.0.1:${port}/health/ready returned 503\n`
  expect(await check({ CONTROL_PORT: port })).toEqual({ status: 1, said })
})

it('says in one line why a gateway cannot be asked', async () => {
  const { port } = new URL(await findClosedUrl())
  const said = `http://127.0.0.1:${port}/health/ready cannot be read: ECONNREFUSED\n`
  expect(await check({ CONTROL_PORT: port })).toEqual({ status: 1, said })
  const wrong = 'http://127.0.0.1:none/health/ready cannot be read: ERR_INVALID_URL\n'
  expect(await check({ CONTROL_PORT: 'none' })).toEqual({ status: 1, said: wrong })
})
