import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createKey } from '../../src/config/gateway-keys.ts'
import { readDocument } from '../../src/document/document.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { writeKeys } from '../support/key-file.ts'
import { startUpstream } from '../support/upstream-stub.ts'

const headers = { accept: 'text/html' }
const ask = async (url: string) => {
  const response = await fetch(url, { headers })
  // What is not read keeps its gateway from closing.
  await response.body?.cancel()
  return [response.status, response.headers.get('content-type')?.split(';')[0]]
}

describe.each(['on', 'off'])('with PAGES=%s', (pages) => {
  const isOn = pages === 'on'
  let running: RunningGateway
  beforeAll(async () => {
    running = await startGateway('http://127.0.0.1:9', { PAGES: pages })
  })
  afterAll(() => running[Symbol.asyncDispose]())

  it(`a browser ${isOn ? 'gets' : 'does not get'} the page of the REST server`, async () => {
    expect(await ask(running.restUrl)).toEqual(isOn ? [200, 'text/html'] : [404, 'application/problem+json'])
    expect((await ask(`${running.restUrl}/js/scalar.js`))[0]).toBe(isOn ? 200 : 404)
  })

  it(`a browser ${isOn ? 'gets' : 'does not get'} the page of the MCP server`, async () => {
    expect(await ask(running.mcpUrl)).toEqual(isOn ? [200, 'text/html'] : [405, 'application/json'])
  })

  it('the document is served', async () => {
    expect(await ask(`${running.restUrl}/openapi.json`)).toEqual([200, 'application/json'])
  })
})

it.each(['/', '/js/scalar.js'])('an API that has %s itself is served without the page', async (path) => {
  await using upstream = await startUpstream()
  const document = readDocument()
  const get = { operationId: 'get', 'x-rest-path': path, responses: {} }
  await using running = await startGateway(
    upstream.url,
    {},
    { document: { ...document, paths: { '/own': { get } } } },
  )
  await fetch(`${running.restUrl}${path}`, { headers })
  expect(upstream.requests.map(({ url }) => url)).toEqual(['/own'])
})

it('the page of the MCP server shows the URL by which a proxy with TLS is reached', async () => {
  await using running = await startGateway('http://127.0.0.1:9')
  const { host } = new URL(running.mcpUrl)
  const read = async (more = {}) => (await fetch(running.mcpUrl, { headers: { ...headers, ...more } })).text()
  expect(await read()).toContain(`<code>http://${host}/mcp</code>`)
  expect(await read({ 'x-forwarded-proto': 'https' })).toContain(`<code>https://${host}/mcp</code>`)
  expect(await read({ 'x-forwarded-proto': 'javascript' })).toContain(`<code>http://${host}/mcp</code>`)
})

it('the page of the MCP server tells Claude Desktop where the gateway key goes', async () => {
  const { key, line } = createKey('ada', ['managed-users:read'])
  using file = writeKeys([line])
  await using running = await startGateway('http://127.0.0.1:9', { GATEWAY_KEYS_FILE: file.path })
  const response = await fetch(running.mcpUrl, { headers: { ...headers, authorization: `Bearer ${key}` } })
  const [, escaped = ''] =
    /<summary>Claude Desktop<\/summary><pre[^>]*><code>(.*?)<\/code>/s.exec(await response.text()) ?? []
  const shown = JSON.parse(escaped.replaceAll(/&#(\d+);/g, (_, code) => String.fromCharCode(code)))
  expect(shown.mcpServers.calgate).toEqual({
    command: 'npx',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: mcp-remote fills it in
    args: ['-y', 'mcp-remote', `${running.mcpUrl}/mcp`, '--header', 'Authorization:${AUTHORIZATION}'],
    env: { AUTHORIZATION: 'Bearer <CALGATE_KEY>' },
  })
})
