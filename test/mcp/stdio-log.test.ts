import { PassThrough } from 'node:stream'
import { expect, it } from 'vitest'
import { startGateway } from '../support/gateway.ts'
import { calls } from '../support/servers.ts'
import { respondJson, startUpstream } from '../support/upstream-stub.ts'

it('the log of stdio says what caused the failure of a call', async () => {
  await using gateway = await startGateway('http://127.0.0.1:1')
  const [input, output] = [new PassThrough(), new PassThrough()]
  const served = gateway.gateway.serveStdio(input, output)
  const { tool: name, arguments: own } = calls.update
  const values = { ...own, 'x-cal-secret-key': 'demo-secret' }
  const initialize = {
    protocolVersion: '2025-06-18',
    capabilities: {},
    clientInfo: { name: 'c', version: '1' },
  }
  const messages = [
    { jsonrpc: '2.0', id: 1, method: 'initialize', params: initialize },
    { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name, arguments: values } },
  ]
  input.end(messages.map((one) => `${JSON.stringify(one)}\n`).join(''))
  await served
  const lines = gateway.log.map((line) => JSON.parse(line))
  expect(lines.find(({ msg }) => msg === 'tool call completed')).toMatchObject({
    tool: name,
    code: 'upstream_unreachable',
    cause: 'ECONNREFUSED',
  })
})

it.each([200, 201, 202])('the log says the status %i that the API gave', async (status) => {
  await using upstream = await startUpstream((_request, response) => respondJson(response, status, {}))
  await using gateway = await startGateway(upstream.url)
  const [input, output] = [new PassThrough(), new PassThrough()]
  const served = gateway.gateway.serveStdio(input, output)
  const { tool: name, arguments: own } = calls.create
  const params = { name, arguments: { ...own, 'x-cal-secret-key': 'demo-secret' } }
  input.end(`${JSON.stringify({ jsonrpc: '2.0', id: 2, method: 'tools/call', params })}\n`)
  await served
  const lines = gateway.log.map((line) => JSON.parse(line))
  const said = lines.flatMap(({ msg, status, toolStatus }) => {
    if (msg === 'write sent') return [status]
    return msg === 'tool call completed' ? [toolStatus] : []
  })
  expect(said).toEqual([status, status])
})
