import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { readConfig } from '../../src/config/config.ts'
import { readApi } from '../../src/document/api.ts'
import { readDocument } from '../../src/document/document.ts'
import { findClosedUrl, startGateway } from '../support/gateway.ts'

const document = readDocument()
const [path = ''] = Object.keys(document.paths)
const { [path]: _, ...paths } = document.paths
const smaller = { ...document, paths }

const clientInfo = { name: 'c', version: '1' }
const meta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
}
/** What a client of each era sends before it hears of changes, and how many messages that brings. */
const eras = [
  {
    era: 'with initialize',
    capabilities: { tools: { listChanged: true } },
    opening: [
      {
        ...{ id: 0, method: 'initialize' },
        params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo },
      },
      { method: 'notifications/initialized' },
    ],
    list: {},
  },
  {
    era: 'of 2026-07-28',
    capabilities: { tools: { listChanged: true } },
    opening: [
      { id: 0, method: 'server/discover', params: { _meta: meta } },
      {
        ...{ id: 1, method: 'subscriptions/listen' },
        params: { _meta: meta, notifications: { toolsListChanged: true } },
      },
    ],
    list: { _meta: meta },
  },
]

test.each(eras)('a client $era over stdio is told of other tools, and of nothing else', async (one) => {
  await using running = await startGateway(await findClosedUrl())
  const [input, output] = [new PassThrough(), new PassThrough()]
  const lines: string[] = []
  output.setEncoding('utf8').on('data', (text: string) => lines.push(...text.trim().split('\n')))
  const read = () => lines.map((line): Record<string, unknown> => JSON.parse(line))
  const write = (message: object) => input.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
  const told = () => read().filter(({ method }) => method === 'notifications/tools/list_changed').length
  const reload = (next: typeof document) =>
    running.gateway.reload({
      document: next,
      config: readConfig({ CAL_COM_BASE_URL: 'http://127.0.0.1:9' }, readApi(next)),
    })
  const countTools = async (id: number) => {
    write({ id, method: 'tools/list', params: one.list })
    await expect.poll(() => read().some((message) => message.id === id)).toBe(true)
    const { tools } = Object(read().find((message) => message.id === id)?.result)
    return tools.length
  }
  const served = running.gateway.serveStdio(input, output)
  for (const message of one.opening) write(message)
  const before = await countTools(2)
  expect(read().find(({ id }) => id === 0)?.result).toMatchObject({ capabilities: one.capabilities })

  await reload({ ...document })
  expect(await countTools(3)).toBe(before)
  expect(told()).toBe(0)

  await reload(smaller)
  await expect.poll(told).toBe(1)
  expect(await countTools(4)).toBeLessThan(before)
  input.end()
  await served
})
