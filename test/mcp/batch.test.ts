import { expect, it, onTestFinished, vi } from 'vitest'
import { startGateway } from '../support/gateway.ts'
import { calls, toMcpRequest } from '../support/servers.ts'
import { startUpstream } from '../support/upstream-stub.ts'

it('the calls of a batch follow their one connection with one listener', async () => {
  const warn = vi.fn()
  process.on('warning', warn)
  onTestFinished(() => void process.off('warning', warn))
  await using upstream = await startUpstream()
  await using gateway = await startGateway(upstream.url)
  const { path, init } = toMcpRequest(calls.get)
  const message = JSON.parse(init.body)
  const body = JSON.stringify(Array.from({ length: 20 }, (_, id) => ({ ...message, id })))
  const response = await fetch(gateway.mcpUrl + path, { ...init, body })
  expect(await response.json()).toHaveLength(20)
  expect(upstream.requests).toHaveLength(20)
  expect(warn.mock.calls).toEqual([])
})
