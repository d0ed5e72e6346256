import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { startGateway } from '../support/gateway.ts'
import { calls } from '../support/servers.ts'
import { respondJson, startUpstream } from '../support/upstream-stub.ts'

test('a gateway that closes writes the response of a write under way to the end, however large', async () => {
  const upstreamResponse = Promise.withResolvers<void>()
  const arrived = Promise.withResolvers<void>()
  await using upstream = await startUpstream(async (_request, response) => {
    arrived.resolve()
    await upstreamResponse.promise
    respondJson(response, 200, { status: 'success', data: 'x'.repeat(1_000_000), n: 1.5 })
  })
  const running = await startGateway(upstream.url)
  const input = new PassThrough()
  const output = new PassThrough({ highWaterMark: 1_000 })
  void running.gateway.serveStdio(input, output)
  let text = ''
  output.setEncoding('utf8').on('data', (part: string) => {
    text += part
  })
  const { tool: name, arguments: values } = calls.delete
  const send = (id: number, method: string, params: object) =>
    input.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`)
  const clientInfo = { name: 'test', version: '1' }
  send(0, 'initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo })
  const secret = { 'x-cal-secret-key': 'demo-secret' }
  send(1, 'tools/call', { name, arguments: { ...values, ...secret } })
  await arrived.promise
  const closed = running.gateway.close()
  upstreamResponse.resolve()
  await closed
  expect(text.endsWith('}\n')).toBe(true)
  expect(JSON.parse(text.trim().split('\n').at(-1) ?? '')).toMatchObject({
    id: 1,
    result: { structuredContent: { status: 'success' } },
  })
})
