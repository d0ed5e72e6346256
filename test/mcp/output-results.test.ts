import { afterAll, beforeAll, expect, test } from 'vitest'
import { asRecord } from '../../src/document/json.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { clients } from '../support/mcp-clients.ts'
import { startUpstream, type UpstreamStub } from '../support/upstream-stub.ts'

const object = { type: 'object', properties: { a: { type: 'string' } } }
const list = { type: 'array', items: object }
const json = (schema: object) => ({ 'application/json': { schema } })
const sendJson = (value: unknown) => [200, JSON.stringify(value), 'application/json'] as const

/** What an operation describes, what the API sends, and the members of the result that the output schema describes. */
const operations: Readonly<
  Record<string, readonly [object, readonly [number, string, string?], readonly string[]]>
> = {
  object: [json(object), sendJson({ a: 'b' }), ['a']],
  list: [json(list), sendJson([{ a: 'b' }]), ['result']],
  otherList: [json(list), sendJson({ a: 1, result: 7 }), ['result']],
  text: [json({ type: 'string' }), sendJson('a'), ['result']],
  number: [json({ type: 'integer' }), [200, '12345678901234567890', 'application/json'], ['result']],
  nothing: [json({ type: ['object', 'null'] }), sendJson(null), []],
  either: [json({ oneOf: [object, list] }), sendJson([{ a: 'b' }]), ['result', 'a']],
  plain: [{ 'text/csv': {} }, [200, 'a,b', 'text/csv'], ['status', 'contentType']],
  file: [{ 'image/png': {} }, [200, 'a', 'image/png'], ['status', 'contentType']],
  both: [{ ...json(list), 'text/csv': {} }, [200, 'a,b', 'text/csv'], ['status', 'contentType', 'result']],
  empty: [{}, [201, ''], ['status', 'location']],
}

const document = {
  openapi: '3.1.0',
  info: { title: 'Shop', version: '1' },
  'x-name': 'shop',
  paths: Object.fromEntries(
    Object.entries(operations).map(([id, [content, [status]]]) => [
      `/${id}`,
      {
        get: {
          operationId: id,
          'x-mcp-tool': { name: id },
          responses: { [status]: { description: 'Done', content } },
        },
      },
    ]),
  ),
}

let upstream: UpstreamStub
let running: RunningGateway
beforeAll(async () => {
  upstream = await startUpstream(({ url }, response) => {
    const [status, body, type] = operations[String(url).slice(1)]?.[1] ?? [404, '']
    response
      .writeHead(status, type === undefined ? { location: '/made/7' } : { 'content-type': type })
      .end(body)
  })
  running = await startGateway(upstream.url, { SHOP_BASE_URL: upstream.url }, { document })
})
afterAll(async () => {
  await running[Symbol.asyncDispose]()
  await upstream[Symbol.asyncDispose]()
})

test.each(clients)('through $client, every result is what its tool describes', async ({ connect }) => {
  const client = await connect({ url: `${running.mcpUrl}/mcp` })
  // The client validates results by what it has listed.
  const { tools } = await client.listTools()
  for (const [name, [, , members]] of Object.entries(operations)) {
    const schema = tools.find((one) => one.name === name)?.outputSchema
    expect([name, Object.keys(asRecord(schema?.properties))]).toEqual([name, members])
    const result = await client.callTool({ name, arguments: {} })
    expect([name, result.isError ?? false]).toEqual([name, false])
  }
  await client.close()
})
