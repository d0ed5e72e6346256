import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { startPrism } from '../mocks/prism.ts'
import { startGateway } from './support/gateway.ts'
import { clients } from './support/mcp-clients.ts'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')

/** Each `curl` of the README: its header, its URL, and the answer below it, in which … stands for anything. */
const calls = [...readme.matchAll(/^\$ curl -s -H '([^:]+): ([^']+)' \\\n +'?(\S+?)'?\n(\{.*\})$/gm)]

test('the README shows a call that is answered and one that is refused', () => {
  expect(calls).toHaveLength(2)
})

test.each(calls)('the answer the README shows is the one there is: %s', async (...call) => {
  const [, name = '', value = '', url = '', shown = ''] = call
  await using mock = await startPrism()
  await using running = await startGateway(mock.url)
  const answer = await fetch(url.replace('http://127.0.0.1:8080', running.restUrl), {
    headers: { [name]: value },
  })
  const pattern = shown
    .split(/, …(?= )|, …|…/)
    .map((text) => text.trim().replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  expect(await answer.text()).toMatch(new RegExp(`^${pattern.join('.*')}$`))
})

test('the MCP configuration of the README lets a client in', async () => {
  const json = /^```json\n(.*?)^```/ms.exec(readme)?.[1] ?? ''
  const { url, headers, type } = JSON.parse(json).mcpServers.calgate
  await using mock = await startPrism()
  await using running = await startGateway(mock.url)
  const client = await clients[0].connect({
    url: url.replace('http://127.0.0.1:9090', running.mcpUrl),
    headers,
  })
  const result = await client.callTool({
    name: 'get-managed-user',
    arguments: { clientId: 'cm9demo', userId: 4711 },
  })
  await client.close()
  expect([type, result.isError ?? false]).toEqual(['http', false])
})
