import { expect, test } from 'vitest'
import { readOperations } from '../../src/document/operations.ts'
import type { Tracing } from '../../src/observability/tracing.ts'
import { runInCall } from '../../src/upstream/call.ts'
import { unwatchedConnection } from '../../src/upstream/client.ts'
import { noCredentials } from '../../src/upstream/credentials.ts'
import { createCallWriter } from '../../src/upstream/request.ts'
import { traceTries } from '../../src/upstream/trace-tries.ts'
import { load } from '../description/loading.ts'
import { startGateway } from '../support/gateway.ts'

const path = '/things?a=b&access_token=planted-token&draft=false'
const told = '/things?a=b&access_token=[redacted]&draft=false'
const operation = {
  operationId: 'things',
  'x-rest-path': '/things',
  'x-mcp-tool': { name: 'things', description: 'Lists.', arguments: {} },
  parameters: [{ name: 'Content-Length', in: 'header', schema: {} }],
  responses: { 200: { description: 'Done' } },
}
const document = {
  openapi: '3.1.0',
  info: { title: 'Shop', version: '1' },
  'x-name': 'shop',
  paths: { [path]: { get: operation } },
}

test('no problem repeats a credential in the query of a path', async () => {
  const { problems } = await load({ 'a.json': document })
  const texts = problems.map(({ message }) => message)
  expect(texts).toContainEqual(expect.stringContaining(`GET ${told} is served without`))
  expect(texts.join()).not.toContain('planted')
})

test('no log line repeats a credential in the query of a path', async () => {
  const environment = { SHOP_BASE_URL: 'http://127.0.0.1:1', MCP_TOKENS: 'withhold' }
  await using gateway = await startGateway('', environment, { document })
  expect(gateway.log.join()).toContain(told)
  expect(gateway.log.join()).not.toContain('planted')
})

test('no span repeats a credential in the query of a path', async () => {
  const spans: string[] = []
  const span = { traceId: '1'.repeat(32), traceparent: `00-${'1'.repeat(32)}-${'1'.repeat(16)}-01`, end() {} }
  const tracing: Tracing = {
    start(_kind, name, _parent, attributes) {
      spans.push(JSON.stringify([name, attributes]))
      return span
    },
  }
  const [one] = readOperations(document, () => {})
  if (!one) throw new Error('the document has no operation')
  const input = { path: {}, query: {}, header: {} }
  const call = { input, credentials: noCredentials, principal: '', connection: unwatchedConnection }
  const { context, headers, path: target } = createCallWriter(one, { secrets: {}, pins: {} })(call)
  const send = traceTries(
    tracing,
    'https://example.org',
  )(async () => ({
    ...{ status: 200, headers: {}, body: Buffer.alloc(0) },
  }))
  await runInCall(context, () => send({ method: 'GET', path: target, headers }))
  expect(target).toBe(path)
  expect(spans.join()).toContain(told)
  expect(spans.join()).not.toContain('planted')
})
