import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { startPrism } from '../mocks/prism.ts'
import { createKey } from '../src/config/gateway-keys.ts'
import { startGateway } from './support/gateway.ts'
import { writeKeys } from './support/key-file.ts'
import { clients } from './support/mcp-clients.ts'

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')
const readme = read('README.md')

/** Each `curl` of a page: its URL, and the response below it, in which … stands for anything. */
const calls = [readme, read('docs/errors.md')].flatMap((page) => [
  ...page.matchAll(/^\$ curl -s '?(\S+?)'?\n(\{.*\})$/gm),
])
/** The client that `make dev` configures. */
const client = { CAL_COM_CLIENT_ID: 'cm9demo000001abcd1234efgh', CAL_COM_SECRET_KEY: 'demo-secret' }

test('pages show a call that succeeds and two that are refused', () => {
  expect(calls).toHaveLength(3)
})

test.each(calls)('a page shows the response to %s', async (...call) => {
  const [, url = '', shown = ''] = call
  await using mock = await startPrism()
  await using running = await startGateway(mock.url, client)
  const response = await fetch(url.replace('http://127.0.0.1:8080', running.restUrl))
  const pattern = shown
    .split(/, …(?= )|, …|…/)
    .map((text) => text.trim().replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  expect(await response.text()).toMatch(new RegExp(`^${pattern.join('.*')}$`))
})

test.each(['README.md', 'docs/operating.md'])(
  '%s shows a configuration that connects an MCP client',
  async (page) => {
    const json = /^```json\n(.*?)^```/ms.exec(read(page))?.[1] ?? ''
    const { url, type, headers } = JSON.parse(json).mcpServers.calgate
    const { key, line } = createKey('agent', ['managed-users:read'])
    using keys = writeKeys([line])
    await using mock = await startPrism()
    await using running = await startGateway(mock.url, {
      ...client,
      ...(headers && { GATEWAY_KEYS_FILE: keys.path }),
    })
    const connected = await clients[0].connect({
      url: url.replace('http://127.0.0.1:9090', running.mcpUrl),
      headers: headers && { authorization: headers.authorization.replace('calgate_…', key) },
    })
    const result = await connected.callTool({ name: 'get-managed-user', arguments: { userId: 4711 } })
    await connected.close()
    expect([type, result.isError ?? false]).toEqual(['http', false])
  },
)
